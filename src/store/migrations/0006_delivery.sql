-- What became of a sealed bundle on its way, each step for ever: sent, collected, stopped, sent again. actor: the kind of
-- door, or whoever decided.
CREATE TABLE delivery (
    id     INTEGER PRIMARY KEY,
    bundle BIGINT NOT NULL,
    step   TEXT NOT NULL,
    at     TEXT NOT NULL,
    actor  TEXT NOT NULL
);

CREATE INDEX delivery_bundle ON delivery (bundle);

-- A door that could not be used, since when, how often in a row, and when it is tried next. One that works has no row.
CREATE TABLE door (
    recipient INTEGER PRIMARY KEY,
    since     TEXT NOT NULL,
    failures  BIGINT NOT NULL,
    next_at   TEXT NOT NULL,
    code      TEXT NOT NULL
);
