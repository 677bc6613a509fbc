-- What the columns of the feed's files showed, as counts by form (JSON); no value stands in it.
ALTER TABLE file ADD COLUMN profile TEXT NOT NULL DEFAULT '';
