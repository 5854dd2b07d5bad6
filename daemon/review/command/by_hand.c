/* What people have changed by hand, from the record: for commands that ask no daemon. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/command/inside.h"

static bool take(void *ctx, const char *json)
{
	struct by_hand *hand = ctx;
	struct standing *s = standing_create();
	if (!standing_read_json(json, s)) {
		standing_destroy(s);
		return true;
	}
	MEM_RESERVE(hand->items, hand->count, hand->cap);
	hand->items[hand->count++] = s;
	if (s->type == STANDING_OVERRIDE)
		duty_state_add(&hand->duty, s);
	return true;
}

void by_hand_load(const struct command_context *ctx, const struct site_def *def,
                  struct by_hand *hand)
{
	static const enum standing_type types[] = {STANDING_OVERRIDE, STANDING_ARMING,
	                                           STANDING_SILENCE, STANDING_DRILL};
	struct store *store = NULL;
	struct problem why = {0};
	*hand = (struct by_hand){0};
	int r = store_open(ctx->store_path, STORE_READ, &store, &why);
	for (size_t i = 0; i < sizeof types / sizeof *types && r >= 0; i++)
		r = store_standings(store, def->id, types[i], false, take, hand);
	store_close(store);
	if (r < 0 && r != -ENOENT) /* not made yet: nothing was ever changed */
		complain(ctx, EXIT_FAILED, "what was changed by hand is not known: %s",
		         why.text[0] ? why.text : strerror(-r));
	hand->in_force = (struct in_force){hand->items, hand->count};
}

void by_hand_unload(struct by_hand *hand)
{
	for (uint32_t i = 0; i < hand->count; i++)
		standing_destroy(hand->items[i]);
	free(hand->items);
	free(hand->duty.overrides);
	*hand = (struct by_hand){0};
}
