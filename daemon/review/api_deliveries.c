/* Who was told over which channel, with what result: a page at a time. Where one ended is said by
 * its place in the store, so that the last page costs no more than the first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/exchange.h"
#include "review/reading.h"
#include "review/views.h"

#define DELIVERIES_DEFAULT 100
#define DELIVERIES_MAX 1000

struct page_reading {
	struct reading reading;
	char *incident; /* NULL: of all */
	struct delivery_place after;
	bool goes_on;
	uint64_t limit, count;
	struct delivery_place last;
	bool more;
};

static bool list_delivery(void *ctx, const struct delivery_row *row)
{
	struct page_reading *page = ctx;
	page->more = page->count == page->limit;
	if (page->more)
		return false;
	view_delivery(&page->reading.out, NULL, row);
	page->last = row->place;
	page->count++;
	return true;
}

static int read_page(struct reading *reading, struct store *store)
{
	struct page_reading *page = (struct page_reading *)reading;
	struct text *out = &reading->out;
	char next[48];
	page->count = 0;
	page->more = false;
	json_open(out, NULL, '{');
	json_open(out, "items", '[');
	int r = store_deliveries(store, page->incident, page->goes_on ? &page->after : NULL,
	                         (uint32_t)page->limit + 1, list_delivery, page);
	json_close(out, ']');
	snprintf(next, sizeof next, "%lld/%u", (long long)page->last.notification,
	         page->last.contact);
	json_put_string(out, "next", page->more ? next : NULL);
	json_close(out, '}');
	return r;
}

static void finish_page(struct reading *reading)
{
	free(((struct page_reading *)reading)->incident);
}

/* "4711/1", as it stood in a `next`. */
static bool read_place(struct exchange *ex, const char *after, struct delivery_place *out)
{
	char number[24];
	int64_t contact;
	size_t len = strcspn(after, "/");
	if (len < sizeof number && after[len]) {
		memcpy(number, after, len);
		number[len] = '\0';
		if (text_parse_int(number, &out->notification) == 0 &&
		    text_parse_int(after + len + 1, &contact) == 0 && contact >= 0 &&
		    contact < CONTACTS_MAX) {
			out->contact = (uint32_t)contact;
			return true;
		}
	}
	exchange_problem(ex, 400, "after: '%.64s' is no place in this list: begin again without it",
	                 after);
	return false;
}

void api_deliveries(struct exchange *ex)
{
	static const struct reading_type type = {read_page, NULL, finish_page};
	const char *after = exchange_query(ex, "after"), *incident = exchange_query(ex, "incident");
	struct delivery_place place = {0};
	uint64_t limit = DELIVERIES_DEFAULT;
	if (!exchange_query_uint(ex, "limit", 1, DELIVERIES_MAX, &limit) ||
	    (after && !read_place(ex, after, &place)))
		return;
	struct page_reading *page = NEW(struct page_reading);
	page->incident = mem_copy(incident);
	page->after = place;
	page->goes_on = after != NULL;
	page->limit = limit;
	exchange_read(ex, &page->reading, &type);
}
