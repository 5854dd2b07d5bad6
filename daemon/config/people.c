/* People and their contacts. */
#include <string.h>

#include "config/read.h"
#include "config/secret.h"

enum { P_ID, P_NAME, P_CONTACTS, P_PROVE, P_COUNT };
static const struct key person_keys[P_COUNT] = {
        [P_ID] = {"id", "add the name by which duty and policies call this person"},
        [P_NAME] = {"name", NULL},
        [P_CONTACTS] = {"contacts", "a person who cannot be reached cannot be told; add "
                                    "'contacts: [{channel: ...}]'"},
        [P_PROVE] = {"prove_every", NULL},
};
static const struct shape person_shape = {"a person", SHAPE(person_keys), false};

enum { C_CHANNEL, C_TO, C_TO_FILE, C_COUNT };
static const struct key contact_keys[C_COUNT] = {
        [C_CHANNEL] = {"channel", "add the id of a channel of the service file"},
        [C_TO] = {"to", NULL},
        [C_TO_FILE] = {"to_file", NULL},
};
static const struct shape contact_shape = {"a contact", SHAPE(contact_keys), true};

/* An address with which anybody could push there is a secret; others are no more than names. */
static const char *to_read(const struct checker *c, const struct node *const *v,
                           const struct channel *channel)
{
	const char *to = NULL;
	bool is_key = channel && channel->type && channel->type->to_is_key;
	if (!is_key && !v[C_TO_FILE])
		return check_text(c, v[C_TO], "to");
	(void)check_secret(c, "to", v[C_TO], v[C_TO_FILE], false, &to);
	return to;
}

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
		const struct channel *channel =
		        contact->channel == POSITION_NONE
		                ? NULL
		                : &site->service->config->channels[contact->channel];
		contact->to = to_read(c, v, channel);
		if (channel)
			contact_check(c, item, v[C_TO] ? v[C_TO] : v[C_TO_FILE], channel);
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
		check_span(c, v[P_PROVE], "prove_every", DAYS(1), &person->prove_every);
	}
}
