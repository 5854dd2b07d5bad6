/* A real mosquitto on a free port, in a folder of its own, gone when the test is. Include after
 * <cmocka.h>. */
#ifndef TOCSIN_TESTS_HOUSE_H
#define TOCSIN_TESTS_HOUSE_H

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct house {
	char dir[64];
	int port, log;
	pid_t pid;
};

static inline int free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static inline void house_path(const struct house *house, const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", house->dir, name);
}

/* Returns when it listens. */
static inline void house_start(struct house *house)
{
	int ends[2];
	char conf[128];
	house_path(house, "mosquitto.conf", conf);
	assert_int_equal(pipe(ends), 0);
	house->pid = fork();
	if (house->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		setenv("PATH", "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/bin", 1);
		execlp("mosquitto", "mosquitto", "-c", conf, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	house->log = ends[0];
	char log[4096];
	size_t len = 0;
	do { /* it says so when it listens */
		ssize_t n = read(house->log, log + len, sizeof log - 1 - len);
		if (n <= 0)
			fail_msg("mosquitto does not start: %.*s", (int)len, log);
		len += (size_t)n;
		log[len] = '\0';
	} while (!strstr(log, " running"));
}

static inline void house_stop(struct house *house)
{
	kill(house->pid, SIGKILL);
	waitpid(house->pid, NULL, 0);
	close(house->log);
}

/* Writes its settings; more (may be NULL) is added to them. */
static inline void house_build(struct house *house, const char *more)
{
	*house = (struct house){.port = free_port()};
	snprintf(house->dir, sizeof house->dir, "/tmp/tocsin-test-house-XXXXXX");
	assert_non_null(mkdtemp(house->dir));
	char conf[128];
	house_path(house, "mosquitto.conf", conf);
	FILE *f = fopen(conf, "w");
	assert_non_null(f);
	fprintf(f,
	        "listener %d 127.0.0.1\nallow_anonymous true\nconnection_messages false\n"
	        "log_dest stderr\nmax_queued_messages 0\nset_tcp_nodelay true\n"
	        "max_inflight_messages 1000\n", /* as in deploy/mosquitto.conf */
	        house->port);
	if (geteuid() == 0)
		fprintf(f, "user root\n");
	if (more)
		fputs(more, f);
	fclose(f);
}

static inline void house_remove(struct house *house)
{
	static const char *const names[] = {"mosquitto.conf", "cert.pem", "key.pem"};
	char path[128];
	house_stop(house);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		house_path(house, names[i], path);
		unlink(path);
	}
	rmdir(house->dir);
}

#endif
