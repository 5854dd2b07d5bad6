-- The store of a Tocsin service: the record (ledger) and the state that a restart begins from.
--
-- Units: *_wall, time, received, heard, changed: Unix time in ms. *_steady, *_at, *_due, due,
-- started: ms on the service's own steady time (daemon/base/clock.h). A timer that is not set is
-- NULL. Words are the contract's, so that the file can be read with any SQLite program.
-- Applied inside one transaction, which also sets application_id and user_version.

CREATE TABLE site (
	number            INTEGER PRIMARY KEY,
	id                TEXT NOT NULL UNIQUE CHECK (length(id) > 0),
	-- The last ledger entry as it was committed. Kept beside the ledger so that cutting off the
	-- ledger's end shows.
	head_seq          INTEGER NOT NULL DEFAULT 0 CHECK (head_seq >= 0),
	head_hash         BLOB CHECK (length(head_hash) = 32),
	next_notification INTEGER NOT NULL CHECK (next_notification >= 1),
	next_incident     INTEGER NOT NULL CHECK (next_incident >= 0),
	incident_year     INTEGER NOT NULL,
	CHECK ((head_seq = 0) = (head_hash IS NULL))
) STRICT;

-- From which steady time goes on after a restart: as of the last commit.
CREATE TABLE anchor (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	boot     TEXT NOT NULL,
	boottime INTEGER NOT NULL,
	wall     INTEGER NOT NULL,
	steady   INTEGER NOT NULL
) STRICT;

CREATE TABLE boot (
	number INTEGER PRIMARY KEY,
	id     TEXT NOT NULL UNIQUE
) STRICT;

-- ---- the record ----

-- hash = SHA-256 over the fields and the hash before: daemon/store/ledger.h says how.
CREATE TABLE ledger (
	row      INTEGER PRIMARY KEY, -- over all sites, in the order of the commits
	site     INTEGER NOT NULL REFERENCES site (number),
	seq      INTEGER NOT NULL CHECK (seq >= 1),
	time     INTEGER NOT NULL,    -- when it happened
	received INTEGER NOT NULL,    -- when we heard of it
	steady   INTEGER NOT NULL,
	boot     INTEGER NOT NULL REFERENCES boot (number),
	type     TEXT NOT NULL CHECK (length(type) > 0),
	device   TEXT,
	incident TEXT,
	"by"     TEXT,
	data     TEXT NOT NULL CHECK (json_valid(data) AND substr(data, 1, 1) = '{'),
	hash     BLOB NOT NULL CHECK (length(hash) = 32),
	UNIQUE (site, seq)
) STRICT;
CREATE INDEX ledger_of_incident ON ledger (incident) WHERE incident IS NOT NULL;
-- Nearly in the order of insertion, hence cheap: where a time range begins and ends.
CREATE INDEX ledger_received ON ledger (site, received);

CREATE TRIGGER ledger_is_never_updated BEFORE UPDATE ON ledger
BEGIN
	SELECT raise(ABORT, 'the ledger is append-only: no entry is changed');
END;
CREATE TRIGGER ledger_is_never_deleted BEFORE DELETE ON ledger
BEGIN
	SELECT raise(ABORT, 'the ledger is append-only: no entry is deleted');
END;
-- INSERT OR REPLACE deletes without the trigger above.
CREATE TRIGGER ledger_is_only_continued BEFORE INSERT ON ledger
WHEN new.seq <= (SELECT max(seq) FROM ledger WHERE site = new.site)
	OR new.row IN (SELECT row FROM ledger)
BEGIN
	SELECT raise(ABORT, 'the ledger is append-only: entries only follow the last one');
END;

-- ---- the state ----

-- Policies as incidents started with them, each text once.
CREATE TABLE policy (
	number INTEGER PRIMARY KEY,
	hash   BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of json
	json   TEXT NOT NULL CHECK (json_valid(json))
) STRICT;
CREATE TRIGGER policy_is_never_updated BEFORE UPDATE ON policy
BEGIN
	SELECT raise(ABORT, 'a policy snapshot is never changed');
END;

