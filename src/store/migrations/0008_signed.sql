-- With which key the form of an answer was signed, as its fingerprint; nothing when it was not signed.
ALTER TABLE answer ADD COLUMN signed TEXT;
