-- Each commit seals all that is stored beside the ledger too, by one sum over the rows of a site
-- (daemon/store/state_sum.h): so that no column of it is changed unseen, whoever tells of it or not.
-- The sum is made with the first commit that is signed; state_of is the version of these tables that
-- it was made of.

ALTER TABLE site ADD COLUMN state_sum BLOB CHECK (length(state_sum) = 256);
ALTER TABLE site ADD COLUMN state_of INTEGER NOT NULL DEFAULT 0;

-- The sum is kept up by SQLite's word of each row before and after a change, and of a row written
-- before a column was added it knows no value: rows are written whole whenever columns are added.
UPDATE device_state SET tested = tested;
UPDATE incident SET run = run;
UPDATE notification SET run = run;
