-- What the HTTP side remembers over a restart until its time is over: answers that were given under an
-- idempotency key, and sessions that have signed out. Opaque to the store, no part of the record.

CREATE TABLE remembered (
	what  TEXT NOT NULL CHECK (length(what) BETWEEN 1 AND 32),
	key   TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
	until INTEGER NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (what, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX remembered_by_until ON remembered (what, until);
