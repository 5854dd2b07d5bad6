/* Where letters may go. What a configured url names is meant, also a private address written as
 * such; a name that leads to one may be another's trick on our name server, or a slip, and is only
 * followed where the channel says so. */
#ifndef TOCSIN_DELIVER_EGRESS_H
#define TOCSIN_DELIVER_EGRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* This machine, this network, a link, a carrier's inside, or nobody's: not an address of the
 * public Internet. IPv4 within IPv6 counts as what it is. Other families are private. */
bool address_is_private(const struct sockaddr *);

/* The same of an address as one writes it; <0: it is none. */
int text_is_private(const char *address);

/* The url itself names such an address, or localhost. */
bool url_names_private(const char *url);

#endif
