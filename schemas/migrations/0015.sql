-- What an alarm costs to write. A list of words (IN) in a CHECK is built anew as a table of its own,
-- with pages and a cursor, by each statement that writes a row; comparisons are not. To put one
-- notification with one delivery went from 209,000 to 54,000 instructions, with what changed beside it
-- (store/sql.c: no RETURNING, which builds such a table too). What the columns allow is the same. And
-- each index is a page more in every commit: who is told, and what speaks, is named once, by what it
-- is; `position` only says in which order.

CREATE TABLE incident_0015 (
	key          INTEGER PRIMARY KEY,
	site         INTEGER NOT NULL REFERENCES site (number),
	id           TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 95),
	number       INTEGER NOT NULL CHECK (number >= 0),
	kind         TEXT NOT NULL CHECK (
		kind = 'fire' OR kind = 'gas' OR kind = 'panic' OR kind = 'water' OR
		kind = 'intrusion' OR kind = 'tamper' OR kind = 'trouble' OR kind = 'other'),
	severity     TEXT NOT NULL CHECK (
		severity = 'warning' OR severity = 'minor' OR severity = 'major' OR
		severity = 'critical'),
	state        TEXT NOT NULL CHECK (
		state = 'open' OR state = 'acknowledged' OR state = 'resolved'),
	outcome      TEXT CHECK (
		outcome = 'real' OR outcome = 'false_alarm' OR outcome = 'test' OR
		outcome = 'drill' OR outcome = 'unknown'),
	zone         TEXT NOT NULL,
	zone_name    TEXT NOT NULL,
	zone_path    TEXT NOT NULL CHECK (json_valid(zone_path) AND substr(zone_path, 1, 1) = '['),
	subject      TEXT,
	owner        TEXT,
	reported_by  TEXT,
	note         TEXT,
	resolved_by  TEXT,
	cleared      INTEGER NOT NULL CHECK (cleared IN (0, 1)),
	drill        INTEGER NOT NULL CHECK (drill IN (0, 1)),
	opened_wall         INTEGER NOT NULL,
	opened_steady       INTEGER NOT NULL,
	changed_wall        INTEGER NOT NULL,
	changed_steady      INTEGER NOT NULL,
	acknowledged_wall   INTEGER,
	acknowledged_steady INTEGER,
	resolved_wall       INTEGER,
	resolved_steady     INTEGER,
	policy       INTEGER REFERENCES policy (number),
	round        INTEGER NOT NULL CHECK (round >= 0),
	round_at     INTEGER NOT NULL,
	step         INTEGER NOT NULL CHECK (step >= 0),
	step_reason  TEXT NOT NULL CHECK (
		step_reason = 'opened' OR step_reason = 'escalated' OR
		step_reason = 'repeated' OR step_reason = 'raised' OR
		step_reason = 'joined' OR step_reason = 'acknowledged' OR
		step_reason = 'reopened' OR step_reason = 'resolved' OR
		step_reason = 'handover' OR step_reason = 'test' OR
		step_reason = 'drill.started' OR step_reason = 'drill.ended'),
	step_pending INTEGER NOT NULL CHECK (step_pending >= 0),
	step_reached INTEGER NOT NULL CHECK (step_reached >= 0),
	exhausted    INTEGER NOT NULL CHECK (exhausted IN (0, 1)),
	step_due     INTEGER CHECK (step_due > 0),
	resolve_due  INTEGER CHECK (resolve_due > 0),
	on_site      TEXT, -- who said last to have arrived
	doubted_by   TEXT, -- whose word a false alarm is, while a second one is needed
	help_by      TEXT, -- who has it and asked for help, until somebody takes it
	silent       INTEGER NOT NULL DEFAULT 0 CHECK (silent IN (0, 1)),
	CHECK ((acknowledged_wall IS NULL) = (acknowledged_steady IS NULL)),
	CHECK ((resolved_wall IS NULL) = (resolved_steady IS NULL)),
	CHECK (state <> 'resolved' OR resolved_wall IS NOT NULL),
	CHECK (state = 'resolved' OR outcome IS NULL)
) STRICT;

