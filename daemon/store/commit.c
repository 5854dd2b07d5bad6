/* A turn, in one transaction with one fsync. Heads move in memory only once it is on disk. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/ledger.h"
#include "store/reserve.h"
#include "store/retention.h"
#include "store/sql.h"

struct site_head *store_site_head(struct store *store, uint32_t site)
{
	if (site >= store->head_cap) {
		uint32_t cap = site + 8;
		store->heads = mem_grow(store->heads, cap, sizeof *store->heads);
		memset(store->heads + store->head_cap, 0,
		       (cap - store->head_cap) * sizeof *store->heads);
		store->head_cap = cap;
	}
	return &store->heads[site];
}

struct ledger_head store_head(const struct store *store, uint32_t site)
{
	return site < store->head_cap ? store->heads[site].head : (struct ledger_head){0};
}

int store_find_boot(struct store *store, const char *boot, struct problem *why)
{
	if (store->boot_number && strcmp(store->boot, boot) == 0)
		return 0;
	struct binder add = sql_bind(store, SQL_BOOT_ADD);
	bind_text(&add, boot);
	int r = sql_done(store, &add, why);
	if (r < 0)
		return r;
	struct binder find = sql_bind(store, SQL_BOOT_FIND);
	bind_text(&find, boot);
	r = sql_number(store, &find, &store->boot_number, why);
	if (r == 0)
		snprintf(store->boot, sizeof store->boot, "%s", boot);
	return r;
}

static void bind_row(struct binder *at, const struct store *store, const struct ledger_row *row)
{
	bind_int(at, store->queue.site);
	bind_int(at, (int64_t)row->seq);
	bind_int(at, row->time);
	bind_int(at, row->received);
	bind_int(at, row->steady);
	bind_int(at, store->boot_number);
	bind_text(at, row->type);
	bind_text(at, row->device);
	bind_text(at, row->incident);
	bind_text(at, row->by);
	bind_text(at, row->data);
	bind_blob(at, row->hash, sizeof row->hash);
}

static int insert_rows(struct store *store, uint32_t from, uint32_t count, struct problem *why)
{
	struct binder at = sql_bind(store, count == 16  ? SQL_LEDGER_ADD_16
	                                   : count == 4 ? SQL_LEDGER_ADD_4
	                                                : SQL_LEDGER_ADD);
	for (uint32_t i = from; i < from + count; i++)
		bind_row(&at, store, &store->queue.rows[i]);
	return sql_done(store, &at, why);
}

int ledger_flush(struct store *store, struct problem *why)
{
	struct ledger_queue *queue = &store->queue;
	int r = 0;
	for (uint32_t done = 0, step; r == 0 && done < queue->count; done += step) {
		uint32_t left = queue->count - done;
		step = left == LEDGER_ROWS_MAX ? left : left >= 4 ? 4 : 1;
		r = insert_rows(store, done, step, why);
	}
	queue->count = 0;
	return r;
}

int ledger_add(struct store *store, const struct site *site, struct ledger_head *head,
               const struct entry *entry, struct problem *why)
{
	struct ledger_queue *queue = &store->queue;
	struct ledger_row *row = &queue->rows[queue->count++];
	*row = (struct ledger_row){
	        .seq = head->seq + 1,
	        .site = site->def->id,
	        .type = entry->type,
	        .device = entry->device,
	        .incident = entry->incident,
	        .by = entry->by,
	        .time = entry->time,
	        .received = entry->now.wall,
	        .steady = entry->now.steady,
	        .boot = store->boot,
	        .data = entry->data,
	};
	queue->site = site->store_id;
	uint8_t before[SHA256_LEN];
	if (head->seq)
		memcpy(before, head->hash, sizeof before);
	else
		ledger_genesis(store->sha, row->site, before);
	ledger_hash(store->sha, row, before, row->hash);
	head->seq = row->seq;
	memcpy(head->hash, row->hash, sizeof head->hash);
	return queue->count == LEDGER_ROWS_MAX ? ledger_flush(store, why) : 0;
}

static int put_device(struct store *store, const struct site *site, uint32_t position,
                      struct problem *why)
{
	const struct device_state *state = &site->devices[position];
	struct binder at = sql_bind(store, SQL_DEVICE_PUT);
	bind_int(&at, site->store_id);
	bind_text(&at, site->def->devices[position].id);
	bind_int(&at, state->active);
	bind_int(&at, state->known);
	bind_int(&at, state->settled);
	if (state->online_known)
		bind_bool(&at, state->online);
	else
		bind_null(&at);
	bind_bool(&at, state->heard_once);
	bind_bool(&at, state->walk_test);
	bind_int(&at, state->heard);
	bind_int(&at, state->changed);
	bind_int(&at, state->tested);
	bind_int(&at, state->fleeting);
	bind_int(&at, state->fleeting ? state->extra->reset.due : 0);
	bind_int(&at, device_signed_at(state));
	bind_bool(&at, state->gone);
	return sql_done(store, &at, why);
}

static int put_site(struct store *store, const struct site *site, struct site_head *heads,
                    struct moment now, struct problem *why)
{
	const struct ledger_head *head = &heads->next;
	struct binder at = sql_bind(store, SQL_SITE_UPDATE);
	bind_int(&at, site->store_id);
	bind_int(&at, (int64_t)head->seq);
	if (head->seq)
		bind_blob(&at, head->hash, sizeof head->hash);
	else
		bind_null(&at);
	bind_int(&at, (int64_t)site->next_notification);
	bind_int(&at, site->next_incident);
	bind_int(&at, site->incident_year);
	bind_text(&at, sealing_head_line(store, site, heads, now.wall));
	if (store->signs)
		bind_blob(&at, heads->next_sum.bytes, sizeof heads->next_sum.bytes);
	else
		bind_null(&at);
	bind_int(&at, store->signs ? STATE_VERSION : 0);
	return sql_done(store, &at, why);
}

static int add_site(struct store *store, const struct site *site, struct problem *why)
{
	struct binder at = sql_bind(store, SQL_SITE_ADD);
	bind_int(&at, site->store_id);
	bind_text(&at, site->def->id);
	bind_int(&at, (int64_t)site->next_notification);
	bind_int(&at, site->next_incident);
	bind_int(&at, site->incident_year);
	return sql_done(store, &at, why);
}

static int put_state(struct store *store, const struct site *site, const struct plan *plan,
                     struct problem *why)
{
	int r = 0;
	for (uint32_t i = 0; r == 0 && i < plan->incident_count; i++)
		r = incident_put(store, site->store_id, plan->incidents[i], why);
	for (uint32_t i = 0; r == 0 && i < plan->notification_count; i++)
		r = notification_put(store, site->store_id, plan->notifications[i], why);
	for (uint32_t i = 0; r == 0 && i < plan->device_count; i++)
		r = put_device(store, site, plan->devices[i], why);
	for (uint32_t i = 0; r == 0 && i < plan->standing_count; i++)
		r = standing_put(store, site, plan->standings[i], why);
	for (uint32_t i = 0; r == 0 && i < plan->output_count; i++)
		r = output_put(store, site, plan->outputs[i], why);
	return r;
}

/* What is written counts for the sum that the commit seals. */
static int sum_state(struct store *store, const struct site *site, const struct plan *plan,
                     struct site_head *head, struct problem *why)
{
	summing_into(store->summing, &head->next_sum);
	int r = put_state(store, site, plan, why);
	bool whole = summing_is_whole(store->summing);
	summing_into(store->summing, NULL);
	return r < 0 || whole ? r : problem_set(why, -EIO, "store: a row cannot be summed up");
}

