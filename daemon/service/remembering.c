/* What the HTTP side wants to know after a restart goes with the commit of the turn: a request
 * under an idempotency key beside what it did, so that a repetition never does it twice. */
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/mem.h"

static void forget(struct remembered *one)
{
	free((char *)(uintptr_t)one->what);
	free((char *)(uintptr_t)one->key);
	free((char *)(uintptr_t)one->value);
}

void app_remember(void *ctx, const struct remembered *one, operation_done done, void *done_ctx)
{
	struct app *app = ctx;
	struct item *item = inbox_add(app, ITEM_MEMORY);
	struct arena *arena = &app->inbox.arena;
	item->done = done;
	item->done_ctx = done_ctx;
	item->memory = (struct remembered){.what = arena_copy(arena, one->what),
	                                   .key = arena_copy(arena, one->key),
	                                   .until = one->until,
	                                   .value = arena_copy(arena, one->value)};
}

/* The place of what is told: where it was told before and is not written yet, the last word counts.
 */
static struct remembered *place_of(struct app *app, const struct remembered *told)
{
	for (uint32_t i = 0; i < app->memory_count; i++) {
		struct remembered *one = &app->memories[i];
		if (strcmp(one->key, told->key) == 0 && strcmp(one->what, told->what) == 0) {
			forget(one);
			return one;
		}
	}
	MEM_RESERVE(app->memories, app->memory_count, app->memory_cap);
	return &app->memories[app->memory_count++];
}

void remembering_decide(struct app *app, const struct item *item)
{
	const struct remembered *told = &item->memory;
	*place_of(app, told) = (struct remembered){.what = mem_copy(told->what),
	                                           .key = mem_copy(told->key),
	                                           .until = told->until,
	                                           .value = mem_copy(told->value)};
	if (!item->done)
		return;
	MEM_RESERVE(app->answers, app->answer_count, app->answer_cap);
	app->answers[app->answer_count++] = (struct answer){.done = item->done,
	                                                    .done_ctx = item->done_ctx};
}

void remembering_forget(struct app *app)
{
	for (uint32_t i = 0; i < app->memory_count; i++)
		forget(&app->memories[i]);
	app->memory_count = 0;
}
