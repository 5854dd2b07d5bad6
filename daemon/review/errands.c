#include "review/errands.h"

#include <stdlib.h>

#include "review/exchange.h"

#define ERRANDS_MAX 16 /* that wait */

static void start(struct errands *line);

static void on_run(uv_work_t *work)
{
	struct errand *errand = work->data;
	errand->type->run(errand);
}

static void on_done(uv_work_t *work, int status)
{
	struct errand *errand = work->data;
	struct errands *line = errand->line;
	struct exchange *ex = errand->exchange;
	(void)status;
	if (ex) {
		ex->finish_ctx = NULL;
		errand->type->answer(errand, ex);
		exchange_resume(ex);
	}
	errand->type->destroy(errand);
	line->under_way = NULL;
	if (line->server->closing)
		server_handle_closed(line->server);
	else
		start(line);
}

static void start(struct errands *line)
{
	struct errand *errand = line->waiting;
	if (!errand || line->under_way)
		return;
	line->waiting = errand->next;
	line->count--;
	line->under_way = errand;
	errand->work.data = errand;
	int r = uv_queue_work(line->server->loop, &errand->work, on_run, on_done);
	if (r < 0)
		abort(); /* only for a NULL callback */
}

static void forget_exchange(void *ctx)
{
	((struct errand *)ctx)->exchange = NULL;
}

void exchange_send(struct exchange *ex, struct errands *line, struct errand *errand)
{
	if (line->count >= ERRANDS_MAX) {
		exchange_problem(ex, 503, "%s; try again", line->busy);
		exchange_add_header(ex, "Retry-After", "5");
		errand->type->destroy(errand);
		return;
	}
	struct errand **last = &line->waiting;
	while (*last)
		last = &(*last)->next;
	*last = errand;
	line->count++;
	errand->line = line;
	errand->exchange = ex;
	errand->generation = line->server->generation;
	ex->finish_ctx = errand;
	ex->free_finish_ctx = forget_exchange;
	exchange_suspend(ex);
	start(line);
}

bool errands_are_older(const struct errands *line)
{
	const struct errand *oldest = line->under_way ? line->under_way : line->waiting;
	return oldest && oldest->generation != line->server->generation;
}

void errands_drop(struct errands *line)
{
	while (line->waiting) {
		struct errand *errand = line->waiting;
		line->waiting = errand->next;
		if (errand->exchange)
			errand->exchange->finish_ctx = NULL;
		errand->type->destroy(errand);
	}
	if (line->under_way)
		line->server->open_handles++;
}
