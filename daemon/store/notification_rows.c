/* The outbox: notifications and their deliveries, to rows and back. */
#include <errno.h>
#include <string.h>

#include "store/sql.h"

static void bind_attempts(struct binder *at, const struct delivery *delivery)
{
	bind_text(at, delivery_state_name(delivery->state));
	bind_int(at, delivery->attempts);
	bind_bool(at, delivery->given_up);
	bind_int(at, delivery->started);
	bind_int(at, delivery->due);
	bind_int(at, delivery->last_status);
}

static int add_delivery(struct store *store, int64_t key, uint32_t contact,
                        const struct delivery *delivery, struct problem *why)
{
	struct binder at = sql_bind(store, SQL_DELIVERY_ADD);
	bind_int(&at, key);
	bind_int(&at, contact);
	bind_text(&at, delivery->channel);
	bind_int(&at, delivery->place);
	bind_attempts(&at, delivery);
	return sql_done(store, &at, why);
}

static int put_delivery(struct store *store, int64_t key, uint32_t contact,
                        const struct delivery *delivery, struct problem *why)
{
	struct binder at = sql_bind(store, SQL_DELIVERY_CHANGE);
	bind_int(&at, key);
	bind_int(&at, contact);
	bind_attempts(&at, delivery);
	int r = sql_done(store, &at, why);
	bool is_there = r == 0 && sqlite3_changes(store->db) > 0;
	return r < 0 || is_there ? r : add_delivery(store, key, contact, delivery, why);
}

static uint32_t count_under_way(const struct notification *notification)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < notification->delivery_count; i++)
		count += notification->deliveries[i].state == DELIVERY_SENDING;
	return count;
}

static void bind_notification(struct binder *at, uint32_t site,
                              const struct notification *notification, int64_t incident)
{
	bind_int(at, site);
	bind_int(at, (int64_t)notification->number);
	if (incident)
		bind_int(at, incident);
	else
		bind_null(at);
	bind_text(at, reason_name(notification->reason));
	bind_int(at, notification->step);
	bind_int(at, notification->round);
	bind_text(at, recipient_kind_name(notification->to_kind));
	bind_text(at, notification->to_id);
	bind_text(at, notification->to_name);
	bind_bool(at, notification->urgent);
	bind_bool(at, notification->at_once);
	bind_text(at, notification_state_name(notification->state));
	bind_bool(at, notification->failed);
	bind_bool(at, notification->possible_duplicate);
	bind_moment(at, notification->created);
	bind_int(at, notification->attempts);
	bind_text(at, notification->note);
	bind_timer(at, &notification->due);
	bind_int(at, notification->digest);
	bind_int(at, notification->run);
	bind_bool(at, notification->press);
	bind_int(at, count_under_way(notification));
}

static int find_incident(struct store *store, const struct notification *notification, int64_t *key,
                         struct problem *why)
{
	const char *id = notification->incident->id;
	int r = incident_key(store, id, key, why);
	if (r == -ENOENT)
		return problem_set(why, -EINVAL,
		                   "store: a notification of incident %s, which was never written",
		                   id);
	return r;
}

static int add_notification(struct store *store, uint32_t site,
                            const struct notification *notification, struct problem *why)
{
	int64_t incident = 0;
	int r = notification->incident ? find_incident(store, notification, &incident, why) : 0;
	if (r < 0)
		return r;
	struct binder at = sql_bind(store, SQL_NOTIFICATION_ADD);
	bind_notification(&at, site, notification, incident);
	r = sql_done(store, &at, why);
	int64_t key = sqlite3_last_insert_rowid(store->db);
	for (uint32_t i = 0; r == 0 && i < notification->delivery_count; i++)
		r = add_delivery(store, key, i, &notification->deliveries[i], why);
	return r;
}

