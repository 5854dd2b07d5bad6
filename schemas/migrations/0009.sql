-- Devices that nobody knows, found without a walk through the ledger.
CREATE INDEX ledger_of_unknown ON ledger (site, seq) WHERE type = 'device.unknown';
