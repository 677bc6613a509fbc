-- The words of the configuration that what recipients hold is full of (categories, partners, clauses, purposes, handling codes). A
-- word keeps its number for ever: holdings name it by that.
CREATE TABLE word (
    id   INTEGER PRIMARY KEY,
    word TEXT NOT NULL UNIQUE
);
