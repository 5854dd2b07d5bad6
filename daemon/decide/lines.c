#include "decide/lines.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

static const char *line_name(const void *owner, uint32_t position)
{
	return ((const struct record_lines *)owner)->items[position]->name;
}

/* make: where there is none yet; else NULL. */
static struct record_line *line_of(struct site *site, const struct notification *n,
                                   uint32_t contact, bool make)
{
	const struct delivery *d = &n->deliveries[contact];
	const char *address = delivery_address(site->def, n, d);
	struct record_lines *lines = &site->lines;
	struct text name = {0};
	if (address)
		text_addf(&name, "%s/%s", d->channel, address);
	else
		text_addf(&name, "%s/%s/%s", d->channel, recipient_kind_name(n->to_kind), n->to_id);
	uint32_t found = index_find(&lines->index, text_get(&name), line_name, lines);
	if (found == INDEX_NONE && make) {
		struct record_line *line = NEW(struct record_line);
		line->name = mem_copy(text_get(&name));
		MEM_RESERVE(lines->items, lines->count, lines->cap);
		found = lines->count++;
		lines->items[found] = line;
		index_add(&lines->index, found, line_name, lines);
	}
	text_finish(&name);
	return found == INDEX_NONE ? NULL : lines->items[found];
}

void lines_finish(struct record_lines *lines)
{
	for (uint32_t i = 0; i < lines->count; i++) {
		free(lines->items[i]->name);
		free(lines->items[i]->items);
		free(lines->items[i]);
	}
	free(lines->items);
	index_finish(&lines->index);
	*lines = (struct record_lines){0};
}

static void join(struct record_line *line, struct notification *n, uint32_t contact)
{
	MEM_RESERVE(line->items, line->count, line->cap);
	uint32_t at = line->count++;
	for (; at > 0 && line->items[at - 1].n->number > n->number; at--)
		line->items[at] = line->items[at - 1];
	line->items[at] = (struct in_line){n, contact};
	n->deliveries[contact].in_line = true;
}

/* The same recipient's earlier word about this incident is under way on this channel. */
static bool is_overtaking(const struct context *c, const struct notification *n, uint32_t contact)
{
	for (uint32_t i = 0; n->incident && i < c->site->notification_count; i++) {
		const struct notification *before = c->site->notifications[i];
		if (before->number >= n->number)
			break;
		if (!before->urgent || before->incident != n->incident ||
		    before->to_kind != n->to_kind || strcmp(before->to_id, n->to_id) != 0)
			continue;
		for (uint32_t k = 0; k < before->delivery_count; k++)
			if (before->deliveries[k].state == DELIVERY_SENDING &&
			    strcmp(before->deliveries[k].channel, n->deliveries[contact].channel) ==
			            0)
				return true;
	}
	return false;
}

bool line_admits(struct context *c, struct notification *n, uint32_t contact)
{
	struct delivery *d = &n->deliveries[contact];
	struct record_line *line = line_of(c->site, n, contact, true);
	assert(line);
	if (!d->in_line)
		join(line, n, contact);
	const struct in_line *first = &line->items[0];
	return first->n == n && first->contact == contact && !is_overtaking(c, n, contact);
}

static void go(struct context *c, const struct record_line *line, bool at_once)
{
	if (!line->count)
		return;
	struct notification *n = line->items[0].n;
	uint32_t contact = line->items[0].contact;
	const struct delivery *d = &n->deliveries[contact];
	if (d->state != DELIVERY_RETRYING || (!at_once && d->due != NEVER))
		return;
	delivery_attempt(c, n, contact);
	deliveries_set_due(c, n);
}

void line_moves(struct context *c, const struct notification *n, uint32_t contact, bool accepted)
{
	const struct record_line *line = line_of(c->site, n, contact, false);
	if (line)
		go(c, line, accepted);
}

static void leave(struct record_line *line, const struct notification *n, uint32_t contact)
{
	uint32_t at = 0;
	while (line->items[at].n != n || line->items[at].contact != contact)
		at++;
	memmove(&line->items[at], &line->items[at + 1], (--line->count - at) * sizeof *line->items);
}

void line_leaves(struct context *c, struct notification *n)
{
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		struct delivery *d = &n->deliveries[i];
		bool ended = d->state == DELIVERY_ACCEPTED || d->state == DELIVERY_REFUSED ||
		             (notification_is_over(n) && d->state != DELIVERY_SENDING);
		if (!d->in_line || !ended)
			continue;
		struct record_line *line = line_of(c->site, n, i, true);
		assert(line);
		d->in_line = false;
		leave(line, n, i);
		go(c, line, false);
	}
}

void lines_form(struct site *site)
{
	lines_finish(&site->lines);
	for (uint32_t i = 0; i < site->notification_count; i++) {
		struct notification *n = site->notifications[i];
		for (uint32_t k = 0; k < n->delivery_count; k++) {
			struct delivery *d = &n->deliveries[k];
			bool waits = d->state == DELIVERY_RETRYING && !notification_is_over(n);
			d->in_line = false;
			if (notification_is_record(n) && (waits || d->state == DELIVERY_SENDING))
				join(line_of(site, n, k, true), n, k);
		}
	}
}

void lines_go(struct context *c)
{
	for (uint32_t i = 0; i < c->site->lines.count; i++)
		go(c, c->site->lines.items[i], false);
}
