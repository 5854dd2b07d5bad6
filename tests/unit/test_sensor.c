/* The reference client: what it keeps, and that it does not rest before the service has answered.
 */
/* floors: sensor */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <mosquitto.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "house.h"
#include "keep.h"
#include "sender.h"

#define EVENT "tocsin/s/device/d/event"
#define ACK "tocsin/s/device/d/ack"

/* ---- the file ---- */

static char path[64];

static int path_make(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/tocsin-test-keep-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	return 0;
}

static int path_remove(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static struct keep *open_kept(void)
{
	struct keep *keep = NULL;
	struct problem why;
	if (keep_open(path, &keep, &why) < 0)
		fail_msg("%s", why.text);
	return keep;
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_what_is_kept_is_found_again(void **state)
{
	(void)state;
	struct keep *keep = open_kept();
	assert_int_equal(keep_add(keep, EVENT, "a", "{\"id\":\"a\"}\n", NULL), 0);
	assert_int_equal(keep_add(keep, EVENT, "b", "{}", NULL), 0);
	assert_int_equal(keep_add(keep, EVENT, "c", "{}", NULL), 0);
	assert_int_equal(keep_done(keep, "b", NULL), 0);
	keep_close(keep);

	keep = open_kept();
	assert_int_equal(keep_count(keep), 2);
	assert_string_equal(keep_at(keep, 0).topic, EVENT);
	assert_string_equal(keep_at(keep, 0).id, "a");
	assert_string_equal(keep_at(keep, 0).payload, "{\"id\":\"a\"}\n");
	assert_string_equal(keep_at(keep, 1).id, "c");
	assert_int_equal(keep_done(keep, "a", NULL), 0);
	assert_int_equal(keep_done(keep, "c", NULL), 0);
	keep_close(keep);

	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0); /* it does not grow for ever */
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_a_half_line_does_not_count(void **state)
{
	(void)state;
	write_file("{\"topic\":\"t\",\"id\":\"a\",\"payload\":\"p\"}\n{\"topic\":\"t\",\"id\":");
	struct keep *keep = open_kept();
	assert_int_equal(keep_count(keep), 1);
	assert_int_equal(keep_add(keep, "t", "b", "p", NULL), 0);
	keep_close(keep);
	keep = open_kept();
	assert_int_equal(keep_count(keep), 2);
	keep_close(keep);
}

static void test_another_file_is_refused(void **state)
{
	(void)state;
	struct keep *keep = NULL;
	struct problem why;
	write_file("{\"topic\":\"t\",\"id\":\"a\",\"payload\":\"p\"}\nroot:x:0:0\n");
	assert_int_equal(keep_open(path, &keep, &why), -EINVAL);
	assert_non_null(strstr(why.text, ":2: this is no kept signal"));
	assert_null(keep);
}

static void test_one_user_at_a_time(void **state)
{
	(void)state;
	struct keep *first = open_kept(), *second = NULL;
	struct problem why;
	assert_int_equal(keep_open(path, &second, &why), -EBUSY);
	assert_null(second);
	keep_close(first);
	keep_close(open_kept());
}

/* ---- the broker's address ---- */

static void test_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *url, *host;
		int port;
		bool tls;
	} good[] = {
	        {"mqtt://127.0.0.1", "127.0.0.1", 1883, false},
	        {"mqtt://broker.school.example:1884/", "broker.school.example", 1884, false},
	        {"mqtts://broker", "broker", 8883, true},
	        {"mqtts://[2001:db8::1]:99", "2001:db8::1", 99, true},
	};
	static const char *const bad[] = {
	        "",           "127.0.0.1",      "http://a",       "mqtt://",
	        "mqtt://:1",  "mqtt://a:0",     "mqtt://a:65536", "mqtt://a:x",
	        "mqtt://a:",  "mqtt://a:1883x", "mqtt://u:p@a",   "mqtt://[::1",
	        "mqtt://a/b",
	};
	struct broker_address at;
	struct problem why;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(broker_address_parse(good[i].url, &at, &why), 0);
		assert_string_equal(at.host, good[i].host);
		assert_int_equal(at.port, good[i].port);
		assert_int_equal(at.tls, good[i].tls);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (broker_address_parse(bad[i], &at, &why) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
}

/* ---- a service in another process, that overhears the first few ---- */

struct service {
	int deaf_for, ready;
	pid_t pid;
};

static void service_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *in)
{
	struct service *service = ctx;
	if (service->deaf_for-- > 0)
		return;
	static const char wrong[] = "{\"id\":\"of another\"}", nonsense[] = "[[[";
	mosquitto_publish(client, NULL, ACK, sizeof wrong - 1, wrong, 1, false);
	mosquitto_publish(client, NULL, ACK, sizeof nonsense - 1, nonsense, 1, false);
	mosquitto_publish(client, NULL, ACK, in->payloadlen, in->payload, 1, false);
}

