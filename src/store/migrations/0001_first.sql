-- The store's first form. Only column types that SQLite and PostgreSQL share: TEXT (words, ISO dates,
-- JSON), BIGINT (counts, row ids, 0/1 marks) and BLOB (read BYTEA there); a primary key of type INTEGER is
-- SQLite's row id (read BIGINT there).
--
-- Ids are given by the program, ever rising, so that inserts are appends. Personal values stand only
-- in chapter.body and register.sealed, encrypted; every other column is a keyed hash, a word of the configuration, a
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

-- A person is found by its key, and there is one row of it.
CREATE UNIQUE INDEX person_by_key ON person (person_key);

-- One source's person.
CREATE TABLE identity (
    id           INTEGER PRIMARY KEY,
    identity_key BLOB NOT NULL UNIQUE,
    partner      BIGINT NOT NULL,
    person       BIGINT NOT NULL,
    first_run    BIGINT NOT NULL
);

CREATE INDEX identity_person ON identity (person);

-- What one file said about one identity: new versions of its records, sealed as one piece behind a plain head.
-- Never edited. The id is the identity's row times 2^20 plus the chapter's turn, so that an identity's chapters
-- lie together in their order and need no index. records: how many records more stand after it (fewer when
-- negative). No foreign keys: SQLite would look through this table for each identity that is destroyed.
CREATE TABLE chapter (
    id      INTEGER PRIMARY KEY,
    records BIGINT NOT NULL,
    body    BLOB NOT NULL
);

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
-- ended. `register` says which one; `body` is JSON of words, dates and keyed hashes; `sealed` is a reviewed
-- text, encrypted. `reference` is a reference, never a name: the commands say so.
CREATE TABLE register (
    id              INTEGER PRIMARY KEY,
    register        TEXT NOT NULL,
    partner         TEXT NOT NULL,
    author          TEXT NOT NULL,
    made_at         TEXT NOT NULL,
    reference       TEXT NOT NULL,
    since           TEXT NOT NULL,
    until           TEXT,
    ended_on        TEXT,
    ended_by        TEXT,
    ended_reference TEXT,
    ended_notified  TEXT,
    body            TEXT NOT NULL,
    sealed          BLOB
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
