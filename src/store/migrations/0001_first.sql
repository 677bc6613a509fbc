-- The store's first form. Only column types that SQLite and PostgreSQL share: TEXT (words, ISO dates,
-- JSON), BIGINT (counts, row ids, 0/1 marks) and BLOB (read BYTEA there); a primary key of type INTEGER is
-- SQLite's row id (read BIGINT there).
--
-- Ids are given by the program, ever rising, so that inserts are appends. Personal values stand only
-- in version.payload, encrypted; every other column is a keyed hash, a word of the configuration, a
-- date or a count.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- The next free id of each table; kept apart so that an id is not given again after a deletion.
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    next BIGINT NOT NULL
);

-- Names of categories and partners; rows refer to the id, which outlives edits of the configuration.
CREATE TABLE category (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE partner (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE run (
    id               INTEGER PRIMARY KEY,
    as_of            TEXT NOT NULL,
    started_at       TEXT NOT NULL,
    finished_at      TEXT,
    exit_code        BIGINT,
    agreement_digest BLOB NOT NULL,
    software         TEXT NOT NULL,
    summary          TEXT
);

-- One received file, accepted or held. name_token is made of the feed's pattern, never the raw name.
CREATE TABLE file (
    id             INTEGER PRIMARY KEY,
    run            BIGINT NOT NULL REFERENCES run (id),
    feed           TEXT NOT NULL,
    digest         BLOB NOT NULL,
    name_token     TEXT NOT NULL,
    data_date      TEXT NOT NULL,
    state          TEXT NOT NULL,
    reason         TEXT,
    row_count      BIGINT NOT NULL,
    mapped         BIGINT NOT NULL,
    unchanged      BIGINT NOT NULL,
    quarantined    BIGINT NOT NULL,
    duplicate      BIGINT NOT NULL,
    skipped        BIGINT NOT NULL,
    warnings       TEXT NOT NULL,
    mapping_digest BLOB NOT NULL,
    bytes          BIGINT NOT NULL
);

CREATE INDEX file_feed ON file (feed, digest);

-- Fingerprints of all rows of a feed's last accepted file, packed; replaced with each file.
CREATE TABLE seen (
    feed   TEXT NOT NULL,
    part   BIGINT NOT NULL,
    packed BLOB NOT NULL,
    PRIMARY KEY (feed, part)
);

CREATE TABLE quarantine (
    id          INTEGER PRIMARY KEY,
    file        BIGINT NOT NULL REFERENCES file (id) DEFERRABLE INITIALLY DEFERRED,
    row_number  BIGINT NOT NULL,
    column_name TEXT,
    code        TEXT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'open',
    created_run BIGINT NOT NULL,
    decided_by  TEXT,
    decided_at  TEXT,
    reference   TEXT,
    settled_run BIGINT
);

CREATE INDEX quarantine_file ON quarantine (file);

-- A person: linked identities. person_key is the key of the identity that founded it.
CREATE TABLE person (
    id           INTEGER PRIMARY KEY,
    person_key   BLOB NOT NULL,
    dirty        BIGINT NOT NULL,
    review_on    TEXT,
    retired_into BIGINT
);

-- One source's person.
-- A person is found by its key, and there is one row of it.
CREATE UNIQUE INDEX person_by_key ON person (person_key);

CREATE TABLE identity (
    id           INTEGER PRIMARY KEY,
    identity_key BLOB NOT NULL UNIQUE,
    partner      BIGINT NOT NULL,
    person       BIGINT NOT NULL,
    is_cohort    BIGINT NOT NULL,
    cohort_from  TEXT,
    cohort_until TEXT,
    evidence     BLOB NOT NULL,
    first_run    BIGINT NOT NULL
);

CREATE INDEX identity_person ON identity (person);

-- One version of one record. Never edited: closing it (until_run) is the only change. Found through
-- its identity, so that the one index takes new rows at its end. No foreign keys: SQLite would look
-- through this table for each identity that is destroyed.
CREATE TABLE version (
    id        INTEGER PRIMARY KEY,
    identity  BIGINT NOT NULL,
    record    BLOB NOT NULL,
    number    BIGINT NOT NULL,
    category  BIGINT NOT NULL,
    partner   BIGINT NOT NULL,
    file      BIGINT NOT NULL,
    since_run BIGINT NOT NULL,
    until_run BIGINT,
    marks     BIGINT NOT NULL,
    row_fp    BLOB NOT NULL,
    content   BLOB NOT NULL,
    payload   BLOB NOT NULL
);

CREATE INDEX version_current ON version (identity) WHERE until_run IS NULL;

-- A pair of identities that a person has to look at, or has looked at.
CREATE TABLE review (
    identity_a BLOB NOT NULL,
    identity_b BLOB NOT NULL,
    reason     TEXT NOT NULL,
    first_run  BIGINT NOT NULL,
    state      TEXT NOT NULL DEFAULT 'open',
    decided_by TEXT,
    decided_at TEXT,
    reference  TEXT,
    PRIMARY KEY (identity_a, identity_b)
);

-- The registers: decisions of people, each with author, time and written reference. Never edited, only
-- ended. List columns are words separated by one space; '*' is all.
CREATE TABLE restriction (
    id              INTEGER PRIMARY KEY,
    author          TEXT NOT NULL,
    made_at         TEXT NOT NULL,
    reference       TEXT NOT NULL,
    since           TEXT NOT NULL,
    until           TEXT,
    ended_on        TEXT,
    ended_by        TEXT,
    ended_reference TEXT,
    scope           TEXT NOT NULL,
    subject         BLOB NOT NULL,
    recipients      TEXT NOT NULL,
    originator      TEXT NOT NULL,
    silent          BIGINT NOT NULL,
    reduce          TEXT
);

CREATE TABLE authority (
    id              INTEGER PRIMARY KEY,
    author          TEXT NOT NULL,
    made_at         TEXT NOT NULL,
    reference       TEXT NOT NULL,
    since           TEXT NOT NULL,
    until           TEXT,
    ended_on        TEXT,
    ended_by        TEXT,
    ended_reference TEXT,
    kind            TEXT NOT NULL,
    record          BLOB NOT NULL,
    recipients      TEXT NOT NULL,
    fields          TEXT NOT NULL,
    ground          TEXT,
    granted_by      TEXT NOT NULL
);

CREATE TABLE consent (
    id                INTEGER PRIMARY KEY,
    author            TEXT NOT NULL,
    made_at           TEXT NOT NULL,
    reference         TEXT NOT NULL,
    since             TEXT NOT NULL,
    until             TEXT,
    ended_on          TEXT,
    ended_by          TEXT,
    ended_reference   TEXT,
    discloser         TEXT NOT NULL,
    recipient         TEXT NOT NULL,
    secondary_purpose TEXT NOT NULL,
    scope             TEXT NOT NULL
);

CREATE TABLE nominee (
    id              INTEGER PRIMARY KEY,
    author          TEXT NOT NULL,
    made_at         TEXT NOT NULL,
    reference       TEXT NOT NULL,
    since           TEXT NOT NULL,
    until           TEXT,
    ended_on        TEXT,
    ended_by        TEXT,
    ended_reference TEXT,
    partner         TEXT NOT NULL,
    token           TEXT NOT NULL
);

CREATE TABLE suspension (
    id              INTEGER PRIMARY KEY,
    author          TEXT NOT NULL,
    made_at         TEXT NOT NULL,
    reference       TEXT NOT NULL,
    since           TEXT NOT NULL,
    until           TEXT,
    ended_on        TEXT,
    ended_by        TEXT,
    ended_reference TEXT,
    partner         TEXT NOT NULL,
    reason          TEXT NOT NULL
);

CREATE TABLE bundle (
    id              INTEGER PRIMARY KEY,
    run             BIGINT NOT NULL REFERENCES run (id),
    recipient       BIGINT NOT NULL REFERENCES partner (id),
    sequence        BIGINT NOT NULL,
    kind            TEXT NOT NULL,
    as_of           TEXT NOT NULL,
    name            TEXT NOT NULL,
    previous        BLOB,
    manifest_digest BLOB NOT NULL,
    state           TEXT NOT NULL,
    counts          TEXT NOT NULL,
    UNIQUE (recipient, sequence)
);

-- What a recipient holds about a person, packed by the core.
CREATE TABLE holding (
    recipient BIGINT NOT NULL,
    person    BIGINT NOT NULL,
    packed    BLOB NOT NULL,
    PRIMARY KEY (recipient, person)
) WITHOUT ROWID;

CREATE TABLE ledger (
    first   INTEGER PRIMARY KEY,
    last    BIGINT NOT NULL,
    bundle  BIGINT,
    entries BLOB NOT NULL,
    head    BLOB NOT NULL
);