static int change_notification(struct store *store, int64_t key,
                               const struct notification *notification, struct problem *why)
{
	struct binder at = sql_bind(store, SQL_NOTIFICATION_CHANGE);
	bind_int(&at, key);
	bind_bool(&at, notification->urgent);
	bind_bool(&at, notification->at_once);
	bind_text(&at, notification_state_name(notification->state));
	bind_bool(&at, notification->failed);
	bind_bool(&at, notification->possible_duplicate);
	bind_int(&at, notification->attempts);
	bind_text(&at, notification->note);
	bind_timer(&at, &notification->due);
	bind_int(&at, notification->digest);
	bind_int(&at, notification->run);
	bind_int(&at, count_under_way(notification));
	int r = sql_done(store, &at, why);
	for (uint32_t i = 0; r == 0 && i < notification->delivery_count; i++)
		r = put_delivery(store, key, i, &notification->deliveries[i], why);
	return r;
}

int notification_put(struct store *store, uint32_t site, const struct notification *notification,
                     struct problem *why)
{
	int64_t key;
	struct binder at = sql_bind(store, SQL_NOTIFICATION_KEY);
	bind_int(&at, site);
	bind_int(&at, (int64_t)notification->number);
	int r = sql_number(store, &at, &key, why);
	if (r == -ENOENT)
		return add_notification(store, site, notification, why);
	return r < 0 ? r : change_notification(store, key, notification, why);
}

/* ---- and back ---- */

static int get_deliveries(struct store *store, int64_t key, struct notification *notification)
{
	struct binder at = sql_bind(store, SQL_DELIVERIES_GET);
	bind_int(&at, key);
	int r;
	while ((r = sql_next(store, &at)) > 0 && notification->delivery_count < CONTACTS_MAX) {
		struct delivery *delivery =
		        &notification->deliveries[notification->delivery_count++];
		delivery->channel = mem_copy(read_text(&at));
		delivery->place = read_u32(&at);
		delivery->state = delivery_state_from_name(read_text(&at));
		delivery->attempts = read_u32(&at);
		delivery->given_up = read_bool(&at);
		delivery->started = read_int(&at);
		delivery->due = read_int(&at);
		delivery->last_status = (int32_t)read_int(&at);
	}
	sql_end(&at);
	return r < 0 ? r : 0;
}

static int get_notification(struct store *store, struct binder *at, struct site *site)
{
	struct notification *notification = notification_create();
	int64_t key = read_int(at);
	notification->number = (uint64_t)read_int(at);
	const char *incident = read_text(at);
	notification->incident = incident ? site_incident(site, incident) : NULL;
	notification->reason = reason_from_name(read_text(at));
	notification->step = read_u32(at);
	notification->round = read_u32(at);
	notification->to_kind = strcmp(read_text(at), "channel") == 0 ? RECIPIENT_CHANNEL
	                                                              : RECIPIENT_PERSON;
	notification->to_id = mem_copy(read_text(at));
	notification->to_name = mem_copy(read_text(at));
	notification->urgent = read_bool(at);
	notification->at_once = read_bool(at);
	notification->state = notification_state_from_name(read_text(at));
	notification->failed = read_bool(at);
	notification->possible_duplicate = read_bool(at);
	notification->created = read_moment(at);
	notification->attempts = read_u32(at);
	notification->note = mem_copy(read_text(at));
	notification->due.due = read_due(at);
	notification->digest = read_int(at);
	notification->run = read_u32(at);
	notification->press = read_bool(at);
	int r = get_deliveries(store, key, notification);
	if (r == 0 && incident && !notification->incident)
		r = -EIO; /* its incident was loaded before, or the file is damaged */
	if (r < 0) {
		notification_destroy(notification);
		return r;
	}
	site_adopt_notification(site, notification);
	return 0;
}

int notifications_load(struct store *store, struct site *site)
{
	struct binder at = sql_bind(store, SQL_NOTIFICATIONS_TO_LOAD);
	bind_int(&at, site->store_id);
	int r;
	while ((r = sql_next(store, &at)) > 0) {
		r = get_notification(store, &at, site);
		if (r < 0)
			break;
	}
	sql_end(&at);
	return r;
}
