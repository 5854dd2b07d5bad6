-- A store that was made of an export, for review elsewhere (`tocsin import`): which part of a site's
-- record it holds, and the hash before its first entry. In the store of a service there is none.

CREATE TABLE imported (
	site   INTEGER PRIMARY KEY REFERENCES site (number),
	first  INTEGER NOT NULL CHECK (first >= 1),
	last   INTEGER NOT NULL CHECK (last >= first),
	before BLOB NOT NULL CHECK (length(before) = 32)
) STRICT;
CREATE TRIGGER imported_is_never_updated BEFORE UPDATE ON imported
BEGIN
	SELECT raise(ABORT, 'what was imported stays said');
END;
CREATE TRIGGER imported_is_never_deleted BEFORE DELETE ON imported
BEGIN
	SELECT raise(ABORT, 'what was imported stays said');
END;
