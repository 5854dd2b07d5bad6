#include "store/sql.h"

#include <errno.h>
#include <string.h>

/* In the order in which incident_get reads them. */
#define INCIDENT_SELECT                                                                            \
	"SELECT s.id, i.key, i.id, i.number, i.kind, i.severity, i.state, i.outcome, i.zone,"      \
	" i.zone_name, i.zone_path, i.subject, i.owner, i.reported_by, i.note, i.resolved_by,"     \
	" i.cleared, i.drill, i.opened_wall, i.opened_steady, i.changed_wall, i.changed_steady,"   \
	" i.acknowledged_wall, i.acknowledged_steady, i.resolved_wall, i.resolved_steady, p.json," \
	" i.round, i.round_at, i.step, i.step_reason, i.step_pending, i.step_reached,"             \
	" i.exhausted, i.step_due, i.resolve_due, i.on_site, i.doubted_by, i.help_by,"             \
	" i.silent, i.run"                                                                         \
	" FROM incident i JOIN site s ON s.number = i.site"                                        \
	" LEFT JOIN policy p ON p.number = i.policy "

/* ?1 site, ?2 kind, ?3 since, ?4 until, ?5 ?6 ?7 opening, site and number to continue behind,
 * ?8 states, ?9 limit, ?10 sites of which only what is over is wanted */
#define INCIDENT_LIST_WHERE                                                                        \
	"WHERE (?1 IS NULL OR s.id = ?1) AND (?2 IS NULL OR i.kind = ?2)"                          \
	" AND i.opened_wall >= ?3 AND i.opened_wall < ?4 AND i.opened_wall <= ?5"                  \
	" AND (i.opened_wall < ?5 OR s.id > ?6 OR (s.id = ?6 AND i.number < ?7))"                  \
	" AND ?8 & CASE i.state WHEN 'open' THEN 1 WHEN 'acknowledged' THEN 2 ELSE 4 END "
#define INCIDENT_LIST_ORDER "ORDER BY i.opened_wall DESC, s.id, i.number DESC LIMIT ?9"
#define RUNNING_SITES "SELECT number FROM site WHERE id IN (SELECT value FROM json_each(?10))"

#define LOG_SELECT                                                                                 \
	"SELECT l.seq, s.id, l.type, l.device, l.incident, l.\"by\", l.time, l.received,"          \
	" l.steady, b.id, l.data, l.hash"                                                          \
	" FROM ledger l JOIN site s ON s.number = l.site JOIN boot b ON b.number = l.boot "

/* ?1 site, ?2 device, ?3 zone, ?4 type, ?5 type prefix, ?6 incident, ?7 since, ?8 until, ?9 behind
 * this seq, ?10 from this row, ?11 to this row, ?12 limit, ?13 zones, ?14 devices of the zones,
 * both JSON lists. What was edited from outside may be no JSON any more. */
/* clang-format off */
#define LISTED(list) " IN (SELECT value FROM json_each(" #list "))"
#define ANY_LISTED(of, list) "EXISTS (SELECT 1 FROM " of " WHERE value" LISTED(list) ")"
#define OF_ZONE                                                                                    \
	"l.device" LISTED(?14)                                                                     \
	" OR EXISTS (SELECT 1 FROM incident i WHERE i.id = l.incident AND (i.zone" LISTED(?13)     \
	" OR EXISTS (SELECT 1 FROM json_each(i.zone_path) WHERE value = ?3)))"                     \
	" OR CASE WHEN json_valid(l.data) THEN l.data ->> '$.zone'" LISTED(?13)                    \
	" OR l.data ->> '$.what.zone'" LISTED(?13)                                                 \
	" OR " ANY_LISTED("json_each(l.data, '$.zones')", ?13)                                     \
	" OR " ANY_LISTED("json_each(l.data, '$.what.zones')", ?13) " END"
/* clang-format on */
#define LOG_WHERE                                                                                  \
	"(?2 IS NULL OR l.device = ?2)"                                                            \
	" AND (?3 IS NULL OR " OF_ZONE ")"                                                         \
	" AND (?4 IS NULL OR l.type = ?4)"                                                         \
	" AND (?5 IS NULL OR substr(l.type, 1, length(?5)) = ?5)"                                  \
	" AND l.received >= ?7 AND l.received < ?8 "

/* What is over is not tried again, whatever was planned. */
#define DELIVERY_WORD                                                                              \
	"CASE WHEN n.state <> 'queued' AND n.state <> 'sending' AND (d.state = 'retrying'"         \
	" OR (d.state = 'waiting' AND n.state <> 'accepted')) THEN 'expired' ELSE d.state END"
