-- Of devices that sign what they say: the newest time that they have signed. What is older and
-- unknown is not believed, in the next life neither.
ALTER TABLE device_state ADD COLUMN signed_at INTEGER NOT NULL DEFAULT 0 CHECK (signed_at >= 0);
