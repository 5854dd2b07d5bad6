-- What was removed because it was old: each run of entries that follow each other, with the hash of
-- its last one, so that the chain goes on behind it; and the entry (of type `retention`) that says
-- so and is signed.

CREATE TABLE removed (
	site  INTEGER NOT NULL REFERENCES site (number),
	first INTEGER NOT NULL CHECK (first >= 1),
	last  INTEGER NOT NULL CHECK (last >= first),
	hash  BLOB NOT NULL CHECK (length(hash) = 32),
	entry INTEGER NOT NULL CHECK (entry > last),
	PRIMARY KEY (site, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX removed_by_entry ON removed (site, entry);
-- People name an incident by its number.
CREATE INDEX incident_by_number ON incident (number);
CREATE INDEX incident_by_zone ON incident (zone);
CREATE TRIGGER removed_is_never_updated BEFORE UPDATE ON removed
BEGIN
	SELECT raise(ABORT, 'what was removed stays said');
END;
CREATE TRIGGER removed_is_never_deleted BEFORE DELETE ON removed
BEGIN
	SELECT raise(ABORT, 'what was removed stays said');
END;

DROP TRIGGER ledger_is_never_deleted;
CREATE TRIGGER ledger_is_never_deleted BEFORE DELETE ON ledger
WHEN coalesce((SELECT last FROM removed WHERE site = old.site AND first <= old.seq
               ORDER BY first DESC LIMIT 1), 0) < old.seq
BEGIN
	SELECT raise(ABORT, 'the ledger is append-only: no entry is deleted but for its age');
END;
