-- The record is signed: beside each site's head its last signature (daemon/store/seal.h).

-- "SEQ HASH TIME KEY SIGNATURE" of the head as of the last commit.
ALTER TABLE site ADD COLUMN head_seal TEXT;

-- Few among many: where the record is signed, which definition was in force, when the service ran.
CREATE INDEX ledger_marks ON ledger (site, type, seq)
	WHERE type IN ('checkpoint', 'key', 'config', 'service.started', 'service.stopped');
