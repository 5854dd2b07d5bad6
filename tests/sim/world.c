/* Time, what is going to happen, and the loop that makes it happen. */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim.h"

struct world world;

/* ---- chance ---- */

/* splitmix64: Steele, Lea, Flood 2014. */
uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->s += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t below(uint64_t n)
{
	return rng_next(&world.rng) % n;
}

bool chance(unsigned per_thousand)
{
	return below(1000) < per_thousand;
}

int64_t between(int64_t low, int64_t high)
{
	return low + (int64_t)below((uint64_t)(high - low + 1));
}

/* ---- the clocks, as the service's own base/clock.c reads them (linked with --wrap) ---- */

static int64_t mono_now(void)
{
	return world.now - world.booted - world.suspended;
}

wall_ms wall_now(void)
{
	return world.wall_base + world.now;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
	int64_t ms = id == CLOCK_REALTIME   ? wall_now()
	             : id == CLOCK_BOOTTIME ? world.now - world.booted
	                                    : mono_now();
	out->tv_sec = ms / 1000;
	out->tv_nsec = ms % 1000 * 1000000;
	return 0;
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (strcmp(path, "/proc/sys/kernel/random/boot_id") == 0)
		return fmemopen(world.boot_id, BOOT_ID_LEN, "r");
	return __real_fopen(path, mode);
}

/* Keys come from the seed too, or no two runs would have the same ledger. */
int __wrap_RAND_bytes(unsigned char *out, int len);
int __wrap_RAND_bytes(unsigned char *out, int len)
{
	static struct rng keys;
	if (!keys.s)
		keys.s = world.seed ^ 0x6b657973;
	for (int i = 0; i < len; i++)
		out[i] = (unsigned char)rng_next(&keys);
	return 1;
}

/* Signatures are stand-ins: half of a run's time would go into curves that have tests of their own
 * (tests/unit/test_seal.c). The private key is its own public one. */
static struct sha256 *signatures;

static void sign_half(char half, const uint8_t *key, const void *msg, size_t len, uint8_t *out)
{
	if (!signatures)
		signatures = sha256_create();
	sha256_begin(signatures);
	sha256_add(signatures, &half, 1);
	sha256_add(signatures, key, ED25519_KEY_LEN);
	sha256_add(signatures, msg, len);
	sha256_end(signatures, out);
}

void __wrap_ed25519_public(const uint8_t *seed, uint8_t *out);
void __wrap_ed25519_public(const uint8_t *seed, uint8_t *out)
{
	memcpy(out, seed, ED25519_KEY_LEN);
}

void __wrap_ed25519_sign(const uint8_t *seed, const void *msg, size_t len, uint8_t *out);
void __wrap_ed25519_sign(const uint8_t *seed, const void *msg, size_t len, uint8_t *out)
{
	sign_half('1', seed, msg, len, out);
	sign_half('2', seed, msg, len, out + SHA256_LEN);
}

struct ed25519 {
	uint8_t seed[ED25519_KEY_LEN];
};

struct ed25519 *__wrap_ed25519_open(const uint8_t *seed);
struct ed25519 *__wrap_ed25519_open(const uint8_t *seed)
{
	struct ed25519 *key = NEW(struct ed25519);
	memcpy(key->seed, seed, sizeof key->seed);
	return key;
}

void __wrap_ed25519_close(struct ed25519 *key);
void __wrap_ed25519_close(struct ed25519 *key)
{
	free(key);
}

void __wrap_ed25519_sign_with(struct ed25519 *key, const void *msg, size_t len, uint8_t *out);
void __wrap_ed25519_sign_with(struct ed25519 *key, const void *msg, size_t len, uint8_t *out)
{
	__wrap_ed25519_sign(key->seed, msg, len, out);
}

bool __wrap_ed25519_verify(const uint8_t *key, const void *msg, size_t len, const uint8_t *sig);
bool __wrap_ed25519_verify(const uint8_t *key, const void *msg, size_t len, const uint8_t *sig)
{
	uint8_t expected[ED25519_SIG_LEN];
	__wrap_ed25519_sign(key, msg, len, expected);
	return memcmp(expected, sig, sizeof expected) == 0;
}

void reboot(void)
{
	world.boots++;
	world.booted = world.now - between(2000, 20000);
	world.suspended = 0;
	snprintf(world.boot_id, sizeof world.boot_id, "%08x-0000-4000-8000-%012llx", world.boots,
	         (unsigned long long)(world.seed & 0xffffffffffffu));
}

