/* floors: decide */
/* also: cmocka */
/* Events into the core: each four bytes are one thing that happens (what, to whom, how, when), with
 * the deadlines on the way. What must hold of any of them:
 *   - an open incident has a deadline; severity only rises; what is resolved stays so
 *   - nothing is overdue once time has passed it by
 *   - the same events give the same record, to the byte */
#include "../unit/story.h"

#include "fuzz.h"

#define EVENTS_MAX 32

static const char *const people[] = {"qian", "zhao", "li", "sun", "wu", "nobody"};
static const char *const devices[] = {"smoke-301",  "smoke-302",   "sos-gate",
                                      "fence-west", "door-office", "unknown"};

static const char *some_incident(const struct story *s, uint8_t which)
{
	return s->site->incident_count ? s->site->incidents[which % s->site->incident_count]->id
	                               : "none";
}

static void says(struct story *s, const uint8_t *b)
{
	char id[8];
	snprintf(id, sizeof id, "m-%u", b[3] % 16);
	struct event event = {.type = EVENT_SIGNAL,
	                      .signal = {.device = devices[b[1] % 5],
	                                 .kind = (enum kind)(b[2] % 32 % KIND_COUNT),
	                                 .active = b[3] & 1,
	                                 .id = b[3] & 2 ? id : NULL,
	                                 .past = b[2] & 32,
	                                 .armed = b[2] & 64,
	                                 .time = b[2] & 128 ? s->now.wall - HOURS(1) : 0,
	                                 .test = (b[3] & 12) == 12,
	                                 .retained = (b[3] & 48) == 48,
	                                 .press = (b[3] & 192) == 192,
	                                 .resets = b[3] & 64 ? SECONDS(30) : 0}};
	(void)!site_apply(s->site, &event, s->now, &s->plan, &s->why);
	end_turn(s);
}

static const char *some_standing(const struct story *s, uint8_t which)
{
	return s->site->standing_count ? s->site->standings[which % s->site->standing_count]->id
	                               : "none";
}

static uint64_t some_notification(const struct story *s, uint8_t which)
{
	return s->site->notification_count
	               ? s->site->notifications[which % s->site->notification_count]->number
	               : which;
}

static void does(struct story *s, const uint8_t *b, const char *standing)
{
	static const char *const zones[] = {"campus", "dorm", "dorm-3f", "gate", "office", "moon"};
	char incident[INCIDENT_ID_MAX], stands[STANDING_ID_MAX];
	snprintf(incident, sizeof incident, "%s", some_incident(s, b[3]));
	snprintf(stands, sizeof stands, "%s", standing);
	struct operation op = {.type = (enum operation_type)(b[1] % (OPERATION_ARMING_END + 1)),
	                       .by = people[b[2] % 6],
	                       .incident = incident,
	                       .outcome = (enum outcome)(b[3] % 5),
	                       .to = b[3] & 1 ? "person:li" : people[b[3] % 6],
	                       .zone = zones[b[3] % 6],
	                       .device = devices[b[2] % 6],
	                       .span = b[2] & 8 ? MINUTES(b[3]) : 0,
	                       .force = b[2] & 16,
	                       .kinds = b[2] & 32 ? b[3] : 0,
	                       .kind = (enum incident_kind)(b[3] % INCIDENT_KIND_COUNT),
	                       .severity = SEVERITY_NONE,
	                       .note = b[2] & 64 ? "a note" : NULL,
	                       .reply = (enum choice)(b[3] % REPLY_COUNT),
	                       .standing = stands};
	op.post = b[3] & 4 ? "guard" : "leader";
	op.people = &people[b[3] % 5];
	op.people_count = 1;
	op.from = s->now.wall + MINUTES(b[2]);
	op.until = op.from + HOURS(1 + b[3] % 24);
	operate_(s, op);
}

/* A line the service has about itself; the clock may have been set. */
static void service_says(struct story *s, const uint8_t *b)
{
	static const enum service_event facts[] = {
	        BROKER_CONNECTED, BROKER_DISCONNECTED, CLOCK_JUMPED,    STORE_FAILED,
	        STORE_RECOVERED,  SERVICE_CONFIGURED,  SERVICE_STARTED, SERVICE_STOPPED,
	        SERVICE_KEYED,    STORE_NOT_AS_LEFT,
	};
	enum service_event fact = facts[b[1] % (sizeof facts / sizeof *facts)];
	if (fact == CLOCK_JUMPED)
		s->now.wall += (b[2] & 1 ? 1 : -1) * HOURS(b[3]);
	apply(s, &(struct event){.type = EVENT_SERVICE,
	                         .service = {.type = fact, .unlogged = b[2] & 2}});
}

