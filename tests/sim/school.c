/* Random sites, written as the files that people write. */
#include <stdio.h>
#include <string.h>

#include "sim.h"

const char *const channel_ids[CHANNELS_MAX] = {"phone", "backup", "robot",
                                               "ding",  "ntfy",   "police"};

const char *const kind_words[KINDS] = {
        "smoke",   "heat",   "call_point", "gas",       "carbon_monoxide", "water",  "panic",
        "contact", "motion", "glass",      "vibration", "perimeter",       "tamper", "battery",
        "power",   "fault",  "link"};

static const char *const timezones[] = {
        "Asia/Shanghai",    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
        "America/St_Johns", "UTC",           "Pacific/Auckland", "Africa/Cairo"};

int channel_number(const char *id)
{
	for (int i = 0; i < CHANNELS_MAX; i++)
		if (strcmp(channel_ids[i], id) == 0)
			return i;
	return -1;
}

int kind_number(const char *word)
{
	for (int i = 0; i < KINDS; i++)
		if (strcmp(kind_words[i], word) == 0)
			return i;
	return -1;
}

static uint64_t shaped(struct w_site *site, uint64_t n)
{
	return rng_next(&site->shape) % n;
}

/* ---- what there is ---- */

static void invent_policy(struct w_site *site, const char *id, bool at_once)
{
	static const int64_t gaps[] = {5, 15, 30, 60, 120, 180};
	struct w_policy *p = &site->policies[site->policy_count++];
	snprintf(p->id, sizeof p->id, "%s", id);
	p->count = 1 + (uint32_t)below(STEPS_MAX - 1);
	p->after[0] = at_once || chance(800) ? 0 : SECONDS(15);
	for (uint32_t i = 1; i < p->count; i++)
		p->after[i] = p->after[i - 1] + SECONDS(gaps[below(6)]);
	p->repeat = SECONDS(60 * between(2, 20));
	p->resolve_within = MINUTES(between(5, 90));
}

static void invent_devices(struct w_site *site)
{
	site->device_count = 6 + (uint32_t)below(DEVICES_MAX - 5);
	for (uint32_t i = 0; i < site->device_count; i++) {
		struct w_device *d = &site->devices[i];
		int kind = i < 2 ? 0 : i == 2 ? kind_number("panic") : (int)below(KINDS - 1);
		d->kind = kind_words[kind];
		d->momentary = strcmp(d->kind, "panic") == 0;
		d->needs_arming = kind >= kind_number("contact") &&
		                  kind <= kind_number("perimeter");
		d->zone = i < 2 ? 1 : (uint32_t)below(site->zone_count);
		d->retains = chance(100);
		d->expect_every = chance(250) ? MINUTES(between(20, 120)) : 0;
		snprintf(d->id, sizeof d->id, "%s-%u", d->kind, i);
		memset(d->recorded, -1, sizeof d->recorded);
	}
}

void school_invent(struct w_site *site, uint32_t number)
{
	*site = (struct w_site){.shape = {rng_next(&world.rng)}};
	snprintf(site->id, sizeof site->id, "site%u", number);
	site->timezone = timezones[below(sizeof timezones / sizeof *timezones)];
	site->zone_count = 3 + (uint32_t)below(ZONES_MAX - 2);
	for (uint32_t i = 0; i < site->zone_count; i++) {
		snprintf(site->zones[i].id, sizeof site->zones[i].id, "zone%u", i);
		site->zones[i].arming = (enum arming_rule)below(3);
	}
	/* Arming reaches into what lies within; so that the books stay simple, none lies within an
	 * armed one. */
	site->zones[0].arming = ARMED_NEVER;
	invent_devices(site);
	site->person_count = 3 + (uint32_t)below(PEOPLE_MAX - 2);
	for (uint32_t i = 0; i < site->person_count; i++) {
		struct w_person *p = &site->people[i];
		snprintf(p->id, sizeof p->id, "person%u", i);
		p->reacts = (unsigned)between(50, 800);
		p->reaction = MINUTES(between(1, 30));
		p->uses_link = chance(500);
	}
	invent_policy(site, "fire", true);
	invent_policy(site, "fire-critical", true);
	invent_policy(site, "panic", true);
	invent_policy(site, "other", false);
}

/* ---- how it is written ---- */

static void write_people(struct w_site *site, FILE *f)
{
	fputs("people:\n", f);
	for (uint32_t i = 0; i < site->person_count; i++) {
		uint64_t first = shaped(site, 5), contacts = 1 + shaped(site, 3);
		fprintf(f, "  - {id: %s, contacts: [", site->people[i].id);
		for (uint64_t k = 0; k < contacts; k++)
			fprintf(f, "%s{channel: %s}", k ? ", " : "",
			        channel_ids[(first + k + site->edition * (i == 0)) % 5]);
		fputs("]}\n", f);
	}
}

static void write_duty(struct w_site *site, FILE *f)
{
	static const char *const spans[] = {"8h", "12h", "1d", "1w"};
	fputs("duty:\n", f);
	for (int post = 0; post < 2; post++) {
		fprintf(f, "  - {id: post%d, rota: {people: [", post);
		uint64_t first = shaped(site, site->person_count), count = 1 + shaped(site, 3);
		for (uint64_t k = 0; k < count && k < site->person_count; k++)
			fprintf(f, "%sperson%llu", k ? ", " : "",
			        (unsigned long long)((first + k) % site->person_count));
		/* Some begin only later: until then nobody is on duty. */
		fprintf(f, "], every: %s, from: 20%s-01-07T%02llu:30}}\n", spans[shaped(site, 4)],
		        shaped(site, 5) ? "26" : "29", (unsigned long long)shaped(site, 24));
	}
}

