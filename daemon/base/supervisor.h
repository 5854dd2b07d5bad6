/* The service manager that started us: systemd's protocol of datagrams on $NOTIFY_SOCKET
 * (sd_notify(3)), spoken without its library. Without a manager everything here does nothing. */
#ifndef TOCSIN_BASE_SUPERVISOR_H
#define TOCSIN_BASE_SUPERVISOR_H

#include <stdint.h>

struct supervisor {
	int socket;           /* -1: nobody wants to know */
	uint64_t watchdog_ms; /* a sign of life is wanted within this; 0: none */
};

/* Reads the environment, and takes it out, so that no child believes it is spoken to. */
void supervisor_open(struct supervisor *);
void supervisor_close(struct supervisor *); /* a zeroed one is no open one: socket -1 */

/* Lines such as "READY=1" or "STATUS=…"; never waits, and a manager that does not listen is
 * no trouble of ours. */
void supervisor_tell(const struct supervisor *, const char *lines);

/* "RELOADING=1" with the time that goes with it. */
void supervisor_tell_reloading(const struct supervisor *);

#endif
