-- A feed whose file was due and did not come, and what was said of it when.
CREATE TABLE alarm (
    id         INTEGER PRIMARY KEY,
    feed       TEXT NOT NULL,
    due_at     TEXT NOT NULL,
    late_at    TEXT NOT NULL,
    missing_at TEXT,
    ended_at   TEXT
);
