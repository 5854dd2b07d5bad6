/* A list, a page at a time: ?limit= how many, ?after= where the page before ended (its `next`).
 *
 *     if (!pager_read(ex, &pager, 100, 1000))
 *             return;
 *     pager_open(&pager, &out);
 *     while (there is another && pager_goes_on(&pager))
 *             if (pager_takes(&pager, site, id))
 *                     write it;
 *     pager_answer(ex, &pager, &out);
 */
#ifndef TOCSIN_REVIEW_PAGER_H
#define TOCSIN_REVIEW_PAGER_H

#include "base/text.h"
#include "decide/model.h"

struct exchange;

#define PAGER_NAME_MAX (2 * ID_MAX + 2)

struct pager { /* borrows nothing: a list may be read beside the loop */
	uint64_t limit, count;
	bool more;                  /* than fit on the page */
	char after[PAGER_NAME_MAX]; /* "" from the first on */
	bool skips;                 /* what it goes on after did not come yet */
	char last[PAGER_NAME_MAX];  /* the name of the last one on it */
};

/* False after a 400. */
bool pager_read(struct exchange *, struct pager *, uint64_t usual, uint64_t most);
/* Of each item in turn, whether it stands on this page. An item's name is "site/id", or its id
 * where that is the only one: site is NULL. */
bool pager_takes(struct pager *, const char *site, const char *id);
static inline bool pager_goes_on(const struct pager *pager)
{
	return !pager->more;
}
/* Begins, or begins again, with {"items":[ in out; answers with what was written, and where it goes
 * on; out is finished. 400 where what the page was to go on after is not in the list. */
void pager_open(struct pager *, struct text *out);
void pager_answer(struct exchange *, struct pager *, struct text *out);

#endif
