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
	                                 .kind = (enum kind)(b[2] % KIND_COUNT),
	                                 .active = b[3] & 1,
	                                 .id = b[3] & 2 ? id : NULL,
	                                 .test = (b[3] & 12) == 12,
	                                 .retained = (b[3] & 48) == 48,
	                                 .press = (b[3] & 192) == 192,
	                                 .resets = b[3] & 64 ? SECONDS(30) : 0}};
	(void)!site_apply(s->site, &event, s->now, &s->plan, &s->why);
	end_turn(s);
}

static void does(struct story *s, const uint8_t *b)
{
	static const char *const zones[] = {"campus", "dorm", "dorm-3f", "gate", "office", "moon"};
	char incident[INCIDENT_ID_MAX];
	snprintf(incident, sizeof incident, "%s", some_incident(s, b[3]));
	struct operation op = {.type = (enum operation_type)(b[1] % (OPERATION_HAZARD_ASSIGN + 1)),
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
	                       .reply = (enum choice)(b[3] % REPLY_COUNT)};
	if (op.type == OPERATION_DUTY_OVERRIDE || op.type == OPERATION_DUTY_CANCEL ||
	    op.type == OPERATION_HANDOVER_ACCEPT || op.type == OPERATION_SILENCE_END ||
	    op.type == OPERATION_DRILL_END)
		op.standing = "none";
	op.post = b[3] & 4 ? "guard" : "leader";
	op.people = &people[b[3] % 5];
	op.people_count = 1;
	op.from = s->now.wall + MINUTES(b[2]);
	op.until = op.from + HOURS(1 + b[3] % 24);
	operate_(s, op);
}

static void happens(struct story *s, const uint8_t *b)
{
	static const span_ms spans[] = {0, 1, SECONDS(1), SECONDS(31), MINUTES(2), MINUTES(4)};
	switch (b[0] % 8) {
	case 0:
	case 1:
	case 2:
		says(s, b);
		break;
	case 3:
	case 4:
		does(s, b);
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
	}
	advance(s, spans[b[0] / 8 % 6]);
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
