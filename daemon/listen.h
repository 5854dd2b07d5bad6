/* What a broker brings, as it comes, for `tocsin try`: heard beside the daemon, with a client id of
 * its own, at QoS 0 and without a session, so that nothing of it is kept, acknowledged or said. */
#ifndef TOCSIN_LISTEN_H
#define TOCSIN_LISTEN_H

#include "config/config.h"
#include "review/command/command.h"

/* struct command_context.listen; ctx is the struct service_config whose broker it is. Ends when its
 * time is over, when the message callback wants no more, or by SIGINT or SIGTERM. -EINVAL, -EIO and
 * why: the settings cannot be used, or the broker is not there (any more).
 *
 * A broker may take the account for the client id (mosquitto: use_username_as_clientid): whoever
 * then logs in with the daemon's account takes over its session, and a clean one throws away the
 * alarms that wait in it. So the first login asks for an old session: under an id that nobody had
 * there is none. If there is one it is left as it was, and the answer is -EBUSY. */
int listen_live(void *ctx, const struct live *, struct problem *why) MUST_USE;

#endif
