#include "store/seal_check.h"

#include <pthread.h>
#include <stdlib.h>

#define WAITING_MAX 256
#define BROKEN_MAX 64 /* told; more change nothing in the verdict */

struct job {
	struct seal seal;
	const char *site;
	uint32_t chain;
	uint64_t from, seq;
};

struct seal_checker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job waiting[WAITING_MAX]; /* a ring */
	uint32_t first, count;
	struct job broken[BROKEN_MAX]; /* the worker's until it has ended */
	uint32_t broken_count;
	bool ending, runs; /* runs: there is a thread */
};

static void look(struct seal_checker *checker, const struct job *job)
{
	if (!seal_holds(&job->seal, job->site) && checker->broken_count < BROKEN_MAX)
		checker->broken[checker->broken_count++] = *job;
}

static void *work(void *ctx)
{
	struct seal_checker *checker = ctx;
	pthread_mutex_lock(&checker->lock);
	for (;;) {
		while (!checker->count && !checker->ending)
			pthread_cond_wait(&checker->changed, &checker->lock);
		if (!checker->count)
			break;
		struct job job = checker->waiting[checker->first];
		checker->first = (checker->first + 1) % WAITING_MAX;
		checker->count--;
		pthread_cond_signal(&checker->changed);
		pthread_mutex_unlock(&checker->lock);
		look(checker, &job);
		pthread_mutex_lock(&checker->lock);
	}
	pthread_mutex_unlock(&checker->lock);
	return NULL;
}

struct seal_checker *seal_checker_open(void)
{
	struct seal_checker *checker = NEW(struct seal_checker);
	pthread_mutex_init(&checker->lock, NULL);
	pthread_cond_init(&checker->changed, NULL);
	checker->runs = pthread_create(&checker->thread, NULL, work, checker) == 0;
	return checker;
}

void seal_checker_add(struct seal_checker *checker, const struct seal *seal, const char *site,
                      uint32_t chain, uint64_t from, uint64_t seq)
{
	const struct job job = {*seal, site, chain, from, seq};
	if (!checker->runs) {
		look(checker, &job);
		return;
	}
	pthread_mutex_lock(&checker->lock);
	while (checker->count == WAITING_MAX)
		pthread_cond_wait(&checker->changed, &checker->lock);
	checker->waiting[(checker->first + checker->count++) % WAITING_MAX] = job;
	pthread_cond_signal(&checker->changed);
	pthread_mutex_unlock(&checker->lock);
}

void seal_checker_close(struct seal_checker *checker, seal_broken visit, void *ctx)
{
	if (!checker)
		return;
	if (checker->runs) {
		pthread_mutex_lock(&checker->lock);
		checker->ending = true;
		pthread_cond_signal(&checker->changed);
		pthread_mutex_unlock(&checker->lock);
		pthread_join(checker->thread, NULL);
	}
	for (uint32_t i = 0; visit && i < checker->broken_count; i++)
		visit(ctx, checker->broken[i].chain, checker->broken[i].from,
		      checker->broken[i].seq);
	pthread_mutex_destroy(&checker->lock);
	pthread_cond_destroy(&checker->changed);
	free(checker);
}
