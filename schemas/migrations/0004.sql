-- When a device last proved itself: a signal marked as a test, or any while under walk test.

ALTER TABLE device_state ADD COLUMN tested INTEGER NOT NULL DEFAULT 0;
