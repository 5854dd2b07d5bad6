/* People and their contacts; posts and their rotas. */
#include <string.h>

#include "config/read.h"

enum { P_ID, P_NAME, P_CONTACTS, P_COUNT };
static const struct key person_keys[P_COUNT] = {
        [P_ID] = {"id", "add the name by which duty and policies call this person"},
        [P_NAME] = {"name", NULL},
        [P_CONTACTS] = {"contacts", "a person who cannot be reached cannot be told; add "
                                    "'contacts: [{channel: ...}]'"},
};
static const struct shape person_shape = {"a person", SHAPE(person_keys), false};

enum { C_CHANNEL, C_TO, C_COUNT };
static const struct key contact_keys[C_COUNT] = {
        [C_CHANNEL] = {"channel", "add the id of a channel of the service file"},
        [C_TO] = {"to", NULL},
};
static const struct shape contact_shape = {"a contact", SHAPE(contact_keys), false};

/* Whether the channel's type and the contact agree on an address. */
static void contact_check(const struct checker *c, const struct node *item, const struct node *to,
                          const struct channel *channel)
{
	if (!channel->type)
		return;
	if (!to && !channel->to && channel->type->needs & CHANNEL_TO)
		check_problem(c, item,
		              "channel '%s' of type %s needs the person's address on it; add 'to'",
		              channel->id, channel->type->name);
	if (to && !((channel->type->needs | channel->type->may) & CHANNEL_TO))
		check_problem(c, to,
		              "channel '%s' of type %s reaches one place only; leave 'to' out",
		              channel->id, channel->type->name);
}

static void contacts_read(const struct checker *c, const struct node *list,
                          const struct site_reading *site, struct person *person)
{
	uint32_t count = check_list(c, list, "the person's contacts", 1);
	if (count > CONTACTS_MAX) {
		check_problem(c, list, "%u contacts; at most %d are tried", count, CONTACTS_MAX);
		return;
	}
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[C_COUNT];
		struct contact *contact = &person->contacts[person->contact_count++];
		check_map(c, item, &contact_shape, v);
		contact->channel = ids_refer(c, &site->service->channels, v[C_CHANNEL]);
		contact->to = check_text(c, v[C_TO], "to");
		if (contact->channel != POSITION_NONE)
			contact_check(c, item, v[C_TO],
			              &site->service->config->channels[contact->channel]);
	}
}

void people_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "people", 0), i = 0;
	ids_begin(&site->people, "person", list, count);
	site->def->people = ARENA_ARRAY(c->arena, struct person, count);
	site->def->person_count = count;
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[P_COUNT];
		check_map(c, item, &person_shape, v);
		struct person *person = &site->def->people[i++];
		person->id = ids_claim(c, &site->people, v[P_ID]);
		const char *name = check_text(c, v[P_NAME], "the person's name");
		person->name = name ? name : person->id;
		contacts_read(c, v[P_CONTACTS], site, person);
	}
}

enum { D_ID, D_NAME, D_ROTA, D_COUNT };
static const struct key post_keys[D_COUNT] = {
        [D_ID] = {"id", "add the name by which policies call this post"},
        [D_NAME] = {"name", NULL},
        [D_ROTA] = {"rota", "add 'rota: {people: [...], every: 1w, from: 2026-09-01T08:00}'"},
};
static const struct shape post_shape = {"a duty", SHAPE(post_keys), false};

enum { R_PEOPLE, R_EVERY, R_FROM, R_COUNT };
static const struct key rota_keys[R_COUNT] = {
        [R_PEOPLE] = {"people", "add the list of those who take turns"},
        [R_EVERY] = {"every", "add how long a turn lasts, such as 'every: 1w'"},
        [R_FROM] = {"from", "add when the first turn begins, such as 'from: 2026-09-01T08:00'"},
};
static const struct shape rota_shape = {"a rota", SHAPE(rota_keys), false};

/* One person, or a list of those who hold the post together. */
static void crew_read(const struct checker *c, const struct node *node,
                      const struct site_reading *site, struct crew *crew)
{
	bool several = node->kind == NODE_LIST;
	uint32_t count = several ? check_list(c, node, "people who hold a post together", 1) : 1;
	if (count > CREW_MAX) {
		check_problem(c, node, "%u people at one time; at most %d", count, CREW_MAX);
		return;
	}
	crew->people = ARENA_ARRAY(c->arena, uint32_t, count);
	if (!several) {
		crew->people[crew->count++] = ids_refer(c, &site->people, node);
		return;
	}
	FOR_EACH_NODE(c, item, node, count)
	crew->people[crew->count++] = ids_refer(c, &site->people, item);
}

static void rota_read(const struct checker *c, const struct node *node,
                      const struct site_reading *site, struct rota *rota)
{
	const struct node *v[R_COUNT];
	if (!check_map(c, node, &rota_shape, v))
		return;
	uint32_t count = check_list(c, v[R_PEOPLE], "the rota's people", 1);
	rota->turns = ARENA_ARRAY(c->arena, struct crew, count);
	FOR_EACH_NODE(c, item, v[R_PEOPLE], count)
	crew_read(c, item, site, &rota->turns[rota->count++]);
	check_span(c, v[R_EVERY], "every", SPAN_LEAST, &rota->every);
	const char *from = check_text(c, v[R_FROM], "from");
	if (from && civil_parse(from, &rota->from) < 0)
		check_problem(c, v[R_FROM],
		              "'%s' is no local time; write it like 2026-09-01T08:00, without an "
		              "offset (it is in the site's timezone)",
		              from);
}

void posts_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "duty", 0), i = 0;
	ids_begin(&site->posts, "duty", list, count);
	site->def->posts = ARENA_ARRAY(c->arena, struct post, count);
	site->def->post_count = count;
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[D_COUNT];
		check_map(c, item, &post_shape, v);
		struct post *post = &site->def->posts[i++];
		post->id = ids_claim(c, &site->posts, v[D_ID]);
		const char *name = check_text(c, v[D_NAME], "the duty's name");
		post->name = name ? name : post->id;
		rota_read(c, v[D_ROTA], site, &post->rota);
	}
}
