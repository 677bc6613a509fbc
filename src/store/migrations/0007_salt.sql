-- The random number from which the salts of the ledger's commitments about a person follow. Destroyed with what is held of the
-- person: then nothing leads from the ledger to a value any more. What was told before this had one key for all.
ALTER TABLE person ADD COLUMN salt BLOB;
