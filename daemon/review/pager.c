#include "review/pager.h"

#include <stdio.h>
#include <string.h>

#include "review/exchange.h"

bool pager_read(struct exchange *ex, struct pager *pager, uint64_t usual, uint64_t most)
{
	*pager = (struct pager){.after = exchange_query(ex, "after"), .limit = usual};
	return exchange_query_uint(ex, "limit", 1, most, &pager->limit);
}

static void write_name(const char *site, const char *id, char out[2 * ID_MAX + 2])
{
	snprintf(out, 2 * ID_MAX + 2, "%s%s%s", site ? site : "", site ? "/" : "", id);
}

bool pager_takes(struct pager *pager, const char *site, const char *id)
{
	char name[sizeof pager->last];
	if (!pager->after && pager->count == pager->limit)
		pager->more = true;
	if (pager->more)
		return false;
	write_name(site, id, name);
	if (pager->after) {
		if (strcmp(pager->after, name) == 0)
			pager->after = NULL;
		return false;
	}
	memcpy(pager->last, name, sizeof name);
	pager->count++;
	return true;
}

void pager_open(struct text *out)
{
	json_open(out, NULL, '{');
	json_open(out, "items", '[');
}

void pager_answer(struct exchange *ex, struct pager *pager, struct text *out)
{
	if (pager->after) {
		exchange_problem(ex, 400,
		                 "after: there is no '%.128s' in this list (any more): begin again "
		                 "without it",
		                 pager->after);
	} else {
		json_close(out, ']');
		json_put_string(out, "next", pager->more ? pager->last : NULL);
		json_close(out, '}');
		exchange_json(ex, 200, out);
	}
	text_finish(out);
}