CREATE TABLE incident (
	key          INTEGER PRIMARY KEY,
	site         INTEGER NOT NULL REFERENCES site (number),
	id           TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 95),
	number       INTEGER NOT NULL CHECK (number >= 0),
	kind         TEXT NOT NULL CHECK (kind IN ('fire', 'gas', 'panic', 'water', 'intrusion',
	                                           'tamper', 'trouble', 'other')),
	severity     TEXT NOT NULL CHECK (severity IN ('warning', 'minor', 'major', 'critical')),
	state        TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved')),
	outcome      TEXT CHECK (outcome IN ('real', 'false_alarm', 'test', 'drill', 'unknown')),
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
	step_reason  TEXT NOT NULL CHECK (step_reason IN ('opened', 'escalated', 'repeated', 'raised',
	                 'joined', 'acknowledged', 'reopened', 'resolved', 'handover', 'test',
	                 'drill.started', 'drill.ended')),
	step_pending INTEGER NOT NULL CHECK (step_pending >= 0),
	step_reached INTEGER NOT NULL CHECK (step_reached >= 0),
	exhausted    INTEGER NOT NULL CHECK (exhausted IN (0, 1)),
	step_due     INTEGER CHECK (step_due > 0),
	resolve_due  INTEGER CHECK (resolve_due > 0),
	CHECK ((acknowledged_wall IS NULL) = (acknowledged_steady IS NULL)),
	CHECK ((resolved_wall IS NULL) = (resolved_steady IS NULL)),
	CHECK (state <> 'resolved' OR resolved_wall IS NOT NULL),
	CHECK (state = 'resolved' OR outcome IS NULL)
) STRICT;
CREATE INDEX incident_unresolved ON incident (site) WHERE state <> 'resolved';
CREATE INDEX incident_by_opening ON incident (opened_wall);
CREATE TRIGGER incident_is_never_deleted BEFORE DELETE ON incident
BEGIN
	SELECT raise(ABORT, 'an incident is never deleted');
END;

CREATE TABLE incident_signal (
	incident    INTEGER NOT NULL REFERENCES incident (key),
	position    INTEGER NOT NULL CHECK (position >= 0),
	device      TEXT NOT NULL,
	device_name TEXT NOT NULL,
	kind        TEXT NOT NULL CHECK (kind IN ('smoke', 'heat', 'call_point', 'gas',
	                'carbon_monoxide', 'water', 'panic', 'contact', 'motion', 'glass', 'vibration',
	                'perimeter', 'tamper', 'battery', 'power', 'fault', 'link')),
	active      INTEGER NOT NULL CHECK (active IN (0, 1)),
	time        INTEGER NOT NULL,
	at          INTEGER NOT NULL,
	presses     INTEGER NOT NULL CHECK (presses >= 0),
	PRIMARY KEY (incident, position),
	UNIQUE (incident, device, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE told (
	incident     INTEGER NOT NULL REFERENCES incident (key),
	position     INTEGER NOT NULL CHECK (position >= 0),
	kind         TEXT NOT NULL CHECK (kind IN ('person', 'channel')),
	id           TEXT NOT NULL,
	acknowledged INTEGER NOT NULL CHECK (acknowledged IN (0, 1)),
	PRIMARY KEY (incident, position),
	UNIQUE (incident, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE notification (
	key                INTEGER PRIMARY KEY,
	site               INTEGER NOT NULL REFERENCES site (number),
	number             INTEGER NOT NULL CHECK (number >= 1),
	incident           INTEGER REFERENCES incident (key),
	reason             TEXT NOT NULL CHECK (reason IN ('opened', 'escalated', 'repeated', 'raised',
	                       'joined', 'acknowledged', 'reopened', 'resolved', 'handover', 'test',
	                       'drill.started', 'drill.ended')),
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
CREATE INDEX notification_unfinished ON notification (site) WHERE state IN ('queued', 'sending');
CREATE INDEX notification_of_incident ON notification (incident) WHERE incident IS NOT NULL;

-- One row for each contact of a notification.
CREATE TABLE delivery (
	notification INTEGER NOT NULL REFERENCES notification (key),
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

-- active, known, settled: one bit for each kind, in the order of enum kind (smoke is 1, heat 2, ...).
-- When a device was last heard is written only with a change of its state; its supervision begins
-- anew with every start, so its silence timer is no column.
CREATE TABLE device_state (
	site       INTEGER NOT NULL REFERENCES site (number),
	device     TEXT NOT NULL,
	active     INTEGER NOT NULL CHECK (active >= 0),
	known      INTEGER NOT NULL CHECK (known >= 0),
	settled    INTEGER NOT NULL CHECK (settled >= 0),
	online     INTEGER CHECK (online IN (0, 1)), -- NULL: not known
	heard_once INTEGER NOT NULL CHECK (heard_once IN (0, 1)),
	walk_test  INTEGER NOT NULL CHECK (walk_test IN (0, 1)),
	heard      INTEGER NOT NULL,
	changed    INTEGER NOT NULL,
	PRIMARY KEY (site, device)
) STRICT, WITHOUT ROWID;
