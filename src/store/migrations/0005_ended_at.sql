-- When an entry was ended, as an RFC 3339 text: its last day alone does not say whether the night of that day still had it.
-- Entries that were ended before this have none.
ALTER TABLE register ADD COLUMN ended_at TEXT;
