/* In place of deliver/courier.c, with the receivers behind it. Requests are built and replies
 * judged by the channel's own code; what happens between is the receivers' mood. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

enum mood { WELL, FLAKY, DOWN, HANGING, SLOW, SAYING_NO, ERRING_INSIDE, BUSY, MOODS };
static enum mood moods[CHANNELS_MAX];

enum fate { ACCEPTS, ANSWERS_LATE, HANGS, CUTS, REFUSES, ERRS_INSIDE, ASKS_FOR_TIME, FAILS };

struct parcel {
	bool used;
	uint32_t life;
	char site[24], to[24], incident[INCIDENT_ID_MAX], ack_url[400];
	bool to_person;
	enum reason reason;
	uint64_t notification;
	uint32_t contact, attempt;
	bool unlogged;
	enum fate fate;
	const struct channel_type *type;
	span_ms took;
};
static struct parcel *parcels;
static uint32_t parcel_count, parcel_cap;

struct courier {
	courier_result result;
	void *ctx;
	uint32_t count;
};
static struct courier *courier;

int courier_open(uv_loop_t *loop, courier_result result, void *ctx, struct courier **out,
                 struct problem *why)
{
	(void)loop;
	(void)why;
	courier = NEW(struct courier);
	courier->result = result;
	courier->ctx = ctx;
	*out = courier;
	return 0;
}

/* Without limits here. */
void courier_recall(struct courier *c, const struct channel *channel, steady_ms at,
                    steady_ms shut_until)
{
	(void)c;
	(void)channel;
	(void)at;
	(void)shut_until;
}

/* Nothing waits for its turn here. */
void courier_drop_overtaken(struct courier *c, courier_is_over is_over)
{
	(void)c;
	(void)is_over;
}

/* ---- how receivers are ---- */

void receivers_change(uint64_t arg)
{
	(void)arg;
	if (world.calm)
		return;
	int channel = (int)below(CHANNELS_MAX);
	moods[channel] = chance(600) ? (chance(500) ? WELL : FLAKY) : (enum mood)below(MOODS);
	trace("the receivers of %s are now in mood %d", channel_ids[channel], moods[channel]);
	later(between(MINUTES(2), HOURS(2)), receivers_change, 0);
}

void receivers_be_well(void)
{
	memset(moods, 0, sizeof moods);
}

static enum fate fate_of(int channel)
{
	switch (moods[channel]) {
	case WELL:
		return ACCEPTS;
	case DOWN:
		return CUTS;
	case HANGING:
		return HANGS;
	case SLOW:
		return ANSWERS_LATE;
	case SAYING_NO:
		return REFUSES;
	case ERRING_INSIDE:
		return ERRS_INSIDE;
	case BUSY:
		return ASKS_FOR_TIME;
	case FLAKY:
	case MOODS:
		break;
	}
	return chance(600) ? ACCEPTS : (enum fate)below(FAILS + 1);
}

static bool has_code_inside(const struct channel_type *type)
{
	return strcmp(type->name, "wecom") == 0 || strcmp(type->name, "dingtalk") == 0;
}

/* ---- an answer ---- */

static void judge_reply(const struct parcel *p, struct judgement *out)
{
	struct reply reply = {.status = 200, .body = "{\"errcode\":0,\"errmsg\":\"ok\"}"};
	switch (p->fate) {
	case ACCEPTS:
	case ANSWERS_LATE:
		break;
	case ERRS_INSIDE:
		reply.body = p->attempt % 2 ? "{\"errcode\":-1}" : "{\"errcode\":93000}";
		break;
	case REFUSES:
		reply.status = p->attempt % 2 ? 400 : 410;
		break;
	case ASKS_FOR_TIME:
		reply.status = 429;
		reply.retry_after = SECONDS(45);
		break;
	case FAILS:
		reply.status = 503;
		break;
	case HANGS:
		*out = (struct judgement){.verdict = VERDICT_RETRY, .detail = "no answer in time"};
		return;
	case CUTS:
		*out = (struct judgement){.verdict = VERDICT_BROKEN,
		                          .detail = "the connection broke"};
		return;
	}
	*out = (struct judgement){0};
	p->type->judge(&reply, out);
	if (p->fate == ERRS_INSIDE && has_code_inside(p->type) && out->verdict == VERDICT_ACCEPTED)
		broken("an error inside a 200 was taken for success");
}

static void count(const struct parcel *p, enum verdict verdict)
{
	struct counts *n = &world.counts;
	n->accepted += verdict == VERDICT_ACCEPTED;
	n->refused += verdict == VERDICT_REFUSED;
	n->errors_inside += p->fate == ERRS_INSIDE && has_code_inside(p->type);
	n->hung += p->fate == HANGS;
	n->late += p->fate == ANSWERS_LATE;
	n->cut += p->fate == CUTS;
}

