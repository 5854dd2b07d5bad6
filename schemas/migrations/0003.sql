-- What people answer, and what stands for a while: handovers, silences, drills, ...

ALTER TABLE incident ADD COLUMN on_site TEXT;
ALTER TABLE incident ADD COLUMN doubted_by TEXT;
ALTER TABLE incident ADD COLUMN help_by TEXT;
ALTER TABLE incident ADD COLUMN silent INTEGER NOT NULL DEFAULT 0 CHECK (silent IN (0, 1));

-- json is what the API shows of it; beside it stand only the steady times, which it does not carry.
-- Nothing is deleted: what is over is its own history.
CREATE TABLE standing (
	site         INTEGER NOT NULL REFERENCES site (number),
	number       INTEGER NOT NULL CHECK (number >= 1),
	type         TEXT NOT NULL CHECK (length(type) > 0),
	is_over      INTEGER NOT NULL CHECK (is_over IN (0, 1)),
	since_steady INTEGER NOT NULL,
	due          INTEGER CHECK (due > 0),
	json         TEXT NOT NULL CHECK (json_valid(json) AND substr(json, 1, 1) = '{'),
	PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX standing_in_force ON standing (site) WHERE is_over = 0;
CREATE TRIGGER standing_is_never_deleted BEFORE DELETE ON standing
BEGIN
	SELECT raise(ABORT, 'what stood is never deleted');
END;
