-- What each bundle asks of its recipient, line by line of its return form.
CREATE TABLE asked (
    bundle     BIGINT NOT NULL,
    action     BIGINT NOT NULL,
    what       TEXT NOT NULL,
    category   TEXT NOT NULL,
    record_ref TEXT NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (bundle, action)
) WITHOUT ROWID;

-- What was answered, each answer for ever; the last one of an action counts.
CREATE TABLE answer (
    id       INTEGER PRIMARY KEY,
    bundle   BIGINT NOT NULL,
    action   BIGINT NOT NULL,
    done     BIGINT NOT NULL,
    done_on  TEXT NOT NULL,
    author   TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    form     BLOB NOT NULL,
    words    BLOB
);

CREATE INDEX answer_action ON answer (bundle, action);