static int commit_site(struct store *store, const struct site_turn *turn, const struct turn *all,
                       struct problem *why)
{
	struct moment now = all->anchor.moment;
	const struct site *site = turn->site;
	const struct plan *plan = turn->plan;
	struct site_head *head = store_site_head(store, site->store_id);
	assert(head->known); /* only a loaded site is committed */
	int r = head->is_new ? add_site(store, site, why) : 0;
	for (uint32_t i = 0; r == 0 && i < plan->entry_count; i++) {
		r = ledger_add(store, site, &head->next, &plan->entries[i], why);
		if (r == 0)
			r = sealing_entry_added(store, site, head, &plan->entries[i], why);
	}
	int removed = r == 0 && all->keep ? retention_pass(store, site, head, now, why) : 0;
	r = removed < 0 ? removed : r;
	if (r == 0)
		r = sealing_site_done(store, site, head, now, all->seal || removed, why);
	if (r == 0)
		r = ledger_flush(store, why);
	if (r == 0)
		r = sum_state(store, site, plan, head, why);
	return r == 0 ? put_site(store, site, head, now, why) : r;
}

static int put_anchor(struct store *store, const struct clock_anchor *anchor, struct problem *why)
{
	struct binder at = sql_bind(store, SQL_ANCHOR_PUT);
	bind_text(&at, anchor->boot);
	bind_int(&at, anchor->boottime);
	bind_int(&at, anchor->moment.wall);
	bind_int(&at, anchor->moment.steady);
	return sql_done(store, &at, why);
}

