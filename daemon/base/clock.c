#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* NTP slews by at most 500 ppm; a second between two turns is a step, not a slew. */
#define JUMP_MIN SECONDS(1)

static int64_t read_ms(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void read_boot_id(char out[BOOT_ID_LEN + 1])
{
	memset(out, 0, BOOT_ID_LEN + 1);
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!f)
		return;
	if (fread(out, 1, BOOT_ID_LEN, f) != BOOT_ID_LEN)
		out[0] = '\0';
	fclose(f);
}

void clock_start(struct clock *clock, const struct clock_anchor *last, span_ms *downtime)
{
	*clock = (struct clock){0};
	read_boot_id(clock->boot);
	int64_t boottime = read_ms(CLOCK_BOOTTIME);
	wall_ms wall = read_ms(CLOCK_REALTIME);
	clock->wall_base = wall - boottime;
	span_ms away = 0;
	if (last && last->boot[0] && strcmp(last->boot, clock->boot) == 0) {
		away = boottime - last->boottime;
	} else if (last) {
		away = wall - last->moment.wall;
		clock->unsure = away < 0;
		clock->known_base = last->moment.wall - boottime;
	}
	if (away < 0)
		away = 0;
	clock->offset = (last ? last->moment.steady + away : 0) - boottime;
	if (downtime)
		*downtime = away;
}

bool clock_now(struct clock *clock, struct moment *now, struct clock_jump *jump)
{
	int64_t boottime = read_ms(CLOCK_BOOTTIME);
	wall_ms wall = read_ms(CLOCK_REALTIME);
	int64_t drift = wall - boottime - clock->wall_base;
	bool jumped = drift > JUMP_MIN || drift < -JUMP_MIN;
	if (jumped && jump)
		*jump = (struct clock_jump){.before = clock->wall_base + boottime, .after = wall};
	if (jumped && clock->unsure && wall - boottime > clock->known_base) {
		/* The time between the anchor and this start, unknown until now. */
		clock->offset += wall - boottime - clock->known_base;
		clock->unsure = false;
	}
	clock->wall_base = wall - boottime;
	now->wall = wall;
	now->steady = boottime + clock->offset;
	return jumped;
}

struct clock_anchor clock_anchor(const struct clock *clock, struct moment now)
{
	struct clock_anchor anchor = {.boottime = now.steady - clock->offset, .moment = now};
	memcpy(anchor.boot, clock->boot, sizeof anchor.boot);
	return anchor;
}

static int64_t read_ns(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_stopwatch_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_cpu_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}
