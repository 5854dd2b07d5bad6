/* Preloaded into the daemon: names that end with ".slow" are asked of a name server that is dead,
 * as it is while the network is away. */
#include <dlfcn.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

typedef int (*resolver)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
	size_t len = name ? strlen(name) : 0;
	if (len > 5 && strcmp(name + len - 5, ".slow") == 0) {
		sleep(60);
		return EAI_AGAIN;
	}
	resolver real;
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name, service, hints, out);
}