/* ?1 incident, ?2 limit, ?3 ?4 notification and contact to continue behind */
#define DELIVERY_SELECT                                                                            \
	"SELECT n.key, s.id, i.id, n.reason, n.to_kind, n.to_id, n.to_name, n.state, n.number,"    \
	" n.step, n.created_wall, d.contact, d.channel, " DELIVERY_WORD ", d.attempts,"            \
	" d.last_status FROM notification n JOIN site s ON s.number = n.site"                      \
	" LEFT JOIN incident i ON i.key = n.incident"                                              \
	" JOIN delivery d ON d.notification = n.key "
#define DELIVERY_ORDER                                                                             \
	"AND n.key <= ?3 AND (n.key < ?3 OR d.contact > ?4)"                                       \
	" ORDER BY n.key DESC, d.contact LIMIT ?2"

/* As the index says it, so that it is used. */
#define MARKS                                                                                      \
	"(type = 'checkpoint' OR type = 'key' OR type = 'config' OR type = 'service.started'"      \
	" OR type = 'service.stopped')"

/* Likewise, and named where it is used: the planner would rather walk all of a site's. */
#define UNFINISHED "(state = 'queued' OR state = 'sending' OR under_way > 0)"

/* The incidents of a site that a start goes on with. */
#define TO_LOAD                                                                                    \
	"(SELECT key FROM incident WHERE site = ?1 AND state <> 'resolved' UNION"                  \
	" SELECT incident FROM notification WHERE site = ?1 AND " UNFINISHED ")"

#define SIGNAL_COLUMNS "device, device_name, kind, active, time, at, presses"
#define TOLD_COLUMNS "kind, id, acknowledged"

#define LEDGER_ADD                                                                                 \
	"INSERT INTO ledger (site, seq, time, received, steady, boot, type, device, incident,"     \
	" \"by\", data, hash) VALUES "
#define LEDGER_ROW "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define LEDGER_ROWS_4 LEDGER_ROW "," LEDGER_ROW "," LEDGER_ROW "," LEDGER_ROW

