-- What a model said of two identities: how much their evidence weighs (hundredths of a bit), what bars them, and by which model.
-- evidence: the mark of what the two brought; while it is the same, the pair is not weighed again. No personal value.
CREATE TABLE proposal (
    identity_a BLOB NOT NULL,
    identity_b BLOB NOT NULL,
    evidence   BIGINT NOT NULL,
    weight     BIGINT NOT NULL,
    barred     TEXT,
    model      TEXT NOT NULL,
    version    TEXT NOT NULL,
    dated      TEXT NOT NULL,
    PRIMARY KEY (identity_a, identity_b)
);