static void write_recipient(struct w_site *site, FILE *f)
{
	uint64_t which = shaped(site, 10);
	if (which < 4)
		fprintf(f, "duty:post%llu", (unsigned long long)(which % 2));
	else if (which < 8)
		fprintf(f, "person:person%llu",
		        (unsigned long long)shaped(site, site->person_count));
	else
		fputs(which == 8 ? "zone-owner" : "channel:police", f);
}

static void write_policy(struct w_site *site, const struct w_policy *p, const char *for_what,
                         FILE *f)
{
	fprintf(f, "  - id: %s\n%s    steps:\n", p->id, for_what);
	for (uint32_t i = 0; i < p->count; i++) {
		fprintf(f, "      - {after: %llds, notify: [", (long long)p->after[i] / 1000);
		uint64_t count = 1 + shaped(site, 3);
		for (uint64_t k = 0; k < count; k++) {
			fputs(k ? ", " : "", f);
			write_recipient(site, f);
		}
		fputs("]}\n", f);
	}
	fprintf(f, "    repeat: %llds\n    resolve_within: %lldm\n", (long long)p->repeat / 1000,
	        (long long)p->resolve_within / 60000);
}

static void write_policies(struct w_site *site, FILE *f)
{
	static const char *const for_what[] = {"    for: {kind: fire}\n",
	                                       "    for: {kind: fire, severity: critical}\n",
	                                       "    for: {kind: panic}\n", ""};
	fputs("policies:\n", f);
	for (uint32_t i = 0; i < site->policy_count; i++)
		write_policy(site, &site->policies[i], for_what[i], f);
	fprintf(f, "last_resort: [person:%s]\n", site->people[0].id);
}

static void write_places(const struct w_site *site, FILE *f)
{
	fputs("zones:\n", f);
	for (uint32_t i = 0; i < site->zone_count; i++) {
		fprintf(f, "  - {id: %s", site->zones[i].id);
		if (i)
			fprintf(f, ", in: %s", site->zones[0].id);
		if (i % 2)
			fprintf(f, ", owner: person%u", i % site->person_count);
		fputs("}\n", f);
	}
	fputs("devices:\n", f);
	for (uint32_t i = 0; i < site->device_count; i++) {
		const struct w_device *d = &site->devices[i];
		fprintf(f, "  - {id: %s, zone: %s, kind: %s", d->id, site->zones[d->zone].id,
		        d->kind);
		if (d->expect_every)
			fprintf(f, ", expect_every: %lldm", (long long)d->expect_every / 60000);
		else /* it speaks when it has something to say, and nobody waits for it */
			fputs(", expect_every: never", f);
		fputs("}\n", f);
	}
}

static void write_arming(const struct w_site *site, FILE *f)
{
	const char *head =
	        "schedules:\n  - {id: night, weekly: [\"mon-sun 22:00-06:00\"]}\narming:\n";
	for (uint32_t i = 0; i < site->zone_count; i++) {
		if (site->zones[i].arming == ARMED_NEVER)
			continue;
		fprintf(f, "%s  - {zone: %s, %s}\n", head, site->zones[i].id,
		        site->zones[i].arming == ARMED_ALWAYS ? "always: true" : "during: night");
		head = "";
	}
}

void school_write(struct w_site *site)
{
	char path[40];
	struct rng keep = site->shape;
	snprintf(path, sizeof path, "%s.yaml", site->id);
	FILE *f = fopen(path, "w");
	if (!f)
		broken("%s cannot be written", path);
	fprintf(f, "site: %s\ntimezone: %s\nlanguage: %s\n", site->id, site->timezone,
	        shaped(site, 2) ? "zh-CN" : "en");
	write_places(site, f);
	write_people(site, f);
	write_duty(site, f);
	write_arming(site, f);
	write_policies(site, f);
	fclose(f);
	site->shape = keep;
}

void school_spoil(const struct w_site *site)
{
	char path[40];
	snprintf(path, sizeof path, "%s.yaml", site->id);
	FILE *f = fopen(path, "w");
	if (!f)
		broken("%s cannot be written", path);
	fprintf(f, "site: %s\ntimezone: Nowhere/Atlantis\nzones: [{id: a, inn: b}\n", site->id);
	fclose(f);
}

void service_write(void)
{
	FILE *f = fopen("tocsin.yaml", "w");
	if (!f)
		broken("tocsin.yaml cannot be written");
	fprintf(f,
	        "version: 1\nbroker: {url: \"mqtt://127.0.0.1:1\", username: tocsin, password: "
	        "a%u}\n",
	        world.login);
	fputs("store: {path: tocsin.db}\n"
	      "http:\n  listen: 127.0.0.1:8080\n  public_url: http://127.0.0.1:8080\n  tokens:\n"
	      "    - {name: console, role: admin, token: simulated-simulated-simulated}\n"
	      "channels:\n"
	      "  - {id: phone, type: webhook, url: \"http://127.0.0.1:1/phone\","
	      " secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}\n"
	      "  - {id: backup, type: webhook, url: \"http://127.0.0.1:1/b\", give_up_after: 2s}\n"
	      "  - {id: robot, type: wecom, token: abc, give_up_after: 5s}\n"
	      "  - {id: ding, type: dingtalk, token: abc}\n"
	      "  - {id: ntfy, type: ntfy, url: \"http://127.0.0.1:1\", to: t, give_up_after: 20s}\n"
	      "  - {id: police, type: webhook, outside: true, url: \"http://127.0.0.1:1/police\"}\n"
	      "sites: [",
	      f);
	for (uint32_t i = 0; i < world.site_count; i++)
		fprintf(f, "%s%s.yaml", i ? ", " : "", world.sites[i].id);
	fputs("]\n", f);
	fclose(f);
}
