-- A person is found by its key, and there is one row of it.
CREATE UNIQUE INDEX person_by_key ON person (person_key);
