//! Every statement of the store, in one place.
//!
//! `$N` placeholders and the subset of SQL that `SQLite` and `PostgreSQL` have in common, so that each text stands once. No
//! statement contains a value; `ALL` lets a test prepare each one on both.

use super::bulk::Bulk;
use super::bulk::Cell::{Counted, Shared, Value};
use super::names::NameTable;

/// The columns of a `FileRow`.
macro_rules! file_columns {
    () => {
        "SELECT id, run, state, feed, digest, name_token, data_date, reason, row_count, mapped, unchanged, quarantined, \
         duplicate, skipped, warnings, mapping_digest, bytes, profile FROM file "
    };
}

/// The columns of a `BundleRow`.
macro_rules! bundle_columns {
    () => {
        "SELECT id, run, recipient, sequence, kind, as_of, name, previous, manifest_digest, state, counts FROM bundle "
    };
}

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $text;)*

        /// All single statements, with their names.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

/// What a first night puts aside, and has made at its end.
pub(super) const INDEXES_DROP: &[&str] =
    &["DROP INDEX identity_by_key", "DROP INDEX identity_person", "DROP INDEX person_by_key"];
pub(super) const INDEXES_MAKE: &[&str] = &[
    "CREATE UNIQUE INDEX IF NOT EXISTS identity_by_key ON identity (identity_key)",
    "CREATE INDEX IF NOT EXISTS identity_person ON identity (person)",
    "CREATE UNIQUE INDEX IF NOT EXISTS person_by_key ON person (person_key)",
];

/// What only one of the two has.
pub(super) mod sqlite {
    /// A number that changes when somebody else has committed.
    pub(crate) const VERSION: &str = "PRAGMA data_version";
    /// Brings the log into the database file and empties it.
    pub(crate) const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
    /// Brings over what nobody reads or writes, and leaves the log as long as it is.
    pub(crate) const BRING_OVER: &str = "PRAGMA wal_checkpoint(PASSIVE)";
    pub(crate) const REST: &str = "PRAGMA shrink_memory";
    pub(crate) const COPY: &str = "VACUUM INTO $1";
    pub(crate) const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> '_sqlx_migrations' \
        AND name NOT LIKE 'sqlite%' ORDER BY name";
    pub(crate) const COLUMNS: &str = "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid";
}

/// What only one of the two has.
pub(super) mod postgres {
    /// A number that changes whenever a transaction on the server has ended, whosever it was.
    pub(crate) const VERSION: &str = "SELECT hashtextextended(CAST(pg_current_snapshot() AS TEXT), 0)";
    /// Gives the room of what was destroyed free to be written over; two parts that take as long.
    pub(crate) const CLEAN: [&[&str]; 2] =
        [&["VACUUM chapter", "VACUUM holding", "VACUUM review"], &["VACUUM person", "VACUUM identity"]];
    /// The server's time, in milliseconds: leases are by one clock, whoever's machine is early or late.
    macro_rules! now {
        () => {
            "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
        };
    }
    pub(crate) const TASK_ADD: &str = concat!(
        "INSERT INTO task (id, run, kind, lane, subject, state, token, since, lease_until) \
         VALUES ($1, $2, $3, $4, $5, 'waiting', 0, ",
        now!(),
        ", 0)"
    );
    /// One statement: the row that is found is locked, rows that others are just claiming are skipped, and one that was
    /// claimed in between is looked at again before it is changed.
    pub(crate) const TASK_CLAIM: &str = concat!(
        "UPDATE task SET state = 'claimed', worker = $1, token = token + 1, lease_until = $2 + ",
        now!(),
        " WHERE id = (SELECT id FROM task AS free WHERE (state = 'waiting' AND since + $3 <= ",
        now!(),
        " OR state = 'claimed' AND lease_until < ",
        now!(),
        ") AND NOT EXISTS (SELECT 1 FROM task AS before WHERE before.lane = free.lane AND before.id < free.id \
         AND before.state <> 'done') ORDER BY id FOR UPDATE OF free SKIP LOCKED LIMIT 1) \
         RETURNING id, token, run, kind, lane, subject"
    );
    pub(crate) const TASK_HOLD: &str = concat!(
        "UPDATE task SET lease_until = $3 + ",
        now!(),
        " WHERE id = $1 AND token = $2 AND state = 'claimed'"
    );
    /// How many sessions of this database hold an advisory lock.
    pub(crate) const LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
        AND ((CAST(classid AS BIGINT) << 32) | CAST(objid AS BIGINT)) = $1 \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
}

