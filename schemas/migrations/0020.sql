-- What was sent lately, found at a start without a walk through all that was recorded meanwhile.
CREATE INDEX ledger_of_delivery ON ledger (steady) WHERE type = 'delivery';
