/* Options, seeds, one process a world, the report. */
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

#define TRACE_KEPT 60
#define TRACE_LINE 700
#define JOBS_MAX 16
#define SELDOM_MAX 1000
#define BROKEN_UNTOLD 3 /* a world is broken, and is lived again for its story */

static struct options {
	uint64_t first, last;
	int days, sites, jobs, seldom;
	bool verbose, counts;
} options = {.first = 1, .last = 60, .days = 6, .sites = 3, .jobs = 2, .seldom = 1};

/* ---- one world ---- */

static char story[TRACE_KEPT][TRACE_LINE];
static uint64_t story_lines;

void trace(const char *format, ...)
{
	if (!world.traced)
		return;
	char *line = story[story_lines++ % TRACE_KEPT];
	int n = snprintf(line, TRACE_LINE, "%11lld.%03lld ", (long long)world.now / 1000,
	                 (long long)world.now % 1000);
	va_list args;
	va_start(args, format);
	vsnprintf(line + n, (size_t)(TRACE_LINE - n), format, args);
	va_end(args);
	if (world.verbose)
		fprintf(stderr, "%s\n", line);
}

static void say_how_to_replay(void)
{
	fprintf(stderr,
	        "replay it: tests/sim/run --seed %llu --days %d --sites %d --seldom %d --verbose\n",
	        (unsigned long long)world.seed, options.days, options.sites, options.seldom);
}

void broken(const char *format, ...)
{
	va_list args;
	if (!world.traced)
		_exit(BROKEN_UNTOLD);
	if (!world.verbose)
		for (uint64_t i = story_lines > TRACE_KEPT ? story_lines - TRACE_KEPT : 0;
		     i < story_lines; i++)
			fprintf(stderr, "%s\n", story[i % TRACE_KEPT]);
	fprintf(stderr, "seed %llu, day %lld: ", (unsigned long long)world.seed,
	        (long long)(world.now / DAYS(1)));
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	say_how_to_replay();
	_exit(1);
}

static void begin(uint64_t seed)
{
	/* Evenings before a night in which clocks change somewhere, a new year, and any day. */
	static const wall_ms starts[] = {1774396800000, 1792713600000, 1793318400000, 1798502400000,
	                                 1790812800000, 1775001600000, 1784000000000};
	world.seed = seed;
	world.rng.s = seed * 0x9e3779b97f4a7c15u + 1;
	world.verbose = options.verbose;
	world.traced |= options.verbose;
	world.now = MINUTES(10);
	world.wall_base = starts[below(sizeof starts / sizeof *starts)];
	world.broker_up = true;
	world.seldom = options.seldom;
	world.pace = between(1, 6) * world.seldom;
	world.site_count = (uint32_t)options.sites;
	reboot();
	disk_insert();
	for (uint32_t i = 0; i < world.site_count; i++) {
		school_invent(&world.sites[i], i);
		school_write(&world.sites[i]);
	}
	service_write();
	world.end = world.now + DAYS(options.days);
	devices_begin();
	people_begin();
	chaos_begin(world.end);
}

/* Everything is well for a day: what was begun must end. */
static void drain(void)
{
	chaos_end();
	world_run(world.now + HOURS(1));
	people_resolve_all();
	world_run(world.now + HOURS(2));
	people_resolve_all();
	world_run(world.now + HOURS(23));
	/* A door that is taken for open is told of again when its zone is armed. */
	for (int i = 0; i < 6; i++) {
		people_resolve_all();
		world_run(world.now + HOURS(1));
	}
	check_end();
	life_stop();
	world_run(world.now + MINUTES(2));
	check_stored();
	life_stop();
	check_verifies();
}

struct result {
	struct counts counts;
	uint8_t hash[SHA256_LEN];
};

