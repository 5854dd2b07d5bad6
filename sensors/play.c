/* A story, told in its time or faster. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "sender.h"
#include "settings.h"
#include "story.h"

struct playing {
	const struct settings *said;
	struct story story;
	double speed;
	span_ms wait;
	uint32_t run;
	unsigned int acked, taken;
	span_ms slowest;
};

static void print_at(span_ms at, const char *what)
{
	printf("%3lld:%02lld  %s\n", (long long)(at / 60000), (long long)(at / 1000 % 60), what);
}

/* The id is the place in the story, so that what was said is found again. */
static void on_done(void *ctx, const char *id, span_ms took, unsigned int times)
{
	struct playing *p = ctx;
	uint32_t at;
	struct text line = {0};
	if (!saying_id_read(id, p->run, &at) || at >= p->story.count)
		return;
	const struct utterance *u = &p->story.items[at];
	bool acked = u->how == SAYS_SIGNAL && !u->system->profile && !p->said->no_ack;
	p->acked += acked;
	p->taken += !acked;
	p->slowest = took > p->slowest ? took : p->slowest;
	if (u->how == SAYS_SIGNAL)
		text_addf(&line, "%s %s %s%s", u->saying.device, kind_name(u->saying.kind),
		          u->saying.active ? "active" : "clear", u->saying.test ? " (a test)" : "");
	else if (u->how == SAYS_STATUS)
		text_addf(&line, "%s is %s", u->saying.device, u->online ? "online" : "offline");
	else
		text_addf(&line, "%s %.60s", u->topic, u->payload);
	text_addf(&line, ": %s after %lld ms", acked ? "acknowledged" : "taken by the broker",
	          (long long)took);
	if (times > 1)
		text_addf(&line, " (sent %u times)", times);
	print_at(u->at, text_get(&line));
	text_finish(&line);
}

static void say(struct playing *p, struct sender *sender, uint32_t at)
{
	const struct utterance *u = &p->story.items[at];
	struct text topic = {0}, payload = {0}, ack = {0};
	char id[SAYING_ID_ROOM];
	struct saying saying = u->saying;
	saying_id(p->run, at, id);
	saying.id = id;
	saying.time = saying_now();
	saying.number = at;
	switch (u->how) {
	case SAYS_NOTE:
		print_at(u->at, u->note);
		return;
	case SAYS_MESSAGE:
		sender_add(sender, u->topic, NULL, id, u->payload, u->retain);
		return;
	case SAYS_STATUS:
		text_addf(&topic, "tocsin/%s/device/%s/status", saying.site, saying.device);
		sender_add(sender, text_get(&topic), NULL, id, u->online ? "online" : "offline",
		           true);
		break;
	case SAYS_SIGNAL:
		(void)u->system->write(&saying, &topic, &payload); /* it has the word: story.c */
		text_addf(&ack, "tocsin/%s/device/%s/ack", saying.site, saying.device);
		sender_add(sender, text_get(&topic),
		           u->system->profile || p->said->no_ack ? NULL : text_get(&ack), id,
		           text_get(&payload), false);
		break;
	}
	text_finish(&topic);
	text_finish(&payload);
	text_finish(&ack);
}

static int tell(struct playing *p, struct sender *sender, struct problem *why)
{
	int64_t began = clock_stopwatch_ns() / 1000000;
	for (uint32_t i = 0; i < p->story.count; i++) {
		int64_t due = began + (int64_t)((double)p->story.items[i].at / p->speed);
		int r = sender_go_on(sender, due, why);
		if (r < 0)
			return r;
		say(p, sender, i);
	}
	return sender_run(sender, p->wait, why);
}

static int check(const struct settings *s, struct playing *p)
{
	struct text report = {0};
	*p = (struct playing){.said = s, .speed = 1, .wait = SECONDS(30)};
	int r = settings_number("--speed", s->speed, 0.01, 100000, &p->speed);
	r = r ? r : settings_span("--wait", s->wait, &p->wait);
	if (r)
		return r;
	if (s->site && !text_is_id(s->site))
		return usage("--site is no id");
	if (story_load(s->scenario, s->site, &p->story, &report) < 0) {
		fputs(text_get(&report), stderr);
		r = EXIT_USAGE;
	}
	text_finish(&report);
	return r;
}

int play(const struct settings *s, const struct sender_options *login)
{
	struct playing p;
	struct sender *sender = NULL;
	struct problem why;
	int r = check(s, &p);
	if (r) {
		story_finish(&p.story);
		return r;
	}
	crypto_random((uint8_t *)&p.run, sizeof p.run);
	printf("%s: %s\n", p.story.name, p.story.about ? p.story.about : "");
	r = sender_open(login, on_done, &p, &sender, &why);
	if (r == 0)
		r = tell(&p, sender, &why);
	printf("%u acknowledged by the service, %u taken by the broker; the slowest after %lld "
	       "ms\n",
	       p.acked, p.taken, (long long)p.slowest);
	if (r < 0)
		fprintf(stderr, "tocsin-sensor: %s\n", why.text);
	sender_close(sender);
	story_finish(&p.story);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