static void arrive(uint64_t slot)
{
	struct parcel *p = &parcels[slot];
	struct parcel mine = *p;
	struct judgement judgement;
	p->used = false;
	judge_reply(&mine, &judgement);
	count(&mine, judgement.verdict);
	/* A person may well have what the service never hears of. */
	if (mine.to_person && (judgement.verdict == VERDICT_ACCEPTED || mine.fate == HANGS))
		people_hear(mine.site, mine.to, mine.incident, mine.ack_url, mine.reason);
	if (!courier || mine.life != world.life || world.dead)
		return;
	courier->count--;
	courier->result(
	        courier->ctx, mine.site,
	        &(struct delivery_result){.notification = mine.notification,
	                                  .contact = mine.contact,
	                                  .attempt = mine.attempt,
	                                  .verdict = judgement.verdict,
	                                  .status = judgement.verdict == VERDICT_ACCEPTED ? 200 : 0,
	                                  .retry_after = judgement.retry_after,
	                                  .took = mine.took,
	                                  .sent = judgement.verdict != VERDICT_BROKEN,
	                                  .sent_ago = mine.took,
	                                  .unlogged = mine.unlogged,
	                                  .detail = judgement.detail});
}

static uint32_t free_slot(void)
{
	for (uint32_t i = 0; i < parcel_count; i++)
		if (!parcels[i].used)
			return i;
	MEM_RESERVE(parcels, parcel_count, parcel_cap);
	return parcel_count++;
}

/* What leaves says what it is: the same id whenever it is sent, and whether it may be a second. */
static void check_body(const struct channel *channel, const struct letter *letter)
{
	struct request request = {0};
	struct problem why = {0};
	struct letter addressed = *letter;
	if (!letter->to)
		addressed.to = channel->to;
	if (channel->type->build(channel, &addressed, &request, &why) < 0)
		broken("a letter cannot be written on %s: %s", channel->id, why.text);
	if (strcmp(channel->type->name, "webhook") == 0) {
		char id[NOTIFICATION_ID_MAX], member[NOTIFICATION_ID_MAX + 16];
		notification_id(letter->site_id, letter->notification->number, id);
		snprintf(member, sizeof member, "\"id\":\"%s\"", id);
		const char *body = text_get(&request.body);
		const char *mark = letter->notification->possible_duplicate
		                           ? "\"possible_duplicate\":true"
		                           : "\"possible_duplicate\":false";
		if (!strstr(body, member) || !strstr(body, mark))
			broken("the webhook of %s lacks %s or %s: %s", id, member, mark, body);
	}
	request_finish(&request);
}

static void copy(char *to, size_t cap, const char *from)
{
	snprintf(to, cap, "%s", from ? from : "");
}

void courier_send(struct courier *c, const struct channel *channel, const struct letter *letter)
{
	if (!may_leave())
		return;
	const struct notification *n = letter->notification;
	if (!channel)
		broken("a letter for a channel that nobody knows");
	check_letter(letter);
	check_body(channel, letter);
	int number = channel_number(channel->id);
	uint32_t slot = free_slot();
	struct parcel *p = &parcels[slot];
	*p = (struct parcel){.used = true,
	                     .life = world.life,
	                     .to_person = n->to_kind == RECIPIENT_PERSON,
	                     .reason = n->reason,
	                     .notification = n->number,
	                     .contact = letter->contact,
	                     .attempt = letter->attempt,
	                     .unlogged = letter->unlogged,
	                     .fate = fate_of(number),
	                     .type = channel->type};
	copy(p->site, sizeof p->site, letter->site_id);
	copy(p->to, sizeof p->to, n->to_id);
	copy(p->incident, sizeof p->incident, letter->incident ? letter->incident->id : NULL);
	copy(p->ack_url, sizeof p->ack_url, letter->ack_url);
	p->took = p->fate == HANGS          ? ATTEMPT_MAX
	          : p->fate == ANSWERS_LATE ? between(SECONDS(1), SECONDS(14))
	                                    : between(5, 400);
	c->count++;
	world.counts.letters++;
	world.counts.unlogged += letter->unlogged;
	world.counts.possible_duplicates += n->possible_duplicate;
	trace("letter n-%s-%llu to %s over %s: %s of %s, contact %u attempt %u%s%s, fate %d",
	      p->site, (unsigned long long)p->notification, p->to, channel->id,
	      reason_name(n->reason), p->incident, p->contact, p->attempt,
	      n->possible_duplicate ? ", possible duplicate" : "",
	      letter->unlogged ? ", unlogged" : "", p->fate);
	later(p->took, arrive, slot);
}

bool courier_has(const char *site, uint64_t notification, uint32_t contact, uint32_t attempt)
{
	for (uint32_t i = 0; i < parcel_count; i++) {
		const struct parcel *p = &parcels[i];
		if (p->used && p->life == world.life && p->notification == notification &&
		    p->contact == contact && p->attempt == attempt && strcmp(p->site, site) == 0)
			return true;
	}
	return false;
}

uint32_t courier_in_flight(const struct courier *c)
{
	return c->count;
}

void courier_hurry(struct courier *c)
{
	(void)c;
}

/* The simulated houses have no heartbeat. */
void courier_ping(struct courier *c, const char *url, const char *ca_file, bool private_net,
                  struct moment now)
{
	(void)private_net;
	(void)c;
	(void)url;
	(void)ca_file;
	(void)now;
}

void courier_limit_time(struct courier *c, span_ms connect, span_ms attempt)
{
	(void)c;
	(void)connect;
	(void)attempt;
}

void courier_close(struct courier *c)
{
	free(c);
	courier = NULL;
}
