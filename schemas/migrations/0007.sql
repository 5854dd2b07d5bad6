-- Outputs that were ever switched: their last command, and whether the broker has it. The words are
-- kept with it, so that what the site file no longer knows can still be withdrawn.
CREATE TABLE output_state (
	site           INTEGER NOT NULL REFERENCES site (number),
	output         TEXT NOT NULL CHECK (length(output) > 0),
	topic          TEXT NOT NULL CHECK (length(topic) > 0),
	on_command     TEXT NOT NULL,
	off_command    TEXT NOT NULL,
	retain         INTEGER NOT NULL CHECK (retain IN (0, 1)),
	is_on          INTEGER NOT NULL CHECK (is_on IN (0, 1)),
	told           INTEGER NOT NULL CHECK (told IN (0, 1)),
	number         INTEGER NOT NULL CHECK (number >= 1),
	incident       TEXT NOT NULL,
	changed_wall   INTEGER NOT NULL,
	changed_steady INTEGER NOT NULL,
	PRIMARY KEY (site, output)
) STRICT, WITHOUT ROWID;
