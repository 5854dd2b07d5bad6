/* What the HTTP side wants to know after a restart goes with the commit of the turn: a request
 * under an idempotency key beside what it did, so that a repetition never does it twice. */
#include <stdlib.h>

#include "app.h"
#include "base/mem.h"

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

void remembering_decide(struct app *app, const struct item *item)
{
	MEM_RESERVE(app->memories, app->memory_count, app->memory_cap);
	app->memories[app->memory_count++] = (struct remembered){
	        .what = mem_copy(item->memory.what),
	        .key = mem_copy(item->memory.key),
	        .until = item->memory.until,
	        .value = mem_copy(item->memory.value)};
	if (!item->done)
		return;
	MEM_RESERVE(app->answers, app->answer_count, app->answer_cap);
	app->answers[app->answer_count++] = (struct answer){.done = item->done,
	                                                    .done_ctx = item->done_ctx};
}

void remembering_forget(struct app *app)
{
	for (uint32_t i = 0; i < app->memory_count; i++) {
		free((char *)(uintptr_t)app->memories[i].what);
		free((char *)(uintptr_t)app->memories[i].key);
		free((char *)(uintptr_t)app->memories[i].value);
	}
	app->memory_count = 0;
}
