#include "review/pager.h"

#include <stdio.h>
#include <string.h>

#include "review/exchange.h"

static bool refuse_after(struct exchange *ex, const char *after)
{
	exchange_problem(ex, 400,
	                 "after: there is no '%.128s' in this list (any more): begin again "
	                 "without it",
	                 after);
	return false;
}

bool pager_read(struct exchange *ex, struct pager *pager, uint64_t usual, uint64_t most)
{
	const char *after = exchange_query(ex, "after");
	*pager = (struct pager){.limit = usual};
	if (after && strlen(after) >= sizeof pager->after)
		return refuse_after(ex, after);
	if (after)
		memcpy(pager->after, after, strlen(after) + 1);
	return exchange_query_uint(ex, "limit", 1, most, &pager->limit);
}

static void write_name(const char *site, const char *id, char out[PAGER_NAME_MAX])
{
	snprintf(out, PAGER_NAME_MAX, "%s%s%s", site ? site : "", site ? "/" : "", id);
}

bool pager_takes(struct pager *pager, const char *site, const char *id)
{
	char name[PAGER_NAME_MAX];
	if (!pager->skips && pager->count == pager->limit)
		pager->more = true;
	if (pager->more)
		return false;
	write_name(site, id, name);
	if (pager->skips) {
		pager->skips = strcmp(pager->after, name) != 0;
		return false;
	}
	memcpy(pager->last, name, sizeof name);
	pager->count++;
	return true;
}

void pager_open(struct pager *pager, struct text *out)
{
	pager->count = 0;
	pager->more = false;
	pager->skips = *pager->after;
	json_open(out, NULL, '{');
	json_open(out, "items", '[');
}

void pager_answer(struct exchange *ex, struct pager *pager, struct text *out)
{
	if (pager->skips) {
		refuse_after(ex, pager->after);
	} else {
		json_close(out, ']');
		json_put_string(out, "next", pager->more ? pager->last : NULL);
		json_close(out, '}');
		exchange_json(ex, 200, out);
	}
	text_finish(out);
}
