-- The key's index gets a name, so that a first night can write its identities without it and have it made at once afterwards.
CREATE TABLE identity_named (
    id           INTEGER PRIMARY KEY,
    identity_key BLOB NOT NULL,
    partner      BIGINT NOT NULL,
    person       BIGINT NOT NULL,
    first_run    BIGINT NOT NULL
);
INSERT INTO identity_named (id, identity_key, partner, person, first_run)
    SELECT id, identity_key, partner, person, first_run FROM identity;
DROP TABLE identity;
ALTER TABLE identity_named RENAME TO identity;
CREATE UNIQUE INDEX identity_by_key ON identity (identity_key);
CREATE INDEX identity_person ON identity (person);
