-- Which notifications are a step's own, so that it is known whom the step has reached whatever else
-- was pushed meanwhile: an incident counts its runs (steps, repeats, last_resort), a notification
-- names the one that it counts for (0: none). A press stands for itself (`press`). And what was being
-- sent when the service died is found by the next life also where another contact has accepted since
-- (`under_way`: how many attempts of it are).

ALTER TABLE incident ADD COLUMN run INTEGER NOT NULL DEFAULT 0 CHECK (run >= 0);
ALTER TABLE notification ADD COLUMN run INTEGER NOT NULL DEFAULT 0 CHECK (run >= 0);
ALTER TABLE notification ADD COLUMN press INTEGER NOT NULL DEFAULT 0 CHECK (press = 0 OR press = 1);
ALTER TABLE notification ADD COLUMN under_way INTEGER NOT NULL DEFAULT 0 CHECK (under_way >= 0);

-- A step that runs now goes on counting: by what the version before counted.
UPDATE incident SET run = 1 WHERE state = 'open';
UPDATE notification SET run = 1
	WHERE state IN ('queued', 'sending') AND failed = 0 AND EXISTS (
		SELECT 1 FROM incident i JOIN policy p ON p.number = i.policy
		WHERE i.key = notification.incident AND i.state = 'open' AND i.round = notification.round
			AND notification.step = CASE WHEN i.exhausted
				THEN json_array_length(p.json, '$.steps') + 1 ELSE i.step END);

-- Of what came to its end nobody waits for an answer any more.
UPDATE delivery SET state = 'retrying'
	WHERE state = 'sending' AND notification IN (
		SELECT key FROM notification
		WHERE state = 'accepted' OR state = 'refused' OR state = 'expired');
UPDATE notification SET under_way = (
		SELECT count(*) FROM delivery d WHERE d.notification = notification.key AND d.state = 'sending')
	WHERE state IN ('queued', 'sending');

DROP INDEX notification_unfinished;
CREATE INDEX notification_unfinished ON notification (site)
	WHERE state = 'queued' OR state = 'sending' OR under_way > 0;