static const char *const statements[STATEMENT_COUNT] = {
        [SQL_BEGIN] = "BEGIN IMMEDIATE",
        [SQL_COMMIT] = "COMMIT",
        [SQL_ROLLBACK] = "ROLLBACK",
        [SQL_SITE_FIND] = "SELECT number, head_seq, head_hash, next_notification, next_incident,"
                          " incident_year FROM site WHERE id = ?1",
        [SQL_SITE_ADD] = "INSERT INTO site (number, id, next_notification, next_incident,"
                         " incident_year) VALUES (?1, ?2, ?3, ?4, ?5)",
        [SQL_SITE_UPDATE] = "UPDATE site SET head_seq = ?2, head_hash = ?3, next_notification = ?4,"
                            " next_incident = ?5, incident_year = ?6, head_seal = ?7,"
                            " state_sum = ?8, state_of = ?9 WHERE number = ?1",
        [SQL_SITES] = "SELECT id FROM site ORDER BY number",
        [SQL_SITE_NUMBERS] = "SELECT coalesce(max(number), 0) FROM site",
        [SQL_SITE_SEAL] = "SELECT head_seal FROM site WHERE id = ?1",
        [SQL_SITE_SEALED] = "SELECT id, head_seal, state_sum, state_of, next_notification,"
                            " next_incident, incident_year FROM site WHERE number = ?1",
        [SQL_SITE_LAST_ROW] = "SELECT seq, hash FROM ledger WHERE site = ?1"
                              " ORDER BY seq DESC LIMIT 1",
        [SQL_LEDGER_HASH] = "SELECT hash FROM ledger WHERE site = ?1 AND seq = ?2",
        /* More than one, or not. */
        [SQL_LEDGER_TURNS] = "SELECT 1 + EXISTS (SELECT 1 FROM ledger WHERE site = ?1 AND steady >"
                             " (SELECT steady FROM ledger WHERE site = ?1 ORDER BY seq LIMIT 1))",
        [SQL_ANCHOR_PUT] = "INSERT OR REPLACE INTO anchor (one, boot, boottime, wall, steady)"
                           " VALUES (1, ?1, ?2, ?3, ?4)",
        [SQL_ANCHOR_GET] = "SELECT boot, boottime, wall, steady FROM anchor",
        [SQL_BOOT_ADD] = "INSERT INTO boot (id) VALUES (?1) ON CONFLICT DO NOTHING",
        [SQL_BOOT_FIND] = "SELECT number FROM boot WHERE id = ?1",
        [SQL_LEDGER_ADD] = LEDGER_ADD LEDGER_ROW,
        [SQL_LEDGER_ADD_4] = LEDGER_ADD LEDGER_ROWS_4,
        [SQL_LEDGER_ADD_16] = LEDGER_ADD LEDGER_ROWS_4 "," LEDGER_ROWS_4 "," LEDGER_ROWS_4
                                                       "," LEDGER_ROWS_4,
        [SQL_POLICY_ADD] = "INSERT INTO policy (hash, json) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        [SQL_POLICY_FIND] = "SELECT number FROM policy WHERE hash = ?1",
        [SQL_INCIDENT_PUT] =
                "INSERT INTO incident (site, id, number, kind, severity, state, outcome, zone,"
                " zone_name, zone_path, subject, owner, reported_by, note, resolved_by, cleared,"
                " drill, opened_wall, opened_steady, changed_wall, changed_steady,"
                " acknowledged_wall, acknowledged_steady, resolved_wall, resolved_steady, policy,"
                " round, round_at, step, step_reason, step_pending, step_reached, exhausted,"
                " step_due, resolve_due, on_site, doubted_by, help_by, silent, run)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
                " ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32,"
                " ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40)"
                " ON CONFLICT (id) DO UPDATE SET severity = excluded.severity,"
                " state = excluded.state, outcome = excluded.outcome, owner = excluded.owner,"
                " reported_by = excluded.reported_by, note = excluded.note,"
                " resolved_by = excluded.resolved_by, cleared = excluded.cleared,"
                " drill = excluded.drill, changed_wall = excluded.changed_wall,"
                " changed_steady = excluded.changed_steady,"
                " acknowledged_wall = excluded.acknowledged_wall,"
                " acknowledged_steady = excluded.acknowledged_steady,"
                " resolved_wall = excluded.resolved_wall,"
                " resolved_steady = excluded.resolved_steady, policy = excluded.policy,"
                " round = excluded.round, round_at = excluded.round_at, step = excluded.step,"
                " step_reason = excluded.step_reason, step_pending = excluded.step_pending,"
                " step_reached = excluded.step_reached, exhausted = excluded.exhausted,"
                " step_due = excluded.step_due, resolve_due = excluded.resolve_due,"
                " on_site = excluded.on_site, doubted_by = excluded.doubted_by,"
                " help_by = excluded.help_by, silent = excluded.silent, run = excluded.run",
        [SQL_INCIDENT_KEY] = "SELECT key FROM incident WHERE id = ?1",
        [SQL_SIGNAL_PUT] =
                "INSERT INTO incident_signal (incident, position, device, device_name, kind,"
                " active, time, at, presses) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                " ON CONFLICT (incident, device, kind) DO UPDATE SET active = excluded.active,"
                " time = excluded.time, at = excluded.at, presses = excluded.presses",
        [SQL_TOLD_PUT] = "INSERT INTO told (incident, position, kind, id, acknowledged)"
                         " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (incident, kind, id)"
                         " DO UPDATE SET acknowledged = excluded.acknowledged",
        [SQL_NOTIFICATION_ADD] =
                "INSERT INTO notification (site, number, incident, reason, step, round, to_kind,"
                " to_id, to_name, urgent, at_once, state, failed, possible_duplicate,"
                " created_wall, created_steady, attempts, note, due, digest, run, press,"
                " under_way)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
                " ?17, ?18, ?19, ?20, ?21, ?22, ?23)",
        /* Asked for before: ON CONFLICT looks for it in each index, and RETURNING makes a table of
         * its own each time. */
        [SQL_NOTIFICATION_KEY] = "SELECT key FROM notification WHERE site = ?1 AND number = ?2",
        [SQL_NOTIFICATION_CHANGE] =
                "UPDATE notification SET urgent = ?2, at_once = ?3, state = ?4, failed = ?5,"
                " possible_duplicate = ?6, attempts = ?7, note = ?8, due = ?9, digest = ?10,"
                " run = ?11, under_way = ?12 WHERE key = ?1",
        [SQL_DELIVERY_ADD] =
                "INSERT INTO delivery (notification, contact, channel, place, state, attempts,"
                " given_up, started, due, last_status)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        [SQL_DELIVERY_CHANGE] =
                "UPDATE delivery SET state = ?3, attempts = ?4, given_up = ?5, started = ?6,"
                " due = ?7, last_status = ?8 WHERE notification = ?1 AND contact = ?2",
        [SQL_DEVICE_PUT] =
                "INSERT INTO device_state (site, device, active, known, settled, online,"
                " heard_once, walk_test, heard, changed, tested, fleeting, reset_due, signed_at,"
                " gone)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
                " ON CONFLICT (site, device) DO UPDATE SET active = excluded.active,"
                " known = excluded.known, settled = excluded.settled, online = excluded.online,"
                " heard_once = excluded.heard_once, walk_test = excluded.walk_test,"
                " heard = excluded.heard, changed = excluded.changed, tested = excluded.tested,"
                " fleeting = excluded.fleeting, reset_due = excluded.reset_due,"
                " signed_at = excluded.signed_at, gone = excluded.gone",
        [SQL_STANDING_PUT] =
                "INSERT INTO standing (site, number, type, is_over, since_steady, due, json)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (site, number) DO UPDATE SET"
                " is_over = excluded.is_over, due = excluded.due, json = excluded.json",
        [SQL_STANDING_HID] = "UPDATE standing SET json = json_set(json, '$.hidden',"
                             " coalesce(json ->> '$.hidden', 0) + 1)"
                             " WHERE site = ?1 AND number = ?2",
        [SQL_STANDING_LAST] = "SELECT coalesce(max(number), 0) FROM standing WHERE site = ?1",
        [SQL_STANDINGS_TO_LOAD] = "SELECT since_steady, due, json FROM standing"
                                  " WHERE site = ?1 AND is_over = 0 ORDER BY number",
        [SQL_STANDINGS_LIST] = "SELECT t.json FROM standing t JOIN site s ON s.number = t.site"
                               " WHERE (?1 IS NULL OR s.id = ?1) AND t.type = ?2"
                               " AND (?3 OR t.is_over = 0) ORDER BY t.since_steady DESC,"
                               " t.number DESC",
        [SQL_OUTPUT_PUT] =
                "INSERT OR REPLACE INTO output_state (site, output, topic, on_command,"
                " off_command, retain, is_on, told, number, incident, changed_wall,"
                " changed_steady) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        [SQL_OUTPUTS_GET] = "SELECT output, topic, on_command, off_command, retain, is_on, told,"
                            " number, incident, changed_wall, changed_steady FROM output_state"
                            " WHERE site = ?1 ORDER BY output",
        [SQL_OUTPUTS_LIST] = "SELECT s.id, o.output, o.is_on, o.told, o.incident, o.changed_wall"
                             " FROM output_state o JOIN site s ON s.number = o.site"
                             " WHERE ?1 IS NULL OR s.id = ?1 ORDER BY s.id, o.output",
        [SQL_INCIDENT_GET] = INCIDENT_SELECT "WHERE i.id = ?1",
        [SQL_INCIDENTS_TO_LOAD] = INCIDENT_SELECT "WHERE i.key IN " TO_LOAD " ORDER BY i.key",
        [SQL_INCIDENT_PLACE] = "SELECT i.opened_wall, s.id, i.number FROM incident i"
                               " JOIN site s ON s.number = i.site WHERE i.id = ?1",
        [SQL_INCIDENTS_LIST] = INCIDENT_SELECT INCIDENT_LIST_WHERE
        "AND (i.state = 'resolved' OR i.site NOT IN (" RUNNING_SITES ")) " INCIDENT_LIST_ORDER,
        [SQL_INCIDENTS_UNRESOLVED] = INCIDENT_SELECT INCIDENT_LIST_WHERE
        "AND i.key IN (SELECT key FROM incident WHERE state <> 'resolved'"
        " AND site NOT IN (" RUNNING_SITES ")) " INCIDENT_LIST_ORDER,
        [SQL_INCIDENTS_NUMBERED] = INCIDENT_SELECT INCIDENT_LIST_WHERE
        "AND ?10 IS NULL AND i.key IN (SELECT key FROM incident WHERE number = "
        "?11) " INCIDENT_LIST_ORDER,
        [SQL_SIGNALS_GET] = "SELECT " SIGNAL_COLUMNS
                            " FROM incident_signal WHERE incident = ?1 ORDER BY position",
        [SQL_SIGNALS_TO_LOAD] = "SELECT incident, " SIGNAL_COLUMNS
                                " FROM incident_signal WHERE incident IN " TO_LOAD
                                " ORDER BY incident, position",
        [SQL_TOLD_GET] = "SELECT " TOLD_COLUMNS " FROM told WHERE incident = ?1 ORDER BY position",
        [SQL_TOLD_TO_LOAD] = "SELECT incident, " TOLD_COLUMNS
                             " FROM told WHERE incident IN " TO_LOAD " ORDER BY incident, position",
        [SQL_NOTIFICATIONS_TO_LOAD] =
                "SELECT n.key, n.number, i.id, n.reason, n.step, n.round, n.to_kind, n.to_id,"
                " n.to_name, n.urgent, n.at_once, n.state, n.failed, n.possible_duplicate,"
                " n.created_wall, n.created_steady, n.attempts, n.note, n.due, n.digest, n.run,"
                " n.press FROM (SELECT * FROM notification INDEXED BY notification_unfinished"
                " WHERE site = ?1 AND " UNFINISHED ") n"
                " LEFT JOIN incident i ON i.key = n.incident ORDER BY n.number",
        [SQL_DELIVERIES_GET] = "SELECT channel, place, state, attempts, given_up, started, due,"
                               " last_status FROM delivery WHERE notification = ?1"
                               " ORDER BY contact",
        [SQL_NOTIFICATION_LAST] = "SELECT max(number) FROM notification WHERE site = ?1",
        [SQL_MESSAGES_SEEN] =
                "SELECT device, data, received FROM ledger WHERE site = ?1 AND seq > ?2"
                " AND type = 'signal' ORDER BY seq DESC LIMIT ?3",
        /* The ledger as it lies, where it is all of one site. */
        [SQL_MESSAGES_SEEN_BY_ROW] =
                "SELECT device, data, received FROM ledger WHERE row > ?2 AND +site = ?1"
                " AND type = 'signal' ORDER BY row DESC LIMIT ?3",
        [SQL_ROWS_SINCE] = "SELECT (SELECT row FROM ledger WHERE site = ?1 AND seq > ?2"
                           " ORDER BY seq LIMIT 1), (SELECT max(row) FROM ledger)",
        [SQL_LAST_WORDS] = "SELECT device, data, seq FROM ledger WHERE site = ?1 AND seq > ?2"
                           " AND type = 'signal' AND device IS NOT NULL ORDER BY seq",
        [SQL_LAST_WORDS_BY_ROW] =
                "SELECT device, data, seq FROM ledger WHERE row > ?2 AND +site = ?1"
                " AND type = 'signal' AND device IS NOT NULL ORDER BY row",
        [SQL_DEVICES_GET] = "SELECT device, active, known, settled, online, heard_once, walk_test,"
                            " heard, changed, tested, fleeting, reset_due, signed_at, gone"
                            " FROM device_state"
                            " WHERE site = ?1",
        [SQL_DEVICES_LIST] = "SELECT s.id, d.device, d.active, d.known,"
                             " CASE WHEN d.online IS NOT NULL THEN NOT d.gone END, d.heard,"
                             " d.changed, d.tested, d.walk_test FROM device_state d JOIN site s ON "
                             "s.number = d.site"
                             " WHERE ?1 IS NULL OR s.id = ?1 ORDER BY s.id, d.device",
        [SQL_DELIVERIES_LIST] = DELIVERY_SELECT "WHERE ?1 IS NULL " DELIVERY_ORDER,
        [SQL_DELIVERIES_OF_INCIDENT] = DELIVERY_SELECT
        "WHERE n.incident = (SELECT key FROM incident WHERE id = ?1) " DELIVERY_ORDER,
        /* Neither what was held nor what could not be written at all. */
        [SQL_SENT] = "SELECT channel, steady, retry_after, shut_out FROM (SELECT l.row, l.steady,"
                     " l.data ->> '$.channel' AS channel, l.data ->> '$.result' AS result,"
                     " l.data ->> '$.status' AS status, l.data ->> '$.held' AS held,"
                     " l.data ->> '$.retry_after_ms' AS retry_after,"
                     " l.data ->> '$.shut_out' AS shut_out FROM ledger l"
                     " WHERE l.type = 'delivery' AND l.steady >= ?1"
                     " AND json_valid(l.data)) WHERE channel IS NOT NULL AND held IS NULL"
                     " AND NOT (result = 'refused' AND status IS NULL) ORDER BY steady, row",
        [SQL_LINK_TARGET] = "SELECT s.id, i.id, n.to_kind, n.to_id, n.to_name"
                            " FROM notification n JOIN site s ON s.number = n.site"
                            " LEFT JOIN incident i ON i.key = n.incident"
                            " WHERE n.site = ?1 AND n.number = ?2",
        [SQL_MENTIONS_DEVICE] = "SELECT 1 FROM device_state WHERE device = ?1 UNION ALL"
                                " SELECT 1 FROM ledger WHERE device = ?1 LIMIT 1",
        [SQL_MENTIONS_ZONE] =
                "SELECT 1 FROM incident WHERE zone = ?1 OR EXISTS (SELECT 1 FROM"
                " json_each(zone_path) WHERE value = ?1) UNION ALL SELECT 1 FROM ledger"
                " WHERE CASE WHEN json_valid(data) THEN data ->> '$.zone' = ?1 END LIMIT 1",
        [SQL_MENTIONS_TYPE] = "SELECT 1 FROM ledger WHERE type = ?1 LIMIT 1",
        [SQL_MENTIONS_INCIDENT] = "SELECT 1 FROM incident WHERE id = ?1 UNION ALL"
                                  " SELECT 1 FROM ledger WHERE incident = ?1 LIMIT 1",
        [SQL_LOG_FIRST_ROW] = "SELECT min((SELECT min(row) FROM ledger WHERE site = s.number"
                              " AND received >= ?2)) FROM site s WHERE ?1 IS NULL OR s.id = ?1",
        [SQL_LOG_LAST_ROW] = "SELECT max((SELECT max(row) FROM ledger WHERE site = s.number"
                             " AND received < ?2 AND received >= ?3)) FROM site s"
                             " WHERE ?1 IS NULL OR s.id = ?1",
        [SQL_LOG_ALL] = LOG_SELECT "WHERE " LOG_WHERE "AND l.seq > ?9 AND l.row >= ?10"
                                   " AND l.row <= ?11 ORDER BY l.row LIMIT ?12",
        [SQL_LOG_OF_SITE] = LOG_SELECT
        "WHERE l.site = (SELECT number FROM site WHERE id = ?1) AND " LOG_WHERE
        /* From where the time range begins, wherever ?9 is. */
        "AND l.seq > max(?9, coalesce((SELECT seq - 1 FROM ledger"
        " WHERE row = ?10), 0)) AND l.row <= ?11 ORDER BY l.seq LIMIT ?12",
        [SQL_LOG_OF_INCIDENT] = LOG_SELECT
        "WHERE l.incident = ?6 AND (?1 IS NULL OR s.id = ?1) AND " LOG_WHERE
        "AND l.seq > ?9 AND l.row >= ?10 AND l.row <= ?11"
        " ORDER BY l.row LIMIT ?12",
        [SQL_LOG_UNKNOWN] = LOG_SELECT
        "WHERE l.site = (SELECT number FROM site WHERE id = ?1) AND l.type = 'device.unknown'"
        " ORDER BY l.seq",
        [SQL_LOG_END] = LOG_SELECT
        "WHERE l.row = (SELECT max((SELECT row FROM ledger WHERE site = t.number"
        " ORDER BY seq DESC LIMIT 1)) FROM site t WHERE ?1 IS NULL"
        " OR t.id = ?1)",
        [SQL_MARK_LAST] = "SELECT seq, data FROM ledger WHERE site = ?1 AND type = ?2 AND " MARKS
                          " ORDER BY seq DESC LIMIT 1",
        [SQL_CONFIG_KNOWN] = "SELECT 1 FROM ledger WHERE site = ?1 AND type = 'config' AND " MARKS
                             " AND CASE WHEN json_valid(data) THEN data ->> '$.site_file.hash' = ?2"
                             " AND data ->> '$.site_file.text' IS NOT NULL END LIMIT 1",
        /* From behind what the last pass removed, to the first that is young enough. */
        [SQL_OLD_ENTRIES] =
                "SELECT seq, hash FROM ledger WHERE site = ?1"
                " AND seq > coalesce((SELECT max(last) FROM removed WHERE site = ?1), 0)"
                " AND seq < (SELECT seq FROM ledger WHERE site = ?1 AND received >= ?2"
                " ORDER BY received LIMIT 1)"
                " AND received < ?2 AND incident IS NULL AND type IN ('signal', 'rejected',"
                " 'notification', 'delivery', 'device.online', 'device.offline',"
                " 'device.silent', 'broker.connected', 'broker.disconnected')"
                " ORDER BY seq LIMIT ?3",
        [SQL_LEDGER_REMOVE] = "DELETE FROM ledger WHERE site = ?1 AND seq BETWEEN ?2 AND ?3",
        [SQL_REMOVED_ADD] = "INSERT INTO removed (site, first, last, hash, entry)"
                            " VALUES (?1, ?2, ?3, ?4, ?5)",
        [SQL_REMOVED_BY] = "SELECT first, last, hash FROM removed WHERE site = ?1 AND entry = ?2"
                           " ORDER BY first",
        [SQL_REMOVED_FROM] =
                "SELECT last, hash, entry FROM removed WHERE site = (SELECT number FROM site"
                " WHERE id = ?1) AND first = ?2",
        [SQL_REMOVED_UNSIGNED] =
                "SELECT r.first FROM removed r WHERE r.site = ?1 AND NOT EXISTS (SELECT 1 FROM"
                " ledger l WHERE l.site = r.site AND l.seq = r.entry AND l.type = 'retention')"
                " ORDER BY r.first LIMIT 1",
        [SQL_REMEMBER] = "INSERT OR REPLACE INTO remembered (what, key, until, value)"
                         " VALUES (?1, ?2, ?3, ?4)",
        [SQL_FORGET] = "DELETE FROM remembered WHERE what = ?1 AND until <= max(?2, coalesce("
                       "(SELECT until FROM remembered WHERE what = ?1 ORDER BY until DESC"
                       " LIMIT 1 OFFSET ?3), ?2))",
        [SQL_REMEMBERED_LIST] = "SELECT key, until, value FROM remembered WHERE what = ?1"
                                " AND until > ?2 ORDER BY until DESC",
        [SQL_IMPORTED_ADD] = "INSERT INTO imported (site, first, last, before)"
                             " VALUES (?1, ?2, ?3, ?4)",
        [SQL_IMPORTED_GET] = "SELECT first, last, before FROM imported WHERE site = ?1",
        [SQL_SIGNALS_CLEAR] = "UPDATE incident_signal SET active = 0, time = ?3 WHERE device = ?1"
                              " AND kind = ?2 AND active = 1 AND incident IN"
                              " (SELECT key FROM incident WHERE state <> 'resolved')",
        [SQL_NOTIFICATION_RESULT] =
                "UPDATE notification SET attempts = attempts + 1, state = CASE WHEN ?3 THEN"
                " 'accepted' WHEN state = 'queued' THEN 'sending' ELSE state END"
                " WHERE site = ?1 AND number = ?2",
        [SQL_DELIVERY_RESULT] =
                "UPDATE delivery SET state = ?4, attempts = ?5, last_status = ?6 WHERE notification"
                " = (SELECT key FROM notification WHERE site = ?1 AND number = ?2)"
                " AND contact = ?3",
        [SQL_DEVICE_SAID] =
                "INSERT INTO device_state (site, device, active, known, settled, online,"
                " heard_once, walk_test, heard, changed) VALUES (?1, ?2, ?3 * ?4, ?3, 0, NULL, 1,"
                " 0, ?5, ?5) ON CONFLICT (site, device) DO UPDATE SET known = known | ?3,"
                " active = (active & ~?3) | (?3 * ?4), heard = ?5, changed = ?5",
};

