-- Two more reasons to tell somebody something: a hazard, and the head of the record. What a column
-- allows is only changed with its table; what refers to it moves along.

CREATE TABLE notification_next (
	key                INTEGER PRIMARY KEY,
	site               INTEGER NOT NULL REFERENCES site (number),
	number             INTEGER NOT NULL CHECK (number >= 1),
	incident           INTEGER REFERENCES incident (key),
	reason             TEXT NOT NULL CHECK (reason IN ('opened', 'escalated', 'repeated', 'raised',
	                       'joined', 'acknowledged', 'reopened', 'resolved', 'handover', 'test',
	                       'drill.started', 'drill.ended', 'hazard', 'ledger.head')),
	step               INTEGER NOT NULL CHECK (step >= 0),
	round              INTEGER NOT NULL CHECK (round >= 0),
	to_kind            TEXT NOT NULL CHECK (to_kind IN ('person', 'channel')),
	to_id              TEXT NOT NULL,
	to_name            TEXT,
	urgent             INTEGER NOT NULL CHECK (urgent IN (0, 1)),
	at_once            INTEGER NOT NULL CHECK (at_once IN (0, 1)),
	state              TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'accepted', 'refused',
	                                                  'expired')),
	failed             INTEGER NOT NULL CHECK (failed IN (0, 1)),
	possible_duplicate INTEGER NOT NULL CHECK (possible_duplicate IN (0, 1)),
	created_wall       INTEGER NOT NULL,
	created_steady     INTEGER NOT NULL,
	attempts           INTEGER NOT NULL CHECK (attempts >= 0),
	note               TEXT,
	due                INTEGER CHECK (due > 0),
	UNIQUE (site, number)
) STRICT;
CREATE TABLE delivery_next (
	notification INTEGER NOT NULL REFERENCES notification_next (key),
	contact      INTEGER NOT NULL CHECK (contact BETWEEN 0 AND 7),
	channel      TEXT NOT NULL,
	address      TEXT,
	state        TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'retrying', 'accepted',
	                                            'refused')),
	attempts     INTEGER NOT NULL CHECK (attempts >= 0),
	given_up     INTEGER NOT NULL CHECK (given_up IN (0, 1)),
	started      INTEGER NOT NULL,
	due          INTEGER NOT NULL,
	last_status  INTEGER NOT NULL,
	PRIMARY KEY (notification, contact)
) STRICT, WITHOUT ROWID;

INSERT INTO notification_next SELECT * FROM notification ORDER BY key;
INSERT INTO delivery_next SELECT * FROM delivery ORDER BY notification, contact;
DROP TABLE delivery;
DROP TABLE notification;
ALTER TABLE notification_next RENAME TO notification;
ALTER TABLE delivery_next RENAME TO delivery;
CREATE INDEX notification_unfinished ON notification (site) WHERE state IN ('queued', 'sending');
CREATE INDEX notification_of_incident ON notification (incident) WHERE incident IS NOT NULL;