void wall_step(span_ms by)
{
	world.wall_base += by;
	if (by > 0)
		world.counts.jumps_forward++;
	else
		world.counts.jumps_back++;
	trace("the wall clock steps by %lld ms", (long long)by);
}

/* Clocks change on quarters of an hour; reading a zone's table takes long. */
int32_t zone_offset(const char *zone_name, wall_ms at)
{
	static struct {
		const char *zone;
		int64_t quarter;
		int32_t offset;
	} known[SITES_MAX];
	static uint32_t oldest;
	int64_t quarter = at / MINUTES(15);
	for (uint32_t i = 0; i < SITES_MAX; i++)
		if (known[i].zone == zone_name && known[i].quarter == quarter)
			return known[i].offset;
	setenv("TZ", zone_name, 1);
	tzset();
	time_t seconds = (time_t)(at / 1000);
	struct tm local;
	localtime_r(&seconds, &local);
	oldest = (oldest + 1) % SITES_MAX;
	known[oldest].zone = zone_name;
	known[oldest].quarter = quarter;
	known[oldest].offset = (int32_t)local.tm_gmtoff;
	return known[oldest].offset;
}

/* ---- what is going to happen: a heap, soonest first, in the order of planning ---- */

struct plan_item {
	world_ms at;
	uint64_t order;
	happening what;
	uint64_t arg;
};
static struct plan_item *heap;
static uint32_t heap_count, heap_cap;
static uint64_t orders;

static bool sooner(const struct plan_item *a, const struct plan_item *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(uint32_t a, uint32_t b)
{
	struct plan_item keep = heap[a];
	heap[a] = heap[b];
	heap[b] = keep;
}

void later(span_ms in, happening what, uint64_t arg)
{
	MEM_RESERVE(heap, heap_count, heap_cap);
	uint32_t i = heap_count++;
	heap[i] = (struct plan_item){world.now + (in < 0 ? 0 : in), orders++, what, arg};
	while (i && sooner(&heap[i], &heap[(i - 1) / 2])) {
		swap(i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static struct plan_item take_first(void)
{
	struct plan_item first = heap[0];
	heap[0] = heap[--heap_count];
	for (uint32_t i = 0;;) {
		uint32_t child = 2 * i + 1;
		if (child >= heap_count)
			break;
		if (child + 1 < heap_count && sooner(&heap[child + 1], &heap[child]))
			child++;
		if (!sooner(&heap[child], &heap[i]))
			break;
		swap(i, child);
		i = child;
	}
	return first;
}

/* ---- the loop ---- */

static void count_dst_nights(world_ms from, world_ms to)
{
	for (uint32_t i = 0; i < world.site_count; i++) {
		const char *zone = world.sites[i].timezone;
		world.counts.dst_nights += zone_offset(zone, world.wall_base + from) !=
		                           zone_offset(zone, world.wall_base + to);
	}
}

void world_advance(world_ms to)
{
	world.now = to > world.now ? to : world.now;
}

void suspend(span_ms span)
{
	world.counts.suspends++;
	trace("suspended for %lld ms", (long long)span);
	world_advance(world.now + span);
	world.suspended += span;
	world.woke = world.now;
}

/* When the service wakes by itself: its alarm runs on the clock that stands still in a suspend. */
world_ms life_alarm(void)
{
	if (!world.alive || world.alarm_mono == INT64_MAX)
		return INT64_MAX;
	world_ms at = world.alarm_mono + world.booted + world.suspended;
	return at > world.now ? at : world.now;
}

static void happen(void)
{
	struct plan_item item = take_first();
	item.what(item.arg);
}

void world_run(world_ms until)
{
	world_ms noon = world.now;
	for (;;) {
		world_ms next = heap_count ? heap[0].at : INT64_MAX, alarm = life_alarm();
		if (world.alive && life_wants_turn())
			alarm = world.now;
		world_ms at = next < alarm ? next : alarm;
		if (at > until)
			break;
		world_advance(at);
		if (world.now / DAYS(1) != noon / DAYS(1)) {
			count_dst_nights(noon, world.now);
			world.counts.site_days += world.site_count;
			noon = world.now;
		}
		/* Several things may have come before the loop looks: they share a turn. */
		while (heap_count && heap[0].at <= world.now) {
			happen();
			if (!world.alive || !chance(700))
				break;
		}
		if (world.alive && (life_wants_turn() || life_alarm() <= world.now))
			life_turn();
		check_due();
	}
	world_advance(until);
}