int sql_failure(sqlite3 *db, struct problem *why, const char *doing)
{
	int code = sqlite3_errcode(db), r = -EIO;
	switch (code & 0xff) {
	case SQLITE_FULL:
		r = -ENOSPC;
		break;
	case SQLITE_IOERR:
		if (sqlite3_system_errno(db) == ENOSPC || sqlite3_system_errno(db) == EDQUOT)
			r = -ENOSPC;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		r = -EBUSY;
		break;
	case SQLITE_CONSTRAINT: /* a row that must not be: our own mistake, not the disk's */
	case SQLITE_NOTADB:
		r = -EINVAL;
		break;
	default:
		break;
	}
	return problem_set(why, r, "store: %s: %s", doing, sqlite3_errmsg(db));
}

static sqlite3_stmt *prepared(struct store *store, enum statement which)
{
	sqlite3_stmt **at = &store->statements[which];
	if (!*at)
		(void)sqlite3_prepare_v3(store->db, statements[which], -1,
		                         SQLITE_PREPARE_PERSISTENT, at, NULL);
	return *at;
}

int sql_prepare_turn(struct store *store, struct problem *why)
{
	for (int i = 0; i < SQL_TURN_COUNT; i++)
		if (!prepared(store, (enum statement)i))
			return sql_failure(store->db, why, "preparing");
	return 0;
}

