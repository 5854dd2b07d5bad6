-- Where a delivery goes stands in the site file alone: an address may be a key, with which anybody
-- could push to that phone. Kept is which of the person's contacts it was.
ALTER TABLE delivery DROP COLUMN address;
ALTER TABLE delivery ADD COLUMN place INTEGER NOT NULL DEFAULT 0 CHECK (place >= 0);
UPDATE delivery SET place = contact;