static void service_ready(struct mosquitto *client, void *ctx, int mid, int count,
                          const int *granted)
{
	(void)client, (void)mid, (void)count, (void)granted;
	if (write(((struct service *)ctx)->ready, "", 1) != 1)
		_exit(1);
}

static void service_start(struct service *service, const struct house *house, int deaf_for)
{
	int ends[2];
	char byte;
	assert_int_equal(pipe(ends), 0);
	*service = (struct service){.deaf_for = deaf_for, .ready = ends[1]};
	service->pid = fork();
	if (service->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		struct mosquitto *client = mosquitto_new(NULL, true, service);
		mosquitto_message_callback_set(client, service_message);
		mosquitto_subscribe_callback_set(client, service_ready);
		mosquitto_connect(client, "127.0.0.1", house->port, 60);
		mosquitto_subscribe(client, NULL, EVENT, 1);
		mosquitto_loop_forever(client, 1000, 1);
		_exit(0);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
}

static void service_stop(struct service *service)
{
	kill(service->pid, SIGKILL);
	waitpid(service->pid, NULL, 0);
}

struct result {
	unsigned int done, times;
	char id[32];
};

static void on_done(void *ctx, const char *id, span_ms took, unsigned int times)
{
	(void)took;
	struct result *result = ctx;
	result->done++;
	result->times = times;
	snprintf(result->id, sizeof result->id, "%s", id);
}

static int send_one(int port, const char *ack_topic, span_ms within, struct result *result,
                    struct problem *why)
{
	struct sender_options options = {.broker = {.host = "127.0.0.1", .port = port}};
	struct sender *sender = NULL;
	*result = (struct result){0};
	assert_int_equal(sender_open(&options, on_done, result, &sender, why), 0);
	sender_add(sender, EVENT, ack_topic, "m-1", "{\"id\":\"m-1\"}", false);
	int r = sender_run(sender, within, why);
	sender_close(sender);
	return r;
}

static void test_it_repeats_until_the_service_answers(void **state)
{
	struct service service;
	struct result result;
	struct problem why;
	service_start(&service, *state, 1);
	assert_int_equal(send_one(((struct house *)*state)->port, ACK, SECONDS(20), &result, &why),
	                 0);
	assert_int_equal(result.done, 1);
	assert_int_equal(result.times, 2);
	assert_string_equal(result.id, "m-1");
	service_stop(&service);
}

static void test_the_brokers_word_is_not_the_services(void **state)
{
	struct house *house = *state;
	struct result result;
	struct problem why;
	assert_int_equal(send_one(house->port, ACK, 300, &result, &why), -ETIMEDOUT);
	assert_int_equal(result.done, 0);
	assert_non_null(strstr(why.text, "the broker has it, the service has not answered"));
	assert_int_equal(send_one(house->port, NULL, SECONDS(20), &result, &why), 0);
	assert_int_equal(result.done, 1);
	assert_int_equal(result.times, 1);
}

static void test_without_a_broker_it_says_so(void **state)
{
	(void)state;
	struct result result;
	struct problem why;
	assert_int_equal(send_one(free_port(), ACK, 300, &result, &why), -ETIMEDOUT);
	assert_non_null(strstr(why.text, "Connection refused"));
}

static int setup(void **state)
{
	struct house *house = NEW(struct house);
	house_build(house, NULL);
	house_start(house);
	*state = house;
	return 0;
}

static int teardown(void **state)
{
	house_remove(*state);
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_what_is_kept_is_found_again, path_make,
	                                        path_remove),
	        cmocka_unit_test_setup_teardown(test_a_half_line_does_not_count, path_make,
	                                        path_remove),
	        cmocka_unit_test_setup_teardown(test_another_file_is_refused, path_make,
	                                        path_remove),
	        cmocka_unit_test_setup_teardown(test_one_user_at_a_time, path_make, path_remove),
	        cmocka_unit_test(test_addresses),
	        cmocka_unit_test(test_it_repeats_until_the_service_answers),
	        cmocka_unit_test(test_the_brokers_word_is_not_the_services),
	        cmocka_unit_test(test_without_a_broker_it_says_so),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