void sql_finish(struct store *store)
{
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
}

struct binder sql_bind(struct store *store, enum statement which)
{
	struct binder out = {.statement = prepared(store, which)};
	if (out.statement)
		(void)sqlite3_reset(out.statement);
	return out;
}

/* A failing bind (only for want of memory) leaves NULL there, which the tables refuse. */
void bind_text(struct binder *at, const char *text)
{
	if (at->statement)
		(void)sqlite3_bind_text(at->statement, ++at->at, text, -1, SQLITE_STATIC);
}

void bind_int(struct binder *at, int64_t number)
{
	if (at->statement)
		(void)sqlite3_bind_int64(at->statement, ++at->at, number);
}

void bind_null(struct binder *at)
{
	if (at->statement)
		(void)sqlite3_bind_null(at->statement, ++at->at);
}

void bind_bool(struct binder *at, bool yes)
{
	bind_int(at, yes ? 1 : 0);
}

void bind_blob(struct binder *at, const void *bytes, size_t len)
{
	if (at->statement)
		(void)sqlite3_bind_blob64(at->statement, ++at->at, bytes, len, SQLITE_STATIC);
}

void bind_moment(struct binder *at, struct moment moment)
{
	bind_int(at, moment.wall);
	bind_int(at, moment.steady);
}