static void live(uint64_t seed, struct result *out)
{
	begin(seed);
	life_start();
	world_run(world.end);
	world.counts.site_days = (uint64_t)options.days * world.site_count;
	drain();
	world.counts.site_days = (uint64_t)options.days * world.site_count;
	out->counts = world.counts;
	model_hash(out->hash);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* ---- many worlds ---- */

struct worker {
	pid_t pid;
	int result;
	uint64_t seed;
	char folder[64];
};

static void start_worker(struct worker *w, uint64_t seed, bool traced)
{
	int ends[2];
	snprintf(w->folder, sizeof w->folder, "%s/tocsin-sim-XXXXXX",
	         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(w->folder) || pipe(ends) < 0) {
		perror("tocsin-sim");
		exit(1);
	}
	fflush(NULL);
	w->seed = seed;
	w->result = ends[0];
	w->pid = fork();
	if (w->pid != 0) {
		close(ends[1]);
		return;
	}
	struct result result;
	world.traced = traced;
	close(ends[0]);
	if (chdir(w->folder) < 0)
		_exit(1);
	live(seed, &result);
	_exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
}

static void add(struct counts *sum, const struct counts *one)
{
#define COUNT_ADD(name, text) sum->name += one->name;
	COUNTS(COUNT_ADD)
}

static bool end_worker(struct worker *w, int status, struct result *out)
{
	bool read_whole = read(w->result, out, sizeof *out) == (ssize_t)sizeof *out;
	close(w->result);
	nftw(w->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	if (WIFSIGNALED(status)) {
		world.seed = w->seed;
		fprintf(stderr, "seed %llu: ended by signal %d\n", (unsigned long long)w->seed,
		        WTERMSIG(status));
		say_how_to_replay();
	}
	w->pid = 0;
	return read_whole && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct sums {
	struct counts counts;
	uint8_t hash[SHA256_LEN]; /* of all worlds, whatever order they end in */
	uint64_t worlds, failed;
	time_t said;
};

static void say_progress(struct sums *sums)
{
	struct timespec now;
	timespec_get(&now, TIME_UTC);
	if (now.tv_sec < sums->said + 10)
		return;
	fprintf(stderr, "%llu site-days, %llu seeds of %llu, %llu failed\n",
	        (unsigned long long)sums->counts.site_days, (unsigned long long)sums->worlds,
	        (unsigned long long)(options.last - options.first + 1),
	        (unsigned long long)sums->failed);
	sums->said = now.tv_sec;
}

static void take(struct sums *sums, struct worker *w, int status)
{
	struct result result;
	uint64_t seed = w->seed;
	bool good = end_worker(w, status, &result);
	if (!good && WIFEXITED(status) && WEXITSTATUS(status) == BROKEN_UNTOLD) {
		start_worker(w, seed, true);
		return;
	}
	sums->worlds++;
	sums->failed += !good;
	if (!good)
		return;
	add(&sums->counts, &result.counts);
	for (int i = 0; i < SHA256_LEN; i++)
		sums->hash[i] ^= result.hash[i];
	say_progress(sums);
}

static struct worker *worker_of(struct worker workers[JOBS_MAX], pid_t pid)
{
	int i = 0;
	while (i < JOBS_MAX && workers[i].pid != pid)
		i++;
	return i < JOBS_MAX ? &workers[i] : NULL;
}

static void run_all(struct sums *sums)
{
	struct worker workers[JOBS_MAX] = {0};
	uint64_t next = options.first;
	for (;;) {
		for (int i = 0; i < options.jobs; i++)
			if (!workers[i].pid && next <= options.last && sums->failed < 5)
				start_worker(&workers[i], next++, false);
		int status;
		pid_t ended = wait(&status);
		if (ended < 0)
			return;
		struct worker *w = worker_of(workers, ended);
		if (w)
			take(sums, w, status);
	}
}

static int report(const struct sums *sums)
{
	int blind = 0;
#define COUNT_PRINT(name, text) printf("%10llu  %s\n", (unsigned long long)sums->counts.name, text);
	COUNTS(COUNT_PRINT)
#define COUNT_CHECK(name, text)                                                                    \
	if (options.counts && !sums->counts.name) {                                                \
		printf("no %s: this run proves too little\n", text);                               \
		blind++;                                                                           \
	}
	COUNTS(COUNT_CHECK)
	printf("seeds %llu to %llu, ledgers ", (unsigned long long)options.first,
	       (unsigned long long)options.last);
	for (int i = 0; i < 8; i++)
		printf("%02x", sums->hash[i]);
	printf("\n%llu worlds, %llu broken\n", (unsigned long long)sums->worlds,
	       (unsigned long long)sums->failed);
	return sums->failed || blind ? 1 : 0;
}

/* ---- options ---- */

static const char help[] =
        "tests/sim/run - random years of schools, with everything that can go wrong\n"
        "\n"
        "usage: tests/sim/run [--seed N | --seeds A-B] [--days N] [--sites N] [--seldom N]\n"
        "                     [--jobs N] [--twice] [--verbose]\n"
        "\n"
        "  --seed N     one world, replayed exactly\n"
        "  --seeds A-B  the worlds of these seeds (1-60)\n"
        "  --days N     how long each lasts (6)\n"
        "  --sites N    how many sites each has, up to 4 (3)\n"
        "  --seldom N   all that happens comes N times more seldom: months, not days (1)\n"
        "  --jobs N     how many worlds at once (2)\n"
        "  --twice      each range twice: the ledgers must be the same\n"
        "  --verbose    tell everything that happens\n"
        "\n"
        "exit codes: 0 every invariant held, 1 not (the seed and its replay are printed),\n"
        "2 wrong usage.\n";

static bool read_number(const char *text, uint64_t *out)
{
	char *end;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && end != text && (*end == '\0' || *end == '-') && *out > 0;
}

static int usage(void)
{
	fputs("try: tests/sim/run --help\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
	        {"seed", required_argument, NULL, 's'},   {"seeds", required_argument, NULL, 'S'},
	        {"days", required_argument, NULL, 'd'},   {"sites", required_argument, NULL, 'n'},
	        {"seldom", required_argument, NULL, 'r'}, {"jobs", required_argument, NULL, 'j'},
	        {"verbose", no_argument, NULL, 'v'},      {"twice", no_argument, NULL, 't'},
	        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
	bool twice = false;
	uint64_t n = 0;
	options.counts = true;
	for (int o; (o = getopt_long(argc, argv, "hv", known, NULL)) != -1;) {
		if (strchr("sSdnrj", o) && !read_number(optarg, &n))
			return usage();
		switch (o) {
		case 's':
			options.first = options.last = n;
			options.jobs = 1;
			break;
		case 'S':
			options.first = options.last = n;
			if (strchr(optarg, '-') &&
			    !read_number(strchr(optarg, '-') + 1, &options.last))
				return usage();
			break;
		case 'd':
			options.days = (int)n;
			break;
		case 'n':
			options.sites = n > SITES_MAX ? SITES_MAX : (int)n;
			break;
		case 'r':
			options.seldom = n > SELDOM_MAX ? SELDOM_MAX : (int)n;
			break;
		case 'j':
			options.jobs = n > JOBS_MAX ? JOBS_MAX : (int)n;
			break;
		case 't':
			twice = true;
			break;
		case 'v':
			options.verbose = true;
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			return usage();
		}
	}
	if (optind < argc)
		return usage();
	/* A few worlds need not see everything. */
	options.counts = (options.last - options.first + 1) * (uint64_t)options.days >= 100;
	struct sums sums = {0}, again = {0};
	run_all(&sums);
	int r = report(&sums);
	if (twice && r == 0) {
		run_all(&again);
		if (again.failed || memcmp(again.hash, sums.hash, sizeof sums.hash) != 0) {
			puts("the same seeds gave other ledgers the second time");
			r = 1;
		}
	}
	return r;
}
