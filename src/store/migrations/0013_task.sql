-- Work that several processes share where the store is on a server: who has which piece, under which number, and until when.
-- lane: what comes one after another. token: grows with each claim. since, lease_until: milliseconds since 1970 by the server's clock.
-- No personal value: recipients, names of bundles, names of processes.
CREATE TABLE task (
    id          INTEGER PRIMARY KEY,
    run         BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    lane        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    state       TEXT NOT NULL,
    worker      TEXT,
    token       BIGINT NOT NULL,
    since       BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    result      TEXT
);
