/* floors: decide */
/* Years of alarms in three time zones, on the virtual clock: duty that changes twice a day, at half
 * past two in the night among others; people who are ill, swap, hear their phone or not; channels
 * that fail for hours. Alarms come at any minute, and often around a change of duty. At every
 * instant three things hold:
 *
 *   1. of an open critical incident somebody has been told in this round, or is being told;
 *   2. no step comes later than its second, by more than a second;
 *   3. nobody is told twice for one reason.
 *
 * One year for each zone; with TOCSIN_ALL set in the environment ten of them. */
#include <errno.h>

#include "story.h"

#define RESULTS_MAX 512
#define DEEDS_MAX 512
#define BOOKS_MAX 256

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)(seed >> 4) * n) >> 28);
}

struct later { /* an answer of the courier, or what somebody is going to do */
	steady_ms at;
	struct push push;
	enum verdict verdict;
	struct operation op;
	char incident[INCIDENT_ID_MAX];
};

struct book { /* what is known of an incident from its entries alone */
	char id[INCIDENT_ID_MAX];
	bool open, told; /* told: somebody has it, in this round */
	steady_ms round_at, next_step;
	uint32_t round, keys[256], key_count;
};

struct years {
	struct story s;
	struct later results[RESULTS_MAX], deeds[DEEDS_MAX];
	uint32_t result_count, deed_count;
	struct book books[BOOKS_MAX]; /* a ring: the oldest are over */
	uint32_t book_count;
	steady_ms next_alarm, next_override, next_outage, outage_ends;
	const char *out; /* of order */
	uint32_t incidents, handovers, skipped, repeats, reopened, overrides;
};

static const char *const people[] = {"qian", "zhao", "li", "sun", "wu"};

/* ---- the school ---- */

static struct site_def *school_in(const char *zone)
{
	struct site_def *def = story_def();
	assert_int_equal(timezone_load(zone, &def->arena, &def->timezone), 0);
	for (uint32_t i = 0; i < 2; i++) {
		struct rota *rota = &def->posts[i].rota;
		rota->every = HOURS(12);
		rota->count = 2;
		rota->from = (struct civil){
		        .year = 2026, .month = 1, .day = 5, .hour = 2, .minute = 30};
	}
	uint32_t *wu = ARENA_ARRAY(&def->arena, uint32_t, 1);
	*wu = 4;
	def->posts[0].rota.turns[1] = (struct crew){wu, 1};
	/* The leaders take over only in spring: until then nobody holds the post. */
	def->posts[1].rota.from.year = 2027;
	def->posts[1].rota.from.month = 3;
	def->policies[1] = story_policy(&def->arena, "fire-confirmed", INCIDENT_FIRE,
	                                SEVERITY_CRITICAL, SECONDS(60), "duty:leader",
	                                "duty:guard zone-owner", "person:sun");
	def->policies[0].repeat = SECONDS(97);
	return def;
}

/* ---- the books ---- */

static struct book *find_book(struct years *y, const char *id)
{
	for (uint32_t i = 0; i < BOOKS_MAX; i++)
		if (strcmp(y->books[i].id, id) == 0)
			return &y->books[i];
	return NULL;
}

static void begin_round(struct years *y, struct book *book)
{
	const struct incident *incident = site_incident(y->s.site, book->id);
	book->open = true;
	book->told = false;
	book->round++;
	book->round_at = y->s.now.steady;
	book->next_step = book->round_at + incident->policy->steps[0].after;
}

static void on_step(struct years *y, struct book *book, const cJSON *data)
{
	const struct policy *policy = site_incident(y->s.site, book->id)->policy;
	int64_t step;
	assert_true(json_int(data, "step", &step));
	if (json_string(data, "name"))
		return;
	assert_true(book->open);
	if (y->s.now.steady > book->next_step + SECONDS(1))
		fail_msg("%s: step %d came %d ms late", book->id, (int)step,
		         (int)(y->s.now.steady - book->next_step));
	bool more = step < policy->count;
	y->repeats += strcmp(json_string(data, "reason"), "repeated") == 0;
	book->next_step = more ? book->round_at + policy->steps[step].after
	                       : y->s.now.steady + policy->repeat;
	if (book->next_step < y->s.now.steady) /* it was called early: now it is behind */
		book->next_step = y->s.now.steady;
}

/* Nobody was reached: the next step's second has come. Behind the last one the repeats go on. */
static void on_gap(struct years *y, struct book *book, const cJSON *data)
{
	const struct policy *policy = site_incident(y->s.site, book->id)->policy;
	int64_t step;
	assert_true(json_int(data, "step", &step));
	y->skipped++;
	if (book->open && step < policy->count)
		book->next_step = y->s.now.steady;
}

