-- A notification may stand for several (a digest), for a handover without an incident, or for a
-- report upward; and one of a flood is carried by the digest whose number it names (-1: by the next).
-- A CHECK cannot be changed: both tables are made anew.

CREATE TABLE notification_0008 (
	key                INTEGER PRIMARY KEY,
	site               INTEGER NOT NULL REFERENCES site (number),
	number             INTEGER NOT NULL CHECK (number >= 1),
	incident           INTEGER REFERENCES incident (key),
	reason             TEXT NOT NULL CHECK (reason IN ('opened', 'escalated', 'repeated', 'raised',
	                       'joined', 'acknowledged', 'reopened', 'resolved', 'handover', 'test',
	                       'drill.started', 'drill.ended', 'hazard', 'ledger.head', 'digest',
	                       'shift', 'report_due', 'report_late')),
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
	digest             INTEGER NOT NULL DEFAULT 0 CHECK (digest >= -1),
	UNIQUE (site, number)
) STRICT;

-- One row for each contact of a notification.
CREATE TABLE delivery_0008 (
	notification INTEGER NOT NULL REFERENCES notification_0008 (key),
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

INSERT INTO notification_0008 SELECT *, 0 FROM notification;
INSERT INTO delivery_0008 SELECT * FROM delivery;
DROP TABLE delivery;
DROP TABLE notification;
ALTER TABLE notification_0008 RENAME TO notification;
ALTER TABLE delivery_0008 RENAME TO delivery;
CREATE INDEX notification_unfinished ON notification (site) WHERE state IN ('queued', 'sending');
CREATE INDEX notification_of_incident ON notification (incident) WHERE incident IS NOT NULL;