macro_rules! bulks {
    ($($(#[$doc:meta])* $name:ident = $bulk:expr;)*) => {
        $($(#[$doc])* pub(super) static $name: Bulk = $bulk;)*

        /// All many-row statements, with their names.
        #[cfg(test)]
        pub(super) static BULKS: &[(&str, &Bulk)] = &[$((stringify!($name), &$name)),*];
    };
}

pub(super) const CATEGORY: NameTable = NameTable { read: CATEGORY_READ, add: CATEGORY_ADD };
pub(super) const PARTNER: NameTable = NameTable { read: PARTNER_READ, add: PARTNER_ADD };

statements! {
    CATEGORY_READ = "SELECT id, name FROM category";
    CATEGORY_ADD = "INSERT INTO category (id, name) VALUES ($1, $2)";
    PARTNER_READ = "SELECT id, name FROM partner";
    PARTNER_ADD = "INSERT INTO partner (id, name) VALUES ($1, $2)";
    WORDS = "SELECT id, word FROM word";
    WORD_ADD = "INSERT INTO word (id, word) VALUES ($1, $2)";
    META_READ = "SELECT value FROM meta WHERE key = $1";
    META_WRITE = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    COUNTER_READ = "SELECT name, next FROM counter";
    COUNTER_WRITE = "INSERT INTO counter (name, next) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET next = excluded.next";

    RUN_ADD = "INSERT INTO run (id, as_of, started_at, agreement_digest, software) VALUES ($1, $2, $3, $4, $5)";
    RUN_FINISH = "UPDATE run SET finished_at = $2, exit_code = $3, summary = $4 WHERE id = $1";
    RUN_DATES = "SELECT id, as_of FROM run";
    /// The first run before this one that came to no end, since the last that did.
    RUN_INTERRUPTED = "SELECT min(id) FROM run WHERE finished_at IS NULL AND id < $1 \
        AND id > (SELECT coalesce(max(id), 0) FROM run WHERE finished_at IS NOT NULL)";
    IDENTITY_SINCE = "SELECT identity_key FROM identity WHERE first_run >= $1";
    IDENTITY_UNSETTLED = "SELECT i.identity_key FROM person p CROSS JOIN identity i WHERE p.dirty = 1 AND i.person = p.id";
    RUN_LIST = "SELECT id, as_of, started_at, finished_at, exit_code, agreement_digest, software, summary FROM run \
        ORDER BY id DESC LIMIT $1";

    FILE_ADD = "INSERT INTO file (id, run, feed, digest, name_token, data_date, state, reason, row_count, mapped, unchanged, \
        quarantined, duplicate, skipped, warnings, mapping_digest, bytes, profile) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    FILE_BY_DIGEST = concat!(file_columns!(), "WHERE feed = $1 AND digest = $2 ORDER BY id DESC LIMIT 1");
    FILE_OF_SIZE = "SELECT count(*) FROM (SELECT 1 FROM file WHERE feed = $1 AND bytes = $2 LIMIT 1) AS known";
    FILE_LAST = concat!(file_columns!(), "WHERE feed = $1 AND state = 'accepted' ORDER BY data_date DESC, id DESC LIMIT 1");
    FILE_ACCEPTED = concat!(file_columns!(), "WHERE feed = $1 AND state = 'accepted' ORDER BY data_date, id");
    FILE_HELD = concat!(file_columns!(), "WHERE state = 'held' ORDER BY id");
    FILE_OF_RUN = concat!(file_columns!(), "WHERE run = $1 ORDER BY id");
    FILE_BEFORE = concat!(file_columns!(), "WHERE feed = $1 AND data_date < $2 ORDER BY data_date, id");
    FILE_SUPERSEDE_HELD = "UPDATE file SET state = 'superseded' WHERE feed = $1 AND digest = $2 \
        AND state IN ('held', 'released')";
    FILE_SUPERSEDE = "UPDATE file SET state = 'superseded' WHERE id = $1 AND state = 'held'";

    PERSONS = "SELECT id, person_key, retired_into, salt FROM person WHERE id > $1 ORDER BY id LIMIT $2";
    PERSON_BY_IDENTITY = "SELECT person FROM identity WHERE identity_key = $1";
    PERSON_BY_KEY = "SELECT id FROM person WHERE person_key = $1";
    PERSON_ADD = "INSERT INTO person (id, person_key, dirty, salt) VALUES ($1, $2, 1, $3)";
    PERSON_REVIVE = "UPDATE person SET retired_into = NULL, dirty = 1, salt = coalesce(salt, $2) WHERE id = $1";
    PERSON_RETIRE = "UPDATE person SET retired_into = $2, dirty = 1 WHERE id = $1";
    PERSON_MOVE = "UPDATE identity SET person = $2 WHERE person = $1";
    PERSON_MARK = "UPDATE person SET dirty = 1 WHERE id = $1";
    PERSON_MARK_ALL = "UPDATE person SET dirty = 1";
    PERSON_ONE = "SELECT id, person_key, retired_into, salt FROM person WHERE id = $1";
    /// A page of persons: $2 = 1 takes everybody, otherwise those due on $3.
    PERSON_DUE = "SELECT id, person_key, retired_into, salt FROM person \
        WHERE id > $1 AND ($2 = 1 OR dirty = 1 OR review_on <= $3) ORDER BY id LIMIT $4";
    /// The chapters of that page: persons between $1 and $2, chosen in the same way. The order of the joins is
    /// stated, because without statistics the planner may start at the chapters; and the bounds of the identities, without
    /// which a server read all identities up to the page each time. An identity's chapters have the ids from its row
    /// times 2^20 on.
    PERSON_CHAPTERS = "SELECT p.id, c.id, c.body FROM person p CROSS JOIN identity i CROSS JOIN chapter c \
        WHERE p.id >= $1 AND p.id <= $2 AND ($3 = 1 OR p.dirty = 1 OR p.review_on <= $4) \
        AND i.person = p.id AND i.person >= $1 AND i.person <= $2 \
        AND c.id >= i.id * 1048576 AND c.id < (i.id + 1) * 1048576 ORDER BY p.id";

    FORGET_FOLLOW = "UPDATE person SET dirty = 2 WHERE dirty <> 2 AND retired_into IN (SELECT id FROM person WHERE dirty = 2)";
    FORGET_CHAPTERS = "DELETE FROM chapter WHERE id IN (SELECT c.id FROM person p CROSS JOIN identity i CROSS JOIN chapter c \
        WHERE p.dirty = 2 AND i.person = p.id AND c.id >= i.id * 1048576 AND c.id < (i.id + 1) * 1048576)";
    FORGET_REVIEWS_A = "DELETE FROM review WHERE identity_a IN \
        (SELECT i.identity_key FROM identity i JOIN person p ON p.id = i.person WHERE p.dirty = 2)";
    FORGET_REVIEWS_B = "DELETE FROM review WHERE identity_b IN \
        (SELECT i.identity_key FROM identity i JOIN person p ON p.id = i.person WHERE p.dirty = 2)";
    FORGET_HOLDINGS = "DELETE FROM holding WHERE person IN (SELECT id FROM person WHERE dirty = 2)";
    FORGET_IDENTITIES = "DELETE FROM identity WHERE person IN (SELECT id FROM person WHERE dirty = 2)";
    FORGET_PERSONS = "DELETE FROM person WHERE dirty = 2";
    EMPTIED_PERSONS = "UPDATE person SET dirty = 0, review_on = NULL, salt = NULL WHERE dirty = 2";

    QUARANTINE_LIST = "SELECT q.id, q.file, f.feed, f.name_token, f.data_date, q.row_number, q.column_name, q.code, q.state, q.created_run, \
        q.decided_by, q.decided_at, q.reference, q.settled_run FROM quarantine q JOIN file f ON f.id = q.file \
        WHERE (CAST($1 AS TEXT) IS NULL OR f.feed = $1) AND (CAST($2 AS TEXT) IS NULL OR q.state = $2) ORDER BY q.id DESC LIMIT $3";
    QUARANTINE_ONE = "SELECT q.id, q.file, f.feed, f.name_token, f.data_date, q.row_number, q.column_name, q.code, q.state, q.created_run, \
        q.decided_by, q.decided_at, q.reference, q.settled_run FROM quarantine q JOIN file f ON f.id = q.file WHERE q.id = $1";
    QUARANTINE_DECIDE = "UPDATE quarantine SET state = $2, decided_by = $3, decided_at = $4, reference = $5 \
        WHERE id = $1 AND state IN ('open', 'asked')";
    QUARANTINE_EXPIRE = "UPDATE quarantine SET state = 'expired', settled_run = $3 WHERE state IN ('open', 'asked') \
        AND file IN (SELECT id FROM file WHERE feed = $1 AND data_date < $2)";
    FILE_EXPIRE = "UPDATE file SET state = 'expired' WHERE feed = $1 AND data_date < $2 AND state IN ('held', 'released')";
    FILE_RELEASE = "UPDATE file SET state = 'released' WHERE id = $1 AND state = 'held'";
    FILE_RELEASED = concat!(file_columns!(), "WHERE state = 'released' ORDER BY data_date, id");
    FILE_RECOUNT = "UPDATE file SET mapped = mapped + $2, skipped = skipped + $3, duplicate = duplicate + $4, \
        quarantined = quarantined - $2 - $3 - $4 WHERE id = $1";
    FILE_ONE = concat!(file_columns!(), "WHERE id = $1");

    REVIEW_LIST = "SELECT identity_a, identity_b, reason, first_run, state, evidence FROM review \
        WHERE CAST($1 AS TEXT) IS NULL OR state = $1 ORDER BY first_run, identity_a, identity_b";
    REVIEW_STATE = "UPDATE review SET state = $3 WHERE identity_a = $1 AND identity_b = $2";

    /// In their order, so that a server goes by the index and does not look through what others hold.
    HOLDS = "SELECT person FROM holding WHERE recipient = $1 ORDER BY person LIMIT 1";

    BUNDLE_ADD = "INSERT INTO bundle (id, run, recipient, sequence, kind, as_of, name, previous, manifest_digest, state, counts) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    BUNDLE_STATE = "UPDATE bundle SET state = $2 WHERE id = $1";
    BUNDLE_LIST = concat!(bundle_columns!(), "WHERE CAST($1 AS BIGINT) IS NULL OR recipient = $1 ORDER BY id DESC LIMIT $2");
    BUNDLE_LAST = concat!(bundle_columns!(), "WHERE recipient = $1 ORDER BY sequence DESC LIMIT 1");
    BUNDLE_BY_NAME = concat!(bundle_columns!(), "WHERE name = $1");
    BUNDLE_UNPUBLISHED = concat!(bundle_columns!(), "WHERE state IN ('prepared', 'committed') ORDER BY id");
    BUNDLE_SEALED = concat!(bundle_columns!(), "WHERE state = 'sealed' ORDER BY id");
    DELIVERY_ADD = "INSERT INTO delivery (id, bundle, step, at, actor) VALUES ($1, $2, $3, $4, $5)";
    DELIVERY_LIST = "SELECT bundle, step, at, actor FROM delivery ORDER BY id";
    DOOR_READ = "SELECT since, failures, next_at, code FROM door WHERE recipient = $1";
    DOOR_PUT = "INSERT INTO door (recipient, since, failures, next_at, code) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (recipient) \
        DO UPDATE SET since = excluded.since, failures = excluded.failures, next_at = excluded.next_at, code = excluded.code";
    DOOR_DROP = "DELETE FROM door WHERE recipient = $1";

    TASK_END = "UPDATE task SET state = $3, result = $4 WHERE id = $1 AND token = $2 AND state = 'claimed'";
    TASK_RELEASE = "UPDATE task SET state = 'waiting' WHERE id = $1 AND token = $2 AND state = 'claimed'";
    TASK_CLOSE = "UPDATE task SET state = 'failed' WHERE state IN ('waiting', 'claimed')";
    TASK_CLEAR = "DELETE FROM task";
    TASK_LIST = "SELECT id, state, worker, token, result FROM task ORDER BY id";

    TREE_ADD = "INSERT INTO tree (size, root, whole) VALUES ($1, $2, $3)";
    TREE_LAST = "SELECT size, whole FROM tree ORDER BY size DESC LIMIT 1";
    TREE_ROOTS = "SELECT size, root FROM tree ORDER BY size";
    LEDGER_HEAD = "SELECT last, head FROM ledger ORDER BY first DESC LIMIT 1";
    /// The row in which an entry stands.
    LEDGER_ROW = "SELECT max(first) FROM ledger WHERE first <= $1";
    LEDGER_PAGE = "SELECT first, last, bundle, entries, head FROM ledger WHERE first > $1 ORDER BY first LIMIT $2";

    ASKED_READ = "SELECT action, what, category, record_ref, version FROM asked WHERE bundle = $1 ORDER BY action";
    ASKED_CHECKS = "SELECT a.record_ref, r.started_at FROM asked a JOIN bundle b ON b.id = a.bundle JOIN run r ON r.id = b.run \
        WHERE b.recipient = $1 AND a.what = 'check' AND b.state <> 'stopped'";
    ASKED_REVIEWS = "SELECT b.as_of, coalesce(w.done, 0) FROM asked a JOIN bundle b ON b.id = a.bundle \
        LEFT JOIN answer w ON w.bundle = a.bundle AND w.action = a.action \
        AND w.id = (SELECT max(id) FROM answer x WHERE x.bundle = a.bundle AND x.action = a.action) \
        WHERE b.recipient = $1 AND a.what = 'review' AND b.state <> 'stopped'";
    ANSWER_ADD = "INSERT INTO answer (id, bundle, action, done, done_on, author, taken_at, form, words, signed) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    ANSWER_LAST = "SELECT done, done_on, author, signed FROM answer WHERE bundle = $1 AND action = $2 ORDER BY id DESC LIMIT 1";
    ANSWERS_READ = "SELECT action, done, done_on, author, taken_at, form, words, signed FROM answer WHERE bundle = $1 \
        AND id IN (SELECT max(id) FROM answer WHERE bundle = $1 GROUP BY action) ORDER BY action";
    PROGRESS = "SELECT a.bundle, count(*), count(*) FILTER (WHERE w.done = 1), count(*) FILTER (WHERE w.done = 0), \
        count(*) FILTER (WHERE w.done = 1 AND a.what = 'confirm'), count(w.signed), \
        count(*) FILTER (WHERE a.what = 'review' AND coalesce(w.done, 0) = 0) \
        FROM asked a LEFT JOIN answer w ON w.bundle = a.bundle AND w.action = a.action \
        AND w.id = (SELECT max(id) FROM answer x WHERE x.bundle = a.bundle AND x.action = a.action) GROUP BY a.bundle";

    REGISTER_ADD = "INSERT INTO register (id, register, partner, author, made_at, reference, since, until, body, sealed) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    REGISTER_END = "UPDATE register SET ended_on = $2, ended_by = $3, ended_reference = $4, ended_notified = $5, ended_at = $6 \
        WHERE id = $1 AND ended_on IS NULL";
    REGISTER_READ = "SELECT id, register, partner, author, made_at, reference, since, until, ended_on, ended_by, ended_reference, \
        ended_notified, ended_at, body, sealed FROM register ORDER BY id";

    ALARM_ADD = "INSERT INTO alarm (id, feed, due_at, late_at) VALUES ($1, $2, $3, $4)";
    ALARM_MISSING = "UPDATE alarm SET missing_at = $2 WHERE id = $1 AND missing_at IS NULL";
    ALARM_END = "UPDATE alarm SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    ALARM_OPEN = "SELECT id, feed, due_at, late_at, missing_at, ended_at FROM alarm WHERE ended_at IS NULL ORDER BY feed";
    ALARM_LIST = "SELECT id, feed, due_at, late_at, missing_at, ended_at FROM alarm ORDER BY id DESC LIMIT $1";
    FILE_NEWEST = "SELECT max(data_date) FROM file WHERE feed = $1";

    WAITING = "SELECT (SELECT count(*) FROM file WHERE state = 'held'), (SELECT count(*) FROM quarantine WHERE state = 'open'), \
        (SELECT count(*) FROM review WHERE state = 'open')";
    PEOPLE = "SELECT count(*) FROM (SELECT DISTINCT person FROM identity) AS people";
    PEOPLE_THEN = "SELECT count(*) FROM (SELECT DISTINCT person FROM identity WHERE first_run <= $1) AS people";
    NOBODY = "SELECT 1 - count(*) FROM (SELECT 1 FROM person LIMIT 1) AS known";
    STATUS = "SELECT (SELECT count(*) FROM person WHERE dirty = 1), (SELECT count(*) FROM identity), \
        (SELECT CAST(coalesce(sum(records), 0) AS BIGINT) FROM chapter), (SELECT count(*) FROM bundle WHERE state <> 'published'), \
        coalesce((SELECT last FROM ledger ORDER BY first DESC LIMIT 1), 0)";
    FORM = "SELECT max(version), count(*) FROM _sqlx_migrations";
}

bulks! {
    IDENTITY_KNOWN = Bulk::list("SELECT i.id, i.identity_key, p.id, p.person_key, i.first_run \
        FROM identity i JOIN person p ON p.id = i.person WHERE i.identity_key IN (", ")");
    IDENTITY_OF = Bulk::list("SELECT identity_key FROM identity WHERE person IN (", ")");
    PERSON_KNOWN = Bulk::list("SELECT id, person_key FROM person WHERE person_key IN (", ")");
    /// Shared: first id, partner, run.
    IDENTITY_ADD = Bulk::new("INSERT INTO identity (id, identity_key, partner, person, first_run) ",
        &[Counted, Value, Shared(1), Value, Shared(2)], "", 500);
    IDENTITY_PERSON = Bulk::new("UPDATE identity SET person = v.column2 FROM (", &[Value, Value],
        ") AS v WHERE identity.id = v.column1", 100);
    /// Shared: first id, 1 (dirty).
    FOUND = Bulk::new("INSERT INTO person (id, person_key, salt, dirty) ", &[Counted, Value, Value, Shared(1)], "", 500);
    /// Whoever comes back after being forgotten has no number any more.
    SALT = Bulk::new("UPDATE person SET salt = v.column2 FROM (", &[Value, Value],
        ") AS v WHERE person.id = v.column1 AND person.salt IS NULL", 100);
    MARK = Bulk::list("UPDATE person SET dirty = $shared WHERE id IN (", ")");
    SETTLE = Bulk::new("UPDATE person SET dirty = 0, review_on = v.column2 FROM (", &[Value, Value],
        ") AS v WHERE person.id = v.column1", 500);
    CHAPTER_READ = Bulk::list("SELECT c.id, c.body FROM (", ") AS v CROSS JOIN chapter c \
        WHERE c.id >= v.column1 * 1048576 AND c.id < (v.column1 + 1) * 1048576");
    CHAPTER_ADD = Bulk::new("INSERT INTO chapter (id, records, body) ", &[Value, Value, Value], "", 500);
    /// Shared: first id, file, run.
    QUARANTINE_ADD = Bulk::new("INSERT INTO quarantine (id, file, row_number, column_name, code, created_run) ",
        &[Counted, Shared(1), Value, Value, Value, Shared(2)], "", 100);
    /// Shared: run.
    QUARANTINE_SETTLE = Bulk::list("UPDATE quarantine SET state = 'retried', settled_run = $shared WHERE state = 'asked' AND id IN (", ")");
    /// Shared: run.
    QUARANTINE_REOPEN = Bulk::list("UPDATE quarantine SET state = 'open', settled_run = $shared WHERE state = 'asked' AND id IN (", ")");
    /// Shared: run.
    REVIEW_ADD = Bulk::new("INSERT INTO review (identity_a, identity_b, reason, evidence, first_run) ",
        &[Value, Value, Value, Value, Shared(0)], " ON CONFLICT (identity_a, identity_b) DO UPDATE SET reason = excluded.reason, \
        evidence = excluded.evidence, state = 'open' WHERE review.reason <> excluded.reason OR review.evidence <> excluded.evidence \
        OR review.state <> 'open'", 100);
    REVIEW_SETTLE = Bulk::new("UPDATE review SET state = 'settled' FROM (", &[Value, Value],
        ") AS v WHERE identity_a = v.column1 AND identity_b = v.column2", 100);
    /// Shared: bundle.
    ASKED_ADD = Bulk::new("INSERT INTO asked (bundle, action, what, category, record_ref, version) ",
        &[Shared(0), Value, Value, Value, Value, Value], "", 100);
    /// Shared: recipient.
    HOLDING_READ = Bulk::list("SELECT person, packed FROM holding WHERE recipient = $shared AND person IN (", ")");
    /// Shared: bundle. A row has some 64 KiB.
    LEDGER_ADD = Bulk::new("INSERT INTO ledger (first, last, bundle, entries, head) ",
        &[Value, Value, Shared(0), Value, Value], "", 8);
    /// Shared: recipient.
    HOLDING_ADD = Bulk::new("INSERT INTO holding (recipient, person, packed) ", &[Shared(0), Value, Value], "", 500);
    /// Shared: recipient.
    HOLDING_PUT = Bulk::new("INSERT INTO holding (recipient, person, packed) ", &[Shared(0), Value, Value],
        " ON CONFLICT (recipient, person) DO UPDATE SET packed = excluded.packed", 200);
    HOLDING_DROP = Bulk::list("DELETE FROM holding WHERE recipient = $shared AND person IN (", ")");
}