/* Once a step and round for the steps, once for what is said of the whole. */
static void on_notification(struct years *y, struct book *book, const cJSON *data)
{
	const char *reason = json_string(data, "reason");
	const char *to = json_string(json_get(data, "to"), "id");
	int64_t step;
	assert_true(json_int(data, "step", &step));
	if (strcmp(reason, "handover") == 0)
		y->handovers++;
	/* The last resort, behind the last step, is asked again with each repeat that fails. */
	if (step > site_incident(y->s.site, book->id)->policy->count ||
	    strcmp(reason, "repeated") == 0 || strcmp(reason, "joined") == 0 ||
	    strcmp(reason, "handover") == 0 || strcmp(reason, "acknowledged") == 0)
		return;
	char text[200];
	snprintf(text, sizeof text, "%s/%s/%u/%d", reason, to, book->round, (int)step);
	uint32_t key = (uint32_t)index_hash(text);
	for (uint32_t i = 0; i < book->key_count; i++)
		if (book->keys[i] == key)
			fail_msg("%s: told twice: %s", book->id, text);
	if (book->key_count < 256)
		book->keys[book->key_count++] = key;
}

static void read_entry(struct years *y, const struct entry *e)
{
	cJSON *data = NULL;
	if (!e->incident)
		return;
	if (strcmp(e->type, "incident.opened") == 0) {
		struct book *book = &y->books[y->book_count++ % BOOKS_MAX];
		assert_false(book->open);
		*book = (struct book){0};
		snprintf(book->id, sizeof book->id, "%s", e->incident);
		begin_round(y, book);
		y->incidents++;
		return;
	}
	struct book *book = find_book(y, e->incident);
	if (!book)
		return;
	assert_int_equal(json_parse(e->data, strlen(e->data), &data, NULL), 0);
	if (strcmp(e->type, "incident.raised") == 0 || strcmp(e->type, "incident.reopened") == 0) {
		y->reopened += strcmp(e->type, "incident.reopened") == 0;
		begin_round(y, book);
	} else if (strcmp(e->type, "incident.acknowledged") == 0 ||
	           strcmp(e->type, "incident.resolved") == 0) {
		book->open = false;
	} else if (strcmp(e->type, "step") == 0) {
		on_step(y, book, data);
	} else if (strcmp(e->type, "gap") == 0) {
		on_gap(y, book, data);
	} else if (strcmp(e->type, "notification") == 0) {
		on_notification(y, book, data);
	}
	cJSON_Delete(data);
}

/* ---- what holds at every instant ---- */

static bool is_being_told(const struct site *site, const struct incident *incident)
{
	for (uint32_t i = 0; i < site->notification_count; i++) {
		const struct notification *n = site->notifications[i];
		if (n->incident != incident || n->state != NOTIFICATION_SENDING)
			continue;
		for (uint32_t k = 0; k < n->delivery_count; k++)
			if (n->deliveries[k].state == DELIVERY_SENDING ||
			    n->deliveries[k].state == DELIVERY_RETRYING)
				return true;
	}
	return false;
}

static void check(struct years *y)
{
	for (uint32_t i = 0; i < y->s.site->incident_count; i++) {
		const struct incident *incident = y->s.site->incidents[i];
		const struct book *book = find_book(y, incident->id);
		if (incident->state != STATE_OPEN || !book)
			continue;
		if (y->s.now.steady > book->next_step + SECONDS(1))
			fail_msg("%s: a step is due since %d ms", incident->id,
			         (int)(y->s.now.steady - book->next_step));
		if (incident->severity == SEVERITY_CRITICAL && !book->told &&
		    !is_being_told(y->s.site, incident))
			fail_msg("%s is open and critical, and nobody knows", incident->id);
	}
}

/* ---- the courier and the people ---- */

static void will_answer(struct years *y, const struct push *push)
{
	struct later later = {.at = y->s.now.steady + 50 + random_below(3000),
	                      .push = *push,
	                      .verdict = VERDICT_ACCEPTED};
	if (y->out && strcmp(push->channel, y->out) == 0) {
		uint32_t how = random_below(3);
		later.verdict = how == 0 ? VERDICT_BROKEN : VERDICT_RETRY;
		later.at += how == 2 ? SECONDS(15) : 0;
	} else if (random_below(20) == 0) {
		later.verdict = VERDICT_RETRY;
	}
	assert_true(y->result_count < RESULTS_MAX);
	y->results[y->result_count++] = later;
}