CREATE TABLE incident_signal_0015 (
	incident    INTEGER NOT NULL REFERENCES incident_0015 (key),
	position    INTEGER NOT NULL CHECK (position >= 0),
	device      TEXT NOT NULL,
	device_name TEXT NOT NULL,
	kind        TEXT NOT NULL CHECK (
		kind = 'smoke' OR kind = 'heat' OR kind = 'call_point' OR kind = 'gas' OR
		kind = 'carbon_monoxide' OR kind = 'water' OR kind = 'panic' OR
		kind = 'contact' OR kind = 'motion' OR kind = 'glass' OR kind = 'vibration' OR
		kind = 'perimeter' OR kind = 'tamper' OR kind = 'battery' OR kind = 'power' OR
		kind = 'fault' OR kind = 'link'),
	active      INTEGER NOT NULL CHECK (active IN (0, 1)),
	time        INTEGER NOT NULL,
	at          INTEGER NOT NULL,
	presses     INTEGER NOT NULL CHECK (presses >= 0),
	PRIMARY KEY (incident, device, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE told_0015 (
	incident     INTEGER NOT NULL REFERENCES incident_0015 (key),
	position     INTEGER NOT NULL CHECK (position >= 0),
	kind         TEXT NOT NULL CHECK (kind IN ('person', 'channel')),
	id           TEXT NOT NULL,
	acknowledged INTEGER NOT NULL CHECK (acknowledged IN (0, 1)),
	PRIMARY KEY (incident, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE notification_0015 (
	key                INTEGER PRIMARY KEY,
	site               INTEGER NOT NULL REFERENCES site (number),
	number             INTEGER NOT NULL CHECK (number >= 1),
	incident           INTEGER REFERENCES incident_0015 (key),
	reason             TEXT NOT NULL CHECK (
		reason = 'opened' OR reason = 'escalated' OR reason = 'repeated' OR
		reason = 'raised' OR reason = 'joined' OR reason = 'acknowledged' OR
		reason = 'reopened' OR reason = 'resolved' OR reason = 'handover' OR
		reason = 'test' OR reason = 'drill.started' OR reason = 'drill.ended' OR
		reason = 'hazard' OR reason = 'ledger.head' OR reason = 'digest' OR
		reason = 'shift' OR reason = 'report_due' OR reason = 'report_late'),
	step               INTEGER NOT NULL CHECK (step >= 0),
	round              INTEGER NOT NULL CHECK (round >= 0),
	to_kind            TEXT NOT NULL CHECK (to_kind IN ('person', 'channel')),
	to_id              TEXT NOT NULL,
	to_name            TEXT,
	urgent             INTEGER NOT NULL CHECK (urgent IN (0, 1)),
	at_once            INTEGER NOT NULL CHECK (at_once IN (0, 1)),
	state              TEXT NOT NULL CHECK (
		state = 'queued' OR state = 'sending' OR state = 'accepted' OR
		state = 'refused' OR state = 'expired'),
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
CREATE TABLE delivery_0015 (
	notification INTEGER NOT NULL REFERENCES notification_0015 (key),
	contact      INTEGER NOT NULL CHECK (contact BETWEEN 0 AND 7),
	channel      TEXT NOT NULL,
	address      TEXT,
	state        TEXT NOT NULL CHECK (
		state = 'waiting' OR state = 'sending' OR state = 'retrying' OR
		state = 'accepted' OR state = 'refused'),
	attempts     INTEGER NOT NULL CHECK (attempts >= 0),
	given_up     INTEGER NOT NULL CHECK (given_up IN (0, 1)),
	started      INTEGER NOT NULL,
	due          INTEGER NOT NULL,
	last_status  INTEGER NOT NULL,
	PRIMARY KEY (notification, contact)
) STRICT, WITHOUT ROWID;

INSERT INTO incident_0015 SELECT * FROM incident;
INSERT INTO incident_signal_0015 SELECT * FROM incident_signal;
INSERT INTO told_0015 SELECT * FROM told;
INSERT INTO notification_0015 SELECT * FROM notification;
INSERT INTO delivery_0015 SELECT * FROM delivery;
DROP TABLE delivery;
DROP TABLE notification;
DROP TABLE told;
DROP TABLE incident_signal;
DROP TABLE incident;
ALTER TABLE incident_0015 RENAME TO incident;
ALTER TABLE incident_signal_0015 RENAME TO incident_signal;
ALTER TABLE told_0015 RENAME TO told;
ALTER TABLE notification_0015 RENAME TO notification;
ALTER TABLE delivery_0015 RENAME TO delivery;
CREATE INDEX incident_unresolved ON incident (site) WHERE state <> 'resolved';
CREATE INDEX incident_by_opening ON incident (opened_wall);
CREATE INDEX incident_by_number ON incident (number);
CREATE INDEX incident_by_zone ON incident (zone);
CREATE TRIGGER incident_is_never_deleted BEFORE DELETE ON incident
BEGIN
	SELECT raise(ABORT, 'an incident is never deleted');
END;
CREATE INDEX notification_unfinished ON notification (site) WHERE state IN ('queued', 'sending');
CREATE INDEX notification_of_incident ON notification (incident) WHERE incident IS NOT NULL;