/* A courier's word that comes late, twice, or of what was never sent. */
static void courier_says(struct story *s, const uint8_t *b)
{
	apply(s, &(struct event){.type = EVENT_DELIVERY,
	                         .delivery = {.notification = some_notification(s, b[1]),
	                                      .contact = b[2] % 3,
	                                      .attempt = b[2] / 4 % 8,
	                                      .verdict = (enum verdict)(b[3] % 4),
	                                      .status = b[3] & 4 ? 429 : 0,
	                                      .retry_after = b[3] & 8 ? MINUTES(b[2]) : 0,
	                                      .sent = b[3] & 16,
	                                      .unlogged = b[3] & 32,
	                                      .held = b[3] & 64,
	                                      .shut_out = b[3] & 128}});
}

static void others_say(struct story *s, const uint8_t *b)
{
	static const char *const addresses[] = {"lobby/smoke", "滨江/烟感", "0x00158d00"};
	const char *address = addresses[b[1] % 3];
	switch (b[2] % 4) {
	case 0:
		apply(s,
		      &(struct event){.type = EVENT_STRANGER,
		                      .stranger = {.address = address,
		                                   .profile = "zigbee2mqtt",
		                                   .introduces = b[3] & 1,
		                                   .line = b[3] & 2 ? "- id: x" : NULL,
		                                   .kind = (enum kind)(b[2] / 4 % (KIND_COUNT + 1)),
		                                   .stateless = b[3] & 16,
		                                   .active = b[3] & 4,
		                                   .retained = b[3] & 8}});
		break;
	case 1:
		apply(s, &(struct event){.type = EVENT_TEST_MARK,
		                         .test_mark = {.device = devices[b[3] % 6],
		                                       .address = address,
		                                       .stage = (enum mark_stage)(
		                                               b[2] / 4 % MARK_STAGE_COUNT)}});
		break;
	case 2:
		apply(s, &(struct event){.type = EVENT_REJECTED,
		                         .rejected = {.topic = address,
		                                      .device = b[3] & 1 ? devices[b[1] % 5] : NULL,
		                                      .reason = "no JSON",
		                                      .bytes = b,
		                                      .len = 4}});
		break;
	case 3:
		apply(s, &(struct event){
		                 .type = EVENT_ALIVE,
		                 .life = {.device = devices[b[1] % 5], .expires = SECONDS(b[3])}});
		break;
	}
}

static void happens(struct story *s, const uint8_t *b)
{
	static const span_ms spans[] = {0, 1, SECONDS(1), SECONDS(31), MINUTES(2), MINUTES(4)};
	switch (b[0] % 12) {
	case 0:
	case 1:
	case 2:
		says(s, b);
		break;
	case 3:
		does(s, b, some_standing(s, b[3]));
		break;
	case 4:
		does(s, b, "none");
		break;
	case 5:
		s->mood = (enum courier_mood)(b[1] % 4);
		snprintf(s->mute, sizeof s->mute, "%s", b[2] & 1 ? "phone" : "");
		break;
	case 6:
		apply(s,
		      &(struct event){.type = EVENT_STATUS,
		                      .status = {.device = devices[b[1] % 5], .online = b[2] & 1}});
		break;
	case 7:
		apply(s, &(struct event){.type = EVENT_TROUBLE,
		                         .trouble = {.subject = b[1] & 1 ? "broker" : "store",
		                                     .active = b[2] & 1}});
		break;
	case 8:
		service_says(s, b);
		break;
	case 9:
		courier_says(s, b);
		break;
	case 10:
	case 11:
		others_say(s, b);
		break;
	}
	advance(s, spans[b[0] / 12 % 6]);
	HOLDS(site_next_deadline(s->site) > s->now.steady);
}

static uint64_t run(const uint8_t *bytes, size_t len, struct story *s)
{
	enum severity worst[64];
	story_begin(s);
	for (size_t i = 0; i + 4 <= len && i / 4 < EVENTS_MAX; i += 4) {
		uint32_t before = s->site->incident_count < 64 ? s->site->incident_count : 64;
		char ids[64][INCIDENT_ID_MAX];
		for (uint32_t k = 0; k < before; k++) {
			worst[k] = s->site->incidents[k]->severity;
			snprintf(ids[k], sizeof ids[k], "%s", s->site->incidents[k]->id);
		}
		s->push_count = 0;
		happens(s, bytes + i);
		for (uint32_t k = 0; k < before; k++) {
			const struct incident *now = site_incident(s->site, ids[k]);
			HOLDS(!now || now->severity >= worst[k]);
		}
	}
	uint64_t print = index_hash(text_get(&s->log));
	story_end(s);
	return print;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct story first, again;
	uint64_t print = run(bytes, len, &first);
	HOLDS(run(bytes, len, &again) == print);
	return 0;
}
