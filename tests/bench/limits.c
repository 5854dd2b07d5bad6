/* The machine's own limits: the least that could be called a service.
 *
 *   bench-limit count    a subscriber that only counts
 *   bench-limit durable  one that has each message on disk before it acknowledges it
 *   bench-limit path     the same, and it posts each alarm on
 *
 * Same broker, same library, same disk as the daemon; no rules, no ledger, no outbox. Prints one
 * JSON object and ends after --until messages. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <mosquitto.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>

#include "bench.h"

#define BATCH_MAX 512

enum job { COUNT, DURABLE, POST };

struct limit {
	enum job job;
	struct mosquitto *client;
	sqlite3 *db;
	sqlite3_stmt *begin, *add, *commit;
	int post_fd; /* the kept connection to the receiver */
	uint64_t until, count, batch, commits;
	bool subscribed;
	int64_t first, last;
	char alarms[64][64]; /* of this batch: to be posted after the commit */
	uint32_t alarm_count;
};

static volatile sig_atomic_t over;

static void on_term(int number)
{
	(void)number;
	over = 1;
}

static void run(struct limit *limit, sqlite3_stmt *statement)
{
	if (sqlite3_step(statement) != SQLITE_DONE)
		bench_die(sqlite3_errmsg(limit->db));
	sqlite3_reset(statement);
}

static void store(struct limit *limit, const struct mosquitto_message *message)
{
	if (limit->batch == 1)
		run(limit, limit->begin);
	sqlite3_bind_text(limit->add, 1, message->topic, -1, SQLITE_STATIC);
	sqlite3_bind_blob(limit->add, 2, message->payload, message->payloadlen, SQLITE_STATIC);
	sqlite3_bind_int64(limit->add, 3, bench_clock(CLOCK_REALTIME) / 1000000);
	run(limit, limit->add);
}

static void remember_alarm(struct limit *limit, const char *topic)
{
	const char *device = strstr(topic, "/alarm-");
	if (!device || limit->alarm_count == 64)
		return;
	snprintf(limit->alarms[limit->alarm_count++], 64, "%.*s", (int)strcspn(device + 1, "/"),
	         device + 1);
}

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *message)
{
	(void)client;
	struct limit *limit = ctx;
	limit->last = bench_now();
	if (!limit->count++)
		limit->first = limit->last;
	limit->batch++;
	if (limit->job != COUNT)
		store(limit, message);
	if (limit->job == POST)
		remember_alarm(limit, message->topic);
}

static void on_subscribe(struct mosquitto *client, void *ctx, int mid, int count,
                         const int *granted)
{
	(void)client, (void)mid, (void)count, (void)granted;
	((struct limit *)ctx)->subscribed = true;
	puts("ready");
	fflush(stdout);
}

static void on_connect(struct mosquitto *client, void *ctx, int code)
{
	(void)ctx;
	if (code)
		bench_die("the broker does not let us in");
	mosquitto_subscribe(client, NULL, "tocsin/+/device/+/event", 1);
}

static void post(struct limit *limit, const char *device)
{
	char request[512], body[256], trash[4096];
	int len = snprintf(body, sizeof body, "{\"device\":\"%s\",\"reason\":\"opened\"}", device);
	len = snprintf(
	        request, sizeof request,
	        "POST /phone HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
	        "Content-Length: %d\r\n\r\n%s",
	        len, body);
	if (send(limit->post_fd, request, (size_t)len, MSG_NOSIGNAL) != len)
		bench_die("the receiver is gone");
	while (recv(limit->post_fd, trash, sizeof trash, MSG_DONTWAIT) > 0)
		;
}

/* The batch is on disk, the alarms leave, then the broker hears of it. */
static void settle(struct limit *limit)
{
	if (limit->batch && limit->job != COUNT) {
		run(limit, limit->commit);
		limit->commits++;
	}
	for (uint32_t i = 0; i < limit->alarm_count; i++)
		post(limit, limit->alarms[i]);
	limit->alarm_count = 0;
	limit->batch = 0;
	limit->last = bench_now();
	int fd = mosquitto_socket(limit->client);
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &(int){1}, sizeof(int));
	int rc = mosquitto_loop_write(limit->client, 1);
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &(int){0}, sizeof(int));
	if (rc)
		bench_die(mosquitto_strerror(rc));
}