static void will_do(struct years *y, enum operation_type type, const char *by, const char *incident,
                    span_ms in)
{
	struct later later = {.at = y->s.now.steady + in,
	                      .op = {.type = type, .by = by, .outcome = OUTCOME_REAL}};
	snprintf(later.incident, sizeof later.incident, "%s", incident);
	if (y->deed_count < DEEDS_MAX)
		y->deeds[y->deed_count++] = later;
}

static void end_of_turn(struct years *y)
{
	struct story *s = &y->s;
	for (uint32_t i = 0; i < s->plan.entry_count; i++)
		read_entry(y, &s->plan.entries[i]);
	s->push_count = 0;
	text_reset(&s->log);
	end_turn(s);
	for (uint32_t i = 0; i < s->push_count; i++)
		will_answer(y, &s->pushes[i]);
	check(y);
}

static void answer(struct years *y, uint32_t at)
{
	struct later later = y->results[at];
	y->results[at] = y->results[--y->result_count];
	struct notification *n = site_notification(y->s.site, later.push.notification);
	char incident[INCIDENT_ID_MAX] = "";
	bool asks = n && n->incident && n->urgent;
	if (n && n->incident)
		snprintf(incident, sizeof incident, "%s", n->incident->id);
	struct book *book = find_book(y, incident);
	if (later.verdict == VERDICT_ACCEPTED && book && n->round == book->round)
		book->told = true;
	struct event event = {.type = EVENT_DELIVERY,
	                      .delivery = {.notification = later.push.notification,
	                                   .contact = later.push.contact,
	                                   .attempt = later.push.attempt,
	                                   .verdict = later.verdict,
	                                   .status = 503}};
	assert_int_equal(site_apply(y->s.site, &event, y->s.now, &y->s.plan, &y->s.why), 0);
	end_of_turn(y);
	if (later.verdict != VERDICT_ACCEPTED || !asks)
		return;
	for (uint32_t i = 0; i < 5; i++) {
		if (strcmp(people[i], later.push.to) != 0)
			continue;
		uint32_t how = random_below(100);
		if (how < 25)
			will_do(y, OPERATION_ACK, people[i], incident,
			        SECONDS(4 + random_below(600)));
		if (how < 12)
			will_do(y, OPERATION_RESOLVE, people[i], incident,
			        SECONDS(60 + random_below(3600)));
	}
}

static void operate_now(struct years *y, struct operation op)
{
	int r = site_apply(y->s.site, &(struct event){.type = EVENT_OPERATION, .operation = op},
	                   y->s.now, &y->s.plan, &y->s.why);
	if (r < 0 && r != -ENOENT && r != -EALREADY)
		fail_msg("%s: %s", operation_name(op.type), y->s.why.text);
	end_of_turn(y);
}

static void do_deed(struct years *y, uint32_t at)
{
	struct later deed = y->deeds[at];
	y->deeds[at] = y->deeds[--y->deed_count];
	deed.op.incident = deed.incident;
	operate_now(y, deed.op);
}

/* ---- what happens ---- */

static void alarm(struct years *y)
{
	static const struct {
		const char *device;
		enum kind kind;
	} alarms[] = {{"smoke-301", KIND_SMOKE},
	              {"sos-gate", KIND_PANIC},
	              {"fence-west", KIND_PERIMETER}};
	uint32_t which = random_below(3);
	uint32_t devices = which == 0 && random_below(2) ? 2 : 1; /* the second: a certain fire */
	for (uint32_t i = 0; i < devices; i++)
		for (int active = 1; active >= 0; active--) {
			struct event event = {
			        .type = EVENT_SIGNAL,
			        .signal = {.device = i ? "smoke-302" : alarms[which].device,
			                   .kind = alarms[which].kind,
			                   .active = active != 0}};
			assert_int_equal(
			        site_apply(y->s.site, &event, y->s.now, &y->s.plan, &y->s.why), 0);
			end_of_turn(y);
		}
	/* Whoever it was, in the end somebody closes the book. */
	for (uint32_t i = 0; i < y->s.site->incident_count; i++)
		if (y->s.site->incidents[i]->state != STATE_RESOLVED)
			will_do(y, OPERATION_RESOLVE, "sun", y->s.site->incidents[i]->id,
			        MINUTES(20 + random_below(100)));
	/* Half of the next ones fall into the minutes around a change of duty. */
	span_ms wait = MINUTES(60 + random_below(20 * 60));
	wall_ms change = duty_next_change(y->s.def, &y->s.site->duty, 0, y->s.now.wall + wait);
	if (random_below(2) && change != NEVER)
		wait = change - y->s.now.wall - MINUTES(10) + MINUTES(random_below(20));
	y->next_alarm = y->s.now.steady + (wait > 0 ? wait : MINUTES(1));
}

