#include <stdlib.h>

#include "decide/core.h"

#define PUSH(items, count, cap, item)                                                              \
	do {                                                                                       \
		MEM_RESERVE(items, count, cap);                                                    \
		(items)[(count)++] = (item);                                                       \
	} while (0)

struct text *record(struct context *c)
{
	text_reset(&c->plan->scratch);
	json_open(&c->plan->scratch, NULL, '{');
	return &c->plan->scratch;
}

/* What somebody does in another's name has both in every entry: an operation's `by` is who did it,
 * "for" whom; of what came of it, `by` is whose it is, and "actor" who did it. */
static void name_actor(struct context *c, struct entry *entry)
{
	const struct operation *op = c->operation;
	if (!op || !op->actor || !op->by || !entry->by || strcmp(entry->by, op->by) != 0)
		return;
	bool is_operation = strcmp(entry->type, "operator") == 0;
	json_put_string(&c->plan->scratch, is_operation ? "for" : "actor",
	                is_operation ? op->by : op->actor);
	if (is_operation)
		entry->by = op->actor;
}

void record_end(struct context *c, struct entry entry)
{
	struct plan *plan = c->plan;
	name_actor(c, &entry);
	json_close(&plan->scratch, '}');
	entry.data = arena_copy_len(&plan->arena, text_get(&plan->scratch), plan->scratch.len);
	entry.device = arena_copy(&plan->arena, entry.device);
	entry.incident = arena_copy(&plan->arena, entry.incident);
	entry.by = arena_copy(&plan->arena, entry.by);
	entry.now = c->now;
	if (!entry.time)
		entry.time = c->now.wall;
	PUSH(plan->entries, plan->entry_count, plan->entry_cap, entry);
}

void touch_incident(struct context *c, struct incident *incident)
{
	incident->changed = c->now;
	c->site->outputs_due = true;
	if (incident->touched)
		return;
	incident->touched = true;
	PUSH(c->plan->incidents, c->plan->incident_count, c->plan->incident_cap, incident);
}

void touch_notification(struct context *c, struct notification *notification)
{
	if (notification->touched)
		return;
	notification->touched = true;
	PUSH(c->plan->notifications, c->plan->notification_count, c->plan->notification_cap,
	     notification);
}

void touch_standing(struct context *c, struct standing *s)
{
	if (s->touched)
		return;
	s->touched = true;
	PUSH(c->plan->standings, c->plan->standing_count, c->plan->standing_cap, s);
}

void touch_output(struct context *c, struct output_state *state)
{
	if (state->touched)
		return;
	state->touched = true;
	PUSH(c->plan->outputs, c->plan->output_count, c->plan->output_cap, state);
}

void touch_device(struct context *c, uint32_t device)
{
	struct device_state *state = &c->site->devices[device];
	if (state->touched)
		return;
	state->touched = true;
	PUSH(c->plan->devices, c->plan->device_count, c->plan->device_cap, device);
}

void plan_dispatch(struct context *c, struct notification *notification, uint32_t contact)
{
	struct dispatch dispatch = {.notification = notification,
	                            .contact = contact,
	                            .attempt = notification->deliveries[contact].attempts};
	PUSH(c->plan->dispatches, c->plan->dispatch_count, c->plan->dispatch_cap, dispatch);
}

void plan_reset(struct plan *plan, struct site *site)
{
	for (uint32_t i = 0; i < plan->incident_count; i++) {
		plan->incidents[i]->touched = false;
		incident_touch_parts(plan->incidents[i], false);
	}
	for (uint32_t i = 0; i < plan->notification_count; i++)
		plan->notifications[i]->touched = false;
	for (uint32_t i = 0; i < plan->standing_count; i++)
		plan->standings[i]->touched = false;
	for (uint32_t i = 0; i < plan->output_count; i++)
		plan->outputs[i]->touched = false;
	for (uint32_t i = 0; i < plan->device_count; i++)
		site->devices[plan->devices[i]].touched = false;
	plan->entry_count = plan->incident_count = plan->notification_count = 0;
	plan->standing_count = plan->output_count = 0;
	plan->device_count = plan->dispatch_count = plan->dispatches_released = 0;
	plan->answer = NULL;
	plan->made = NULL;
	arena_reset(&plan->arena);
}

void plan_finish(struct plan *plan)
{
	free(plan->entries);
	free(plan->incidents);
	free(plan->notifications);
	free(plan->standings);
	free(plan->outputs);
	free(plan->devices);
	free(plan->dispatches);
	text_finish(&plan->scratch);
	arena_finish(&plan->arena);
	*plan = (struct plan){0};
}
