/* The service's life: start, turns, stops, deaths, and every start after one. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define SPINS 3000 /* turns within one millisecond before we say that it spins */

static world_ms spin_at;
static uint32_t spins;
static world_ms clock_of_service; /* world time at which its steady time was 0 */
static wall_ms wall_base_before;
static uint32_t boots_before;

bool may_leave(void)
{
	if (world.dead)
		return false;
	model_catch_up();
	if (world.death == DEATH_IN_RELEASE && --world.death_in == 0) {
		trace("the process dies inside a release");
		world.dead = true;
		disk_freeze();
	}
	return !world.dead;
}

/* Who is dead leaves no mark (its commit failed because it died). */
void __real_unlogged_mark(const char *store_path);
void __wrap_unlogged_mark(const char *store_path);
void __wrap_unlogged_mark(const char *store_path)
{
	if (!world.dead)
		__real_unlogged_mark(store_path);
}

bool life_wants_turn(void)
{
	return uv_is_active((uv_handle_t *)&world.app.wake);
}

static void start_again(uint64_t arg)
{
	(void)arg;
	if (!world.alive)
		life_start();
}

static span_ms downtime(void)
{
	if (world.calm)
		return SECONDS(2);
	return chance(700) ? between(SECONDS(1), SECONDS(20)) : between(SECONDS(20), HOURS(3));
}

static void count_death(void)
{
	struct counts *n = &world.counts;
	n->killed_in_commit += world.death == DEATH_IN_COMMIT || world.death == DEATH_AT_SYNC;
	n->killed_in_release += world.death == DEATH_IN_RELEASE;
	n->power_cuts += world.power_goes;
	world.death = DEATH_NONE;
}

static void die(void)
{
	count_death();
	bool power = world.power_goes;
	world.power_goes = false;
	trace("%s", power ? "the power is cut" : "killed");
	/* What is left of it: its memory goes, its files stay as they are. */
	disk_freeze();
	model_close_reader();
	http_close(world.app.http);
	world.app.http = NULL; /* without it nothing is said at the end */
	app_close(&world.app);
	world.alive = world.dead = false;
	world.review = NULL;
	if (power) {
		disk_lose_power(chance(500));
		world.now += between(SECONDS(20), MINUTES(3));
		reboot();
		if (chance(300)) /* its clock has no battery */
			wall_step(-between(MINUTES(1), HOURS(20)));
	}
	disk_thaw();
	check_forget_given();
	people_asked_again();
	later(downtime(), start_again, 0);
}

void life_die(bool power)
{
	world.counts.killed_idle++;
	world.power_goes = power;
	die();
}

/* ---- turns ---- */

static void take_alarm(void)
{
	struct app *app = &world.app;
	int64_t mono = world.now - world.booted - world.suspended;
	world.alarm_mono = uv_is_active((uv_handle_t *)&app->alarm)
	                           ? mono + (int64_t)uv_timer_get_due_in(&app->alarm)
	                           : INT64_MAX;
}

static void remember_clock(void)
{
	clock_of_service = world.now - world.review->now(world.review->ctx).steady;
	if (!app_disk_is_well(&world.app))
		return; /* the anchor is as old as the last commit */
	wall_base_before = world.wall_base;
	boots_before = world.boots;
}

world_ms life_clock(void)
{
	return world.review ? world.now - world.review->now(world.review->ctx).steady
	                    : clock_of_service;
}

static void after_turn(void)
{
	world.counts.failed_commits += world.app.counters.commit_failures;
	world.counts.left += world.app.counters.left;
	world.app.counters.commit_failures = world.app.counters.left = 0;
	if (world.dead) {
		die();
		return;
	}
	model_catch_up();
	remember_clock();
	take_alarm();
	check_turn();
}

void life_turn(void)
{
	spins = spin_at == world.now ? spins + 1 : 0;
	spin_at = world.now;
	if (spins > SPINS)
		broken("the service spins");
	world.counts.turns++;
	app_turn(&world.app);
	after_turn();
}

/* ---- starts ---- */

/* Steady time goes on over a restart; only a reboot with a clock that went back loses some. */
static void check_clock(void)
{
	world_ms zero = world.now - world.review->now(world.review->ctx).steady;
	span_ms lost = world.life == 1 ? 0 : zero - clock_of_service;
	span_ms excused = boots_before != world.boots && wall_base_before > world.wall_base
	                          ? wall_base_before - world.wall_base
	                          : 0;
	if (lost > excused + SECONDS(1))
		broken("a restart lost %lld ms of steady time", (long long)lost);
	if (lost > 0)
		model_shift(lost);
}

void life_start(void)
{
	struct problem why = {0};
	world.app = (struct app){0};
	world.life++;
	check_owes_nothing();
	world.alarm_mono = INT64_MAX;
	trace("start %u", world.life);
	if (!world.calm && world.life > 1 && chance(100)) {
		world.death = chance(500) ? DEATH_IN_COMMIT : DEATH_AT_SYNC;
		world.death_in = 1;
		world.counts.killed_in_start++;
	}
	if (app_load_config(&world.app, "tocsin.yaml") < 0)
		broken("the configuration is refused");
	if (!world.calm && chance(500))
		world.app.held_max = (uint32_t)between(5, 60);
	int r = app_open(&world.app, &why);
	if (r < 0 || world.dead) {
		if (world.disk == DISK_WELL && !world.dead)
			broken("it does not start: %s", why.text);
		trace("it does not start: %s", why.text);
		world.power_goes = false;
		die();
		return;
	}
	world.alive = true;
	world.up_since = world.now;
	model_open_reader();
	model_catch_up();
	check_clock();
	life_turn();
}

void life_stop(void)
{
	world.counts.stopped++;
	trace("stopped");
	model_catch_up();
	check_stored();
	app_close(&world.app);
	model_close_reader();
	world.alive = world.dead = false;
	world.death = DEATH_NONE;
	world.power_goes = false;
	disk_thaw();
	check_forget_given();
	people_asked_again();
	later(downtime(), start_again, 0);
}

void life_reload(void)
{
	struct w_site *site = &world.sites[below(world.site_count)];
	struct w_policy *policy = &site->policies[below(site->policy_count)];
	struct w_policy before = *policy;
	site->edition++;
	policy->repeat = MINUTES(between(2, 20));
	policy->resolve_within = MINUTES(between(5, 90));
	world.counts.reloads++;
	trace("reload: %s, edition %u", site->id, site->edition);
	if (chance(200))
		school_spoil(site);
	else
		school_write(site);
	if (chance(300)) {
		world.login++;
		service_write();
	}
	const struct service_config *before_it = world.app.config;
	raise(SIGHUP);
	for (int i = 0; i < 3 && !world.dead; i++)
		uv_run(&world.app.loop, UV_RUN_NOWAIT);
	/* Refused: a bad file, or the record cannot be written. Somebody puts the old one back. */
	if (world.app.config == before_it) {
		world.counts.bad_reloads++;
		*policy = before;
		site->edition--;
		school_write(site);
	}
	after_turn();
}
