-- A file as it was last seen lying at its place: name is the keyed hash of its feed and name, stamp what its place vouches with that
-- nothing was done to it since, digest what its bytes were. No personal value.
CREATE TABLE sighting (
    name   BLOB PRIMARY KEY,
    feed   TEXT NOT NULL,
    stamp  BLOB NOT NULL,
    digest BLOB NOT NULL
);
CREATE INDEX file_bytes ON file (feed, bytes);
