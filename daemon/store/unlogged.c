#include "store/unlogged.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

static char *name_of(const char *store_path)
{
	struct text name = {0};
	text_addf(&name, "%s.unlogged", store_path);
	return text_take(&name);
}

void unlogged_mark(const char *store_path)
{
	char *name = name_of(store_path);
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	free(name);
}

void unlogged_forget(const char *store_path)
{
	char *name = name_of(store_path);
	(void)unlink(name);
	free(name);
}

bool unlogged_was(const char *store_path)
{
	char *name = name_of(store_path);
	bool was = access(name, F_OK) == 0;
	free(name);
	return was;
}