static void turn(struct limit *limit)
{
	struct pollfd wait = {.fd = mosquitto_socket(limit->client), .events = POLLIN};
	if (mosquitto_want_write(limit->client))
		wait.events |= POLLOUT;
	poll(&wait, 1, 100);
	uint64_t before;
	int idle = 0;
	do {
		before = limit->count;
		int rc = mosquitto_loop_read(limit->client, 1);
		if (rc)
			bench_die(mosquitto_strerror(rc));
		idle = limit->count == before ? idle + 1 : 0;
	} while (idle < 2 && limit->batch < BATCH_MAX);
	mosquitto_loop_misc(limit->client);
	settle(limit);
}

static void open_store(struct limit *limit, const char *path)
{
	static const char schema[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	                             "CREATE TABLE IF NOT EXISTS message (row INTEGER PRIMARY KEY,"
	                             " topic TEXT, body BLOB, received INTEGER)";
	static const char add[] = "INSERT INTO message (topic, body, received) VALUES (?, ?, ?)";
	if (sqlite3_open(path, &limit->db) || sqlite3_exec(limit->db, schema, NULL, NULL, NULL) ||
	    sqlite3_prepare_v2(limit->db, "BEGIN IMMEDIATE", -1, &limit->begin, NULL) ||
	    sqlite3_prepare_v2(limit->db, add, -1, &limit->add, NULL) ||
	    sqlite3_prepare_v2(limit->db, "COMMIT", -1, &limit->commit, NULL))
		bench_die(sqlite3_errmsg(limit->db));
}

static void dial(struct limit *limit, int port)
{
	mosquitto_lib_init();
	limit->client = mosquitto_new("limit", false, limit);
	mosquitto_threaded_set(limit->client, true); /* acks are queued until loop_write */
	mosquitto_int_option(limit->client, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_connect_callback_set(limit->client, on_connect);
	mosquitto_subscribe_callback_set(limit->client, on_subscribe);
	mosquitto_message_callback_set(limit->client, on_message);
	int rc = mosquitto_connect(limit->client, "127.0.0.1", port, 60);
	if (rc)
		bench_die(mosquitto_strerror(rc));
}

static void usage(void)
{
	puts("bench-limit count|durable|path --port N --until N [--db FILE] [--receiver PORT]");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"port", required_argument, NULL, 'p'},
	                                        {"until", required_argument, NULL, 'u'},
	                                        {"db", required_argument, NULL, 'd'},
	                                        {"receiver", required_argument, NULL, 'r'},
	                                        {0}};
	static struct limit limit = {.until = 1};
	int port = 0;
	const char *db = NULL;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'p')
			port = (int)bench_number(optarg);
		else if (c == 'u')
			limit.until = bench_number(optarg);
		else if (c == 'd')
			db = optarg;
		else if (c == 'r')
			limit.post_fd = bench_connect((uint16_t)bench_number(optarg));
	}
	const char *job = optind < argc ? argv[optind] : "";
	limit.job = strcmp(job, "count") == 0 ? COUNT : strcmp(job, "path") == 0 ? POST : DURABLE;
	if (!port || (limit.job != COUNT && !db) || (limit.job == POST && !limit.post_fd)) {
		usage();
		return 2;
	}
	struct sigaction action = {.sa_handler = on_term};
	sigaction(SIGTERM, &action, NULL);
	if (limit.job != COUNT)
		open_store(&limit, db);
	dial(&limit, port);
	while (limit.count < limit.until && !over)
		turn(&limit);
	printf("{\"count\": %" PRIu64 ", \"first\": %" PRId64 ", \"last\": %" PRId64
	       ", \"commits\": %" PRIu64 ", \"cpu\": %" PRId64 "}\n",
	       limit.count, limit.first, limit.last, limit.commits,
	       bench_clock(CLOCK_PROCESS_CPUTIME_ID));
	mosquitto_disconnect(limit.client);
	mosquitto_loop_write(limit.client, 1);
	mosquitto_destroy(limit.client);
	sqlite3_close(limit.db);
	return 0;
}