void bind_moment_or_null(struct binder *at, struct moment moment)
{
	if (moment.wall || moment.steady) {
		bind_moment(at, moment);
		return;
	}
	bind_null(at);
	bind_null(at);
}

/* 0 stands for "not set" once loaded; a timer due at the very start of steady time is due just as
 * well 1 ms later. */
void bind_timer(struct binder *at, const struct timer *timer)
{
	steady_ms due = timer_due(timer);
	if (due == NEVER)
		bind_null(at);
	else
		bind_int(at, due > 0 ? due : 1);
}

int sql_next(struct store *store, struct binder *at)
{
	int r = at->statement ? sqlite3_step(at->statement) : sqlite3_errcode(store->db);
	at->at = 0;
	if (r == SQLITE_ROW)
		return 1;
	r = r == SQLITE_DONE ? 0 : sql_failure(store->db, NULL, "reading");
	sql_end(at);
	return r;
}

void sql_end(struct binder *at)
{
	if (at->statement)
		(void)sqlite3_reset(at->statement);
}

int sql_done(struct store *store, struct binder *at, struct problem *why)
{
	int r = at->statement ? sqlite3_step(at->statement) : SQLITE_ERROR;
	if (r != SQLITE_DONE)
		r = sql_failure(store->db, why, "writing");
	else
		r = 0;
	sql_end(at);
	return r;
}