static void override(struct years *y)
{
	bool swap = random_below(3) == 0;
	const char *names[] = {people[random_below(4)], "wu"};
	wall_ms from = y->s.now.wall + MINUTES(random_below(1440));
	y->overrides++;
	operate_now(y, (struct operation){.type = OPERATION_DUTY_OVERRIDE,
	                                  .by = "sun",
	                                  .post = random_below(2) ? "leader" : "guard",
	                                  .people = names,
	                                  .people_count = swap ? 2 : 1,
	                                  .swap = swap,
	                                  .from = from,
	                                  .until = from + MINUTES(1 + random_below(3 * 1440))});
	y->next_override = y->s.now.steady + HOURS(4 + random_below(80));
}

static void outage(struct years *y)
{
	y->out = random_below(2) ? "phone" : "backup";
	y->outage_ends = y->s.now.steady + MINUTES(1 + random_below(180));
	y->next_outage = y->outage_ends + HOURS(5 + random_below(100));
}

/* ---- the loop ---- */

static void go_to(struct years *y, steady_ms at)
{
	if (at <= y->s.now.steady)
		return;
	y->s.now.wall += at - y->s.now.steady;
	y->s.now.steady = at;
}

static uint32_t soonest(const struct later *list, uint32_t count)
{
	uint32_t found = 0;
	for (uint32_t i = 1; i < count; i++)
		if (list[i].at < list[found].at)
			found = i;
	return found;
}

static void step_on(struct years *y)
{
	uint32_t result = soonest(y->results, y->result_count);
	uint32_t deed = soonest(y->deeds, y->deed_count);
	steady_ms at_result = y->result_count ? y->results[result].at : NEVER;
	steady_ms at_deed = y->deed_count ? y->deeds[deed].at : NEVER;
	steady_ms at_site = site_next_deadline(y->s.site);
	steady_ms first = at_result < at_deed ? at_result : at_deed;
	steady_ms rest[] = {at_site, y->next_alarm, y->next_override, y->next_outage,
	                    y->outage_ends};
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
		first = rest[i] < first ? rest[i] : first;
	go_to(y, first);
	if (first == at_site) {
		site_tick(y->s.site, y->s.now, &y->s.plan);
		end_of_turn(y);
	} else if (first == at_result) {
		answer(y, result);
	} else if (first == at_deed) {
		do_deed(y, deed);
	} else if (first == y->next_alarm) {
		alarm(y);
	} else if (first == y->next_override) {
		override(y);
	} else if (first == y->next_outage) {
		outage(y);
	} else {
		y->out = NULL;
		y->outage_ends = NEVER;
	}
}

static void run(const char *zone, int years)
{
	struct years *y = NEW(struct years);
	struct story *s = &y->s;
	s->def = school_in(zone);
	s->site = site_create(s->def);
	s->mood = COURIER_HANGS; /* the answers are ours to give */
	s->now = (struct moment){.wall = STORY_START, .steady = 1000};
	y->next_alarm = HOURS(1);
	y->next_override = HOURS(3);
	y->next_outage = HOURS(30);
	y->outage_ends = NEVER;
	apply(s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	while (s->now.steady < DAYS(366) * years)
		step_on(y);
	print_message("%s: %u incidents, %u repeats, %u steps without anybody, %u re-opened, "
	              "%u handovers, %u overrides\n",
	              zone, y->incidents, y->repeats, y->skipped, y->reopened, y->handovers,
	              y->overrides);
	/* What it claims to show has happened, and often. */
	assert_true(y->incidents > 500 && y->repeats > 300 && y->skipped > 50 &&
	            y->handovers > 50 && y->overrides > 100 && y->reopened > 5);
	story_end(s);
	free(y);
}

static int how_many(void)
{
	const char *all = getenv("TOCSIN_ALL");
	return all && *all ? 10 : 1;
}

static void test_in_berlin(void **state)
{
	(void)state;
	seed = 20261122;
	run("Europe/Berlin", how_many());
}

static void test_in_new_york(void **state)
{
	(void)state;
	seed = 7;
	run("America/New_York", how_many());
}

static void test_on_lord_howe(void **state)
{
	(void)state;
	seed = 30;
	run("Australia/Lord_Howe", how_many());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_in_berlin),
	        cmocka_unit_test(test_in_new_york),
	        cmocka_unit_test(test_on_lord_howe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