static int write_turn(struct store *store, const struct turn *turn, struct problem *why)
{
	struct binder begin = sql_bind(store, SQL_BEGIN);
	int r = sql_done(store, &begin, why);
	if (r == 0)
		r = store_find_boot(store, turn->anchor.boot, why);
	for (uint32_t i = 0; r == 0 && i < turn->count; i++)
		r = commit_site(store, &turn->sites[i], turn, why);
	for (uint32_t i = 0; r == 0 && i < turn->remembered_count; i++)
		r = remembered_put(store, &turn->remembered[i], turn->anchor.moment.wall, why);
	if (r == 0)
		r = put_anchor(store, &turn->anchor, why);
	if (r < 0)
		return r;
	struct binder commit = sql_bind(store, SQL_COMMIT);
	return sql_done(store, &commit, why);
}

/* Some failures have rolled back by themselves. */
static void roll_back(struct store *store)
{
	if (!sqlite3_get_autocommit(store->db)) {
		struct binder at = sql_bind(store, SQL_ROLLBACK);
		(void)!sql_done(store, &at, NULL);
	}
	store->boot_number = 0; /* its row may be gone again */
}

static int try_turn(struct store *store, const struct turn *turn, struct problem *why)
{
	store->queue.count = 0; /* of a turn that failed */
	store->incident[0] = '\0';
	store->keep_left = false;
	for (uint32_t i = 0; i < store->head_cap; i++) {
		struct site_head *head = &store->heads[i];
		head->next = head->head;
		head->next_sealed = head->sealed;
		head->next_unsealed = head->unsealed_since;
		head->next_seal = head->seal;
		head->next_sum = head->sum;
		text_reset(&head->line);
	}
	int r = write_turn(store, turn, why);
	if (r < 0)
		roll_back(store);
	return r;
}

int store_commit(struct store *store, const struct turn *turn, struct problem *why)
{
	assert(store->mode == STORE_WRITE);
	checkpoint_hold(store->checkpointer);
	int r = try_turn(store, turn, why);
	if (r == -ENOSPC && store->has_reserve) {
		store->has_reserve = false;
		if (reserve_give_up(store->path))
			r = try_turn(store, turn, why);
	}
	checkpoint_release(store->checkpointer);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < store->head_cap; i++)
		store->heads[i].head = store->heads[i].next;
	for (uint32_t i = 0; i < turn->count; i++)
		store->heads[turn->sites[i].site->store_id].is_new = false;
	sealing_committed(store, turn);
	if (turn->keep)
		retention_passed(store, turn->anchor.moment.steady);
	return 0;
}

bool store_has_reserve(const struct store *store)
{
	return store->has_reserve;
}

int store_keep_reserve(struct store *store)
{
	int r = reserve_keep(store->path);
	store->has_reserve = r == 0;
	return r;
}