int sql_number(struct store *store, struct binder *at, int64_t *out, struct problem *why)
{
	int r = at->statement ? sqlite3_step(at->statement) : SQLITE_ERROR;
	if (r == SQLITE_DONE) {
		sql_end(at);
		return -ENOENT;
	}
	int64_t number = 0;
	if (r == SQLITE_ROW) {
		number = sqlite3_column_int64(at->statement, 0);
		r = sqlite3_step(at->statement);
	}
	r = r == SQLITE_DONE || r == SQLITE_ROW ? 0 : sql_failure(store->db, why, "writing");
	sql_end(at);
	if (r == 0)
		*out = number;
	return r;
}

const char *read_text(struct binder *at)
{
	return (const char *)sqlite3_column_text(at->statement, at->at++);
}

int64_t read_int(struct binder *at)
{
	return sqlite3_column_int64(at->statement, at->at++);
}

uint32_t read_u32(struct binder *at)
{
	int64_t number = read_int(at);
	return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

bool read_bool(struct binder *at)
{
	return read_int(at) != 0;
}

struct moment read_moment(struct binder *at)
{
	struct moment moment;
	moment.wall = read_int(at);
	moment.steady = read_int(at);
	return moment;
}

void read_hash(struct binder *at, uint8_t out[SHA256_LEN])
{
	const void *bytes = sqlite3_column_blob(at->statement, at->at);
	int len = sqlite3_column_bytes(at->statement, at->at++);
	memset(out, 0, SHA256_LEN);
	if (bytes && len == SHA256_LEN)
		memcpy(out, bytes, SHA256_LEN);
}

steady_ms read_due(struct binder *at)
{
	return read_int(at);
}
