#include "review/reading.h"

#include <stdlib.h>

#include "review/exchange.h"

#define LOOK_NS INT64_C(3000000) /* that the loop may be held up */

static void run(struct errand *errand)
{
	struct reading *reading = (struct reading *)errand;
	struct store *store = NULL;
	reading->result = store_open(reading->store_path, STORE_BESIDE, &store, &reading->why);
	if (reading->result < 0)
		return;
	store_read_until(store, reading->stop);
	reading->result = reading->type->read(reading, store);
	store_close(store);
}

static void answer(struct errand *errand, struct exchange *ex)
{
	struct reading *reading = (struct reading *)errand;
	if (reading->type->answer)
		reading->type->answer(ex, reading);
	else if (reading->result < 0)
		exchange_unreadable(ex, reading->result);
	else
		exchange_json(ex, 200, &reading->out);
}

static void destroy(struct errand *errand)
{
	struct reading *reading = (struct reading *)errand;
	if (reading->type->finish)
		reading->type->finish(reading);
	text_finish(&reading->out);
	free(reading);
}

/* False where it takes longer than the loop may. */
static bool read_at_once(struct reading *reading, struct store *store)
{
	store_look_begin(store, LOOK_NS);
	reading->result = reading->type->read(reading, store);
	if (store_look_end(store))
		return true;
	text_reset(&reading->out);
	reading->why = (struct problem){""};
	return false;
}

void exchange_read(struct exchange *ex, struct reading *reading, const struct reading_type *type)
{
	static const struct errand_type errand_type = {run, answer, destroy};
	struct http_server *server = ex->server;
	struct store *store = server->service.store;
	reading->errand.type = &errand_type;
	reading->type = type;
	reading->store_path = store_path(store);
	reading->stop = &server->ends;
	if (read_at_once(reading, store)) {
		answer(&reading->errand, ex);
		destroy(&reading->errand);
	} else {
		exchange_send(ex, &server->readings, &reading->errand);
	}
}
