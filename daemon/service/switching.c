/* Commands to outputs (decide/outputs.h), once they are committed. What the broker has not
 * confirmed is said again on each new connection, and what is on is said again too: a siren that
 * was without power meanwhile begins again. */
#include "app.h"

#include <stdlib.h>
#include <string.h>

static void say(struct app *app, const struct site *site, const struct output_state *state)
{
	const char *command = state->is_on ? state->on : state->off;
	int receipt;
	struct broker *voice = app_voice(app);
	bool sent = broker_publish_receipt(voice, state->topic, command, strlen(command),
	                                   state->retain, &receipt);
	if (!sent || voice != app->broker)
		return; /* what goes over the second connection is said again on the first */
	MEM_RESERVE(app->receipts, app->receipt_count, app->receipt_cap);
	app->receipts[app->receipt_count++] = (struct receipt){.number = receipt,
	                                                       .site = mem_copy(site->def->id),
	                                                       .output = mem_copy(state->id),
	                                                       .command = state->number};
}

void switching_changed(struct app *app)
{
	for (uint32_t i = 0; i < app->site_count; i++) {
		const struct plan *plan = &app->sites[i].plan;
		for (uint32_t k = 0; k < plan->output_count; k++)
			if (!plan->outputs[k]->told)
				say(app, app->sites[i].site, plan->outputs[k]);
	}
}

void switching_connected(struct app *app)
{
	switching_forget(app);
	for (uint32_t i = 0; i < app->site_count; i++) {
		const struct site *site = app->sites[i].site;
		for (uint32_t k = 0; k < site->output_count; k++) {
			const struct output_state *state = site->outputs[k];
			/* What this turn has changed is not committed yet: it follows. */
			if (!state->touched && (state->is_on || !state->told))
				say(app, site, state);
		}
	}
}

void switching_confirmed(struct app *app, int receipt)
{
	for (uint32_t i = 0; i < app->receipt_count; i++) {
		struct receipt *found = &app->receipts[i];
		if (found->number != receipt)
			continue;
		struct item *item = inbox_add(app, ITEM_OUTPUT);
		item->site = arena_copy(&app->inbox.arena, found->site);
		item->output = (struct output_told){
		        .output = arena_copy(&app->inbox.arena, found->output),
		        .number = found->command};
		free(found->site);
		free(found->output);
		*found = app->receipts[--app->receipt_count];
		return;
	}
}

void switching_forget(struct app *app)
{
	while (app->receipt_count) {
		free(app->receipts[--app->receipt_count].site);
		free(app->receipts[app->receipt_count].output);
	}
}
