#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>

int library_open(const char *file, const struct library_function *functions, size_t count,
                 struct problem *why)
{
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return problem_set(why, -ENOENT, "%s", dlerror());
	for (size_t i = 0; i < count; i++) {
		void *found = dlsym(library, functions[i].name);
		if (!found)
			return problem_set(why, -ENOENT, "%s has no %s", file, functions[i].name);
		*(void **)functions[i].at = found; /* as POSIX has it, of any function */
	}
	return 0;
}
