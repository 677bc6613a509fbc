-- Where the ledger's tree stood whenever entries were committed: its size, its root, and the whole subtrees it is made of.
CREATE TABLE tree (
    size  INTEGER PRIMARY KEY,
    root  BLOB NOT NULL,
    whole BLOB NOT NULL
);
