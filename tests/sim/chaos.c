/* What goes wrong, and when. Each kind of trouble plans its own next time. */
#include "sim.h"

static world_ms over;

static void seldom(span_ms low, span_ms high, happening what)
{
	later(between(low, high) * world.seldom, what, 0);
}

static bool again(happening what, span_ms low, span_ms high)
{
	if (world.now > over)
		return false;
	seldom(low, high, what);
	return true;
}

/* ---- the process ---- */

static void kill_it(uint64_t arg)
{
	(void)arg;
	if (!again(kill_it, MINUTES(30), HOURS(14)) || !world.alive)
		return;
	world.power_goes = chance(250);
	switch (below(4)) {
	case 0:
		life_die(world.power_goes);
		break;
	case 1:
		world.death = DEATH_IN_COMMIT;
		world.death_in = 1 + (uint32_t)below(4);
		break;
	case 2:
		world.death = DEATH_AT_SYNC;
		break;
	case 3:
		world.death = DEATH_IN_RELEASE;
		world.death_in = 1 + (uint32_t)below(8);
		break;
	}
}

static void stop_it(uint64_t arg)
{
	(void)arg;
	if (again(stop_it, HOURS(6), DAYS(2)) && world.alive)
		life_stop();
}

static void reload(uint64_t arg)
{
	(void)arg;
	if (again(reload, HOURS(4), DAYS(1)) && world.alive)
		life_reload();
}

/* ---- the disk ---- */

static void disk_mended(uint64_t arg)
{
	(void)arg;
	if (world.disk != DISK_WELL)
		trace("the disk is well again");
	disk_set(DISK_WELL);
}

static void disk_fails(uint64_t arg)
{
	(void)arg;
	if (!again(disk_fails, HOURS(3), DAYS(1)) || world.disk != DISK_WELL)
		return;
	enum disk_mood mood = (enum disk_mood)between(DISK_FULL, DISK_LOCKED);
	world.counts.disk_full += mood == DISK_FULL;
	world.counts.disk_broken += mood == DISK_BREAKS_SYNCS || mood == DISK_BREAKS_WRITES;
	world.counts.disk_locked += mood == DISK_LOCKED;
	trace("the disk is in mood %d", mood);
	disk_set(mood);
	later(chance(800) ? between(100, SECONDS(40)) : between(MINUTES(1), MINUTES(12)),
	      disk_mended, 0);
}

/* ---- the broker ---- */

static void broker_returns(uint64_t arg)
{
	(void)arg;
	broker_server_up(true);
	devices_hear_broker();
}

static void broker_fails(uint64_t arg)
{
	(void)arg;
	if (!again(broker_fails, HOURS(1), HOURS(16)) || !world.broker_up)
		return;
	world.counts.outages++;
	broker_server_up(false);
	if (chance(200)) {
		world.counts.sessions_lost++;
		trace("the broker forgets the session");
		broker_forget(true, chance(500));
	}
	later(chance(800) ? between(50, MINUTES(3)) : between(MINUTES(3), HOURS(4)), broker_returns,
	      0);
}

static void session_fails(uint64_t arg)
{
	(void)arg;
	if (!again(session_fails, HOURS(2), HOURS(12)))
		return;
	world.counts.sessions_cut++;
	broker_cut_session();
}

static void session_is_lost(uint64_t arg)
{
	(void)arg;
	if (!again(session_is_lost, HOURS(2), HOURS(16)))
		return;
	world.counts.sessions_lost++;
	broker_forget_session();
}

static void lane_fails(uint64_t arg)
{
	(void)arg;
	if (!again(lane_fails, HOURS(1), HOURS(12)))
		return;
	world.counts.lanes_cut++;
	broker_cut_lane();
}

/* ---- the clock ---- */

static void clock_jumps(uint64_t arg)
{
	(void)arg;
	if (!again(clock_jumps, HOURS(4), DAYS(1)))
		return;
	span_ms by = chance(500) ? between(SECONDS(2), MINUTES(10))
	                         : between(MINUTES(10), HOURS(15));
	wall_step(chance(500) ? by : -by);
}

static void sleeps(uint64_t arg)
{
	(void)arg;
	if (again(sleeps, HOURS(12), DAYS(3)))
		suspend(between(SECONDS(30), HOURS(3)));
}

void chaos_begin(world_ms until)
{
	over = until;
	seldom(0, HOURS(10), kill_it);
	seldom(0, DAYS(1), stop_it);
	seldom(0, DAYS(1), reload);
	seldom(0, HOURS(20), disk_fails);
	seldom(0, HOURS(10), broker_fails);
	seldom(0, HOURS(10), lane_fails);
	seldom(0, HOURS(10), session_fails);
	seldom(0, HOURS(10), session_is_lost);
	seldom(0, DAYS(1), clock_jumps);
	seldom(0, DAYS(2), sleeps);
	for (int i = 0; i < 3; i++)
		later(between(0, HOURS(2)), receivers_change, 0);
}

void chaos_end(void)
{
	world.calm = true;
	world.death = DEATH_NONE;
	disk_set(DISK_WELL);
	receivers_be_well();
	devices_calm();
	if (!world.broker_up)
		broker_returns(0);
}
