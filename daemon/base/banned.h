/* Calls that cannot be bounded or checked do not compile here. Included on the command line. */
#ifndef TOCSIN_BASE_BANNED_H
#define TOCSIN_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atoll gets

#endif
