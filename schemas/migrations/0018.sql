-- Whether a device's last word was `offline` and nothing was heard of it since (`gone`); `online` is
-- that word alone. A device behind a gateway that was gone, too, is a trouble when that is back.

ALTER TABLE device_state ADD COLUMN gone INTEGER NOT NULL DEFAULT 0 CHECK (gone = 0 OR gone = 1);
-- As far as it was known: those whose link (bit 16 of active) is down since.
UPDATE device_state SET gone = 1 WHERE online = 0 AND active & 65536;
