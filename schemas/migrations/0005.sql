-- What clears by itself (a motion sensor that only ever says "motion"): which kinds, and when.
ALTER TABLE device_state ADD COLUMN fleeting INTEGER NOT NULL DEFAULT 0 CHECK (fleeting >= 0);
ALTER TABLE device_state ADD COLUMN reset_due INTEGER NOT NULL DEFAULT 0;
