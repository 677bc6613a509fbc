-- What people decide about a pair is an entry of the register; here stands what waits. evidence: a mark of what the two bring,
-- by which a pair that nobody could tell about is known to have changed.
ALTER TABLE review ADD COLUMN evidence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE review DROP COLUMN decided_by;
ALTER TABLE review DROP COLUMN decided_at;
ALTER TABLE review DROP COLUMN reference;
