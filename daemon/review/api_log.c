/* The ledger over HTTP: pages of it, and a stream that follows it.
 *
 * A stream reads from the store what its client has room for: nothing is ever queued for it, so
 * that a slow reader costs one chunk of memory and is cut off when it does not take that in time.
 *
 * A cursor says how far a client has read: "42" with one site, "a:42,b:7" with several (ids in
 * percent encoding, since it travels in a header). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "review/exchange.h"
#include "review/reading.h"
#include "review/session.h"
#include "review/views.h"

#define EVENTS_DEFAULT 100
#define EVENTS_MAX 1000
#define STREAMS_DEFAULT 600
#define STREAM_SITES_MAX 64
#define CHUNK_FULL 32768         /* bytes: no further row once a chunk holds this much */
#define CHUNK_WITHIN SECONDS(30) /* for the client to take it */
#define HEARTBEAT SECONDS(10)
#define RETRY_AFTER "3"

/* ---- pages ---- */

struct page_reading {
	struct reading reading;
	const char *site; /* of the configuration */
	uint64_t after, limit, count, last;
	bool more;
};

static bool list_row(void *ctx, const struct ledger_row *row)
{
	struct page_reading *page = ctx;
	page->more = page->count == page->limit;
	if (page->more)
		return false;
	view_ledger_row(&page->reading.out, NULL, row);
	page->last = row->seq;
	page->count++;
	return true;
}

static int read_page(struct reading *reading, struct store *store)
{
	struct page_reading *page = (struct page_reading *)reading;
	struct text *out = &reading->out;
	const struct ledger_filter filter = {
	        .site = page->site,
	        .after = page->after,
	        .limit = (uint32_t)page->limit + 1, /* one more tells of a next page */
	};
	page->count = 0;
	page->more = false;
	json_open(out, NULL, '{');
	json_open(out, "items", '[');
	int r = store_log(store, &filter, list_row, page);
	json_close(out, ']');
	if (page->more)
		json_put_int(out, "next", (int64_t)page->last);
	else
		json_put_null(out, "next");
	json_close(out, '}');
	return r;
}

void api_events(struct exchange *ex)
{
	static const struct reading_type type = {read_page, NULL, NULL};
	const struct site *site;
	uint64_t after = 0, limit = EVENTS_DEFAULT;
	if (!exchange_query_one_site(ex, &site) ||
	    !exchange_query_uint(ex, "after", 0, INT64_MAX, &after) ||
	    !exchange_query_uint(ex, "limit", 1, EVENTS_MAX, &limit))
		return;
	struct page_reading *page = NEW(struct page_reading);
	page->site = site->def->id;
	page->after = after;
	page->limit = limit;
	exchange_read(ex, &page->reading, &type);
}

/* ---- cursors ---- */

struct cursor {
	char site[ID_MAX + 1];
	uint64_t seq; /* the last one sent */
};

struct stream {
	struct http_server *server;
	struct client *client;
	struct MHD_Connection *connection;
	struct cursor cursors[STREAM_SITES_MAX];
	uint32_t cursor_count;
	bool one_site; /* the client asked for one, or there is but one */
	bool suspended;
	struct text chunk;
	size_t sent; /* bytes of the chunk that are with the daemon */
	uint64_t quiet_since;
	enum { TOLD_NOTHING, TOLD_READY, TOLD_UNREADY } told; /* of the service, last */
	uint32_t generation; /* of the configuration it was opened under */
	bool signed_in;      /* by this session; else by a token */
	struct session session;
};

static struct cursor *cursor_of(struct stream *stream, const char *site)
{
	for (uint32_t i = 0; i < stream->cursor_count; i++)
		if (strcmp(stream->cursors[i].site, site) == 0)
			return &stream->cursors[i];
	return NULL;
}

static bool add_cursor(struct stream *stream, const struct site *site)
{
	if (stream->cursor_count == STREAM_SITES_MAX)
		return false;
	struct cursor *cursor = &stream->cursors[stream->cursor_count++];
	memcpy(cursor->site, site->def->id, strlen(site->def->id) + 1);
	cursor->seq = store_head(stream->server->service.store, site->store_id).seq;
	return true;
}

static void add_cursors(struct text *out, const struct stream *stream)
{
	if (stream->one_site) {
		text_addf(out, "%llu", (unsigned long long)stream->cursors[0].seq);
		return;
	}
	for (uint32_t i = 0; i < stream->cursor_count; i++) {
		if (i)
			text_add_char(out, ',');
		text_add_encoded(out, stream->cursors[i].site);
		text_addf(out, ":%llu", (unsigned long long)stream->cursors[i].seq);
	}
}

/* Reads a seq that starts at text and ends at len. */
static bool read_seq(const char *text, size_t len, uint64_t *out)
{
	char digits[20];
	int64_t seq;
	if (len == 0 || len >= sizeof digits)
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (text_parse_int(digits, &seq) < 0 || seq < 0)
		return false;
	*out = (uint64_t)seq;
	return true;
}

static struct cursor *cursor_of_encoded(struct stream *stream, const char *id, size_t len)
{
	for (uint32_t i = 0; i < stream->cursor_count; i++) {
		struct text encoded = {0};
		text_add_encoded(&encoded, stream->cursors[i].site);
		bool same = encoded.len == len && memcmp(text_get(&encoded), id, len) == 0;
		text_finish(&encoded);
		if (same)
			return &stream->cursors[i];
	}
	return NULL;
}

/* Puts the cursors where a Last-Event-ID says; sites it does not name, or that are gone, stay. A
 * bare number is from the time when there was but one site: the first. */
static bool resume_from(struct stream *stream, const char *last)
{
	while (*last) {
		size_t len = strcspn(last, ",");
		const char *colon = memchr(last, ':', len);
		size_t id_len = colon ? (size_t)(colon - last) : 0;
		const char *digits = colon ? colon + 1 : last;
		uint64_t seq;
		if (!read_seq(digits, len - (size_t)(digits - last), &seq))
			return false;
		struct cursor *cursor = colon ? cursor_of_encoded(stream, last, id_len)
		                              : &stream->cursors[0];
		/* A store that was put back is shorter: then the stream goes on from its end. */
		if (cursor && seq < cursor->seq)
			cursor->seq = seq;
		last += len;
		if (*last == ',')
			last++;
	}
	return true;
}

/* ---- the stream ---- */

struct filling {
	struct stream *stream;
	struct cursor *cursor;
};

static bool add_event(void *ctx, const struct ledger_row *row)
{
	struct filling *filling = ctx;
	struct stream *stream = filling->stream;
	filling->cursor->seq = row->seq;
	text_add(&stream->chunk, "id: ");
	add_cursors(&stream->chunk, stream);
	text_add(&stream->chunk, "\ndata: ");
	view_ledger_row(&stream->chunk, NULL, row);
	text_add(&stream->chunk, "\n\n");
	return stream->chunk.len < CHUNK_FULL;
}

/* True while the site has entries behind the cursor. */
static bool cursor_is_behind(const struct stream *stream, const struct cursor *cursor)
{
	const struct review_service *service = &stream->server->service;
	const struct site *site = service->site(service->ctx, cursor->site);
	return site && store_head(service->store, site->store_id).seq > cursor->seq;
}

static bool stream_is_behind(const struct stream *stream)
{
	for (uint32_t i = 0; i < stream->cursor_count; i++)
		if (cursor_is_behind(stream, &stream->cursors[i]))
			return true;
	return false;
}

/* ---- what many wait for, read once ---- */

struct stream_news {
	struct text from;  /* the cursors it goes on from */
	struct text chunk; /* what came after them; it never changes: the ledger only grows */
	uint64_t after[STREAM_SITES_MAX];
};

void stream_news_destroy(struct stream_news *news)
{
	if (!news)
		return;
	text_finish(&news->from);
	text_finish(&news->chunk);
	free(news);
}

/* A screen that stands where another one stood a moment ago is told the same. */
static bool take_news(struct stream *stream, const struct text *from)
{
	const struct stream_news *news = stream->server->news;
	if (!news || strcmp(text_get(&news->from), text_get(from)) != 0)
		return false;
	text_add_len(&stream->chunk, text_get(&news->chunk), news->chunk.len);
	for (uint32_t i = 0; i < stream->cursor_count; i++)
		stream->cursors[i].seq = news->after[i];
	return true;
}

static void keep_news(struct stream *stream, struct text *from)
{
	struct http_server *server = stream->server;
	if (!server->news)
		server->news = NEW(struct stream_news);
	struct stream_news *news = server->news;
	text_finish(&news->from);
	news->from = *from;
	*from = (struct text){0};
	text_reset(&news->chunk);
	text_add_len(&news->chunk, text_get(&stream->chunk), stream->chunk.len);
	for (uint32_t i = 0; i < stream->cursor_count; i++)
		news->after[i] = stream->cursors[i].seq;
}

/* Where a stream stands, and of which sites. */
static void write_stand(struct text *out, const struct stream *stream)
{
	text_addf(out, "%d ", stream->one_site);
	for (uint32_t i = 0; i < stream->cursor_count; i++) {
		text_add_encoded(out, stream->cursors[i].site);
		text_addf(out, ":%llu,", (unsigned long long)stream->cursors[i].seq);
	}
}

static bool read_news(struct stream *stream)
{
	for (uint32_t i = 0; i < stream->cursor_count && stream->chunk.len < CHUNK_FULL; i++) {
		struct cursor *cursor = &stream->cursors[i];
		if (!cursor_is_behind(stream, cursor))
			continue;
		struct filling filling = {stream, cursor};
		const struct ledger_filter after = {.site = cursor->site, .after = cursor->seq};
		if (store_log(stream->server->service.store, &after, add_event, &filling) < 0)
			return false;
	}
	return true;
}

/* Fills the chunk with what the cursors have not seen. False if the store cannot be read. */
static bool fill(struct stream *stream)
{
	struct text from = {0};
	text_reset(&stream->chunk);
	stream->sent = 0;
	if (!stream_is_behind(stream))
		return true;
	write_stand(&from, stream);
	bool known = take_news(stream, &from), read = known || read_news(stream);
	if (read && !known)
		keep_news(stream, &from);
	text_finish(&from);
	return read;
}

static bool is_silent(const struct stream *stream)
{
	return server_now(stream->server) - stream->quiet_since >= HEARTBEAT;
}

static bool is_over(const struct stream *stream)
{
	const struct http_server *server = stream->server;
	const struct review_service *service = &server->service;
	return server->closing || stream->generation != server->generation ||
	       (stream->signed_in && session_has_ended(server->sessions, &stream->session,
	                                               service->now(service->ctx).wall));
}

static bool is_ready(const struct stream *stream)
{
	const struct review_service *service = &stream->server->service;
	struct problem why;
	return service->ready(service->ctx, &why);
}

/* It has become otherwise than it was told. */
static bool has_turned(const struct stream *stream)
{
	return stream->told != (is_ready(stream) ? TOLD_READY : TOLD_UNREADY);
}

/* A comment, which is no event: ": 2026-11-22T08:00:00.123Z ready". Of who has gone it finds out.
 */
static void add_sign_of_life(struct stream *stream)
{
	const struct review_service *service = &stream->server->service;
	char now[TIME_TEXT_LEN];
	bool ready = is_ready(stream);
	time_write_utc(service->now(service->ctx).wall, now);
	text_addf(&stream->chunk, ": %s %s\n\n", now, ready ? "ready" : "not ready");
	stream->told = ready ? TOLD_READY : TOLD_UNREADY;
}

static ssize_t read_stream(void *ctx, uint64_t position, char *out, size_t max)
{
	(void)position;
	struct stream *stream = ctx;
	uint64_t now = server_now(stream->server);
	if (is_over(stream))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (stream->sent == stream->chunk.len) {
		if (!fill(stream))
			return MHD_CONTENT_READER_END_OF_STREAM; /* it may resume later */
		if (has_turned(stream) || (stream->chunk.len == 0 && is_silent(stream)))
			add_sign_of_life(stream);
		if (stream->chunk.len == 0) {
			stream->suspended = true;
			stream->client->deadline = 0;
			MHD_suspend_connection(stream->connection);
			return 0;
		}
		stream->quiet_since = now;
		stream->client->deadline = now + CHUNK_WITHIN;
	}
	size_t len = stream->chunk.len - stream->sent;
	if (len > max)
		len = max;
	memcpy(out, stream->chunk.at + stream->sent, len);
	stream->sent += len;
	return (ssize_t)len;
}

bool stream_wake(struct stream *stream)
{
	if (!stream->suspended)
		return false;
	stream->suspended = false;
	MHD_resume_connection(stream->connection);
	server_kick(stream->server);
	return true;
}

void streams_look_up(struct http_server *server)
{
	for (struct client *client = server->clients; client; client = client->next)
		if (client->stream && is_over(client->stream))
			stream_wake(client->stream);
}

bool stream_has_news(const struct stream *stream)
{
	return is_silent(stream) || stream_is_behind(stream) || has_turned(stream);
}

static void stream_destroy(void *ctx)
{
	struct stream *stream = ctx;
	if (stream->client->stream == stream) {
		stream->client->stream = NULL;
		stream->server->stream_count--;
	}
	text_finish(&stream->chunk);
	free(stream);
}

static bool add_sites(struct exchange *ex, struct stream *stream)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site;
	if (!exchange_query_site(ex, &site))
		return false;
	stream->one_site = site || !service->site_at(service->ctx, 1);
	if (site)
		return add_cursor(stream, site);
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++) {
		if (!cursor_of(stream, site->def->id) && !add_cursor(stream, site)) {
			exchange_problem(ex, 400, "more than %d sites: name one with ?site=",
			                 STREAM_SITES_MAX);
			return false;
		}
	}
	if (stream->cursor_count == 0)
		exchange_problem(ex, 503, "no site is served yet");
	return stream->cursor_count > 0;
}

void api_stream(struct exchange *ex)
{
	const char *last = exchange_header(ex, "Last-Event-ID");
	uint32_t most = ex->server->options->streams_max;
	if (!most)
		most = STREAMS_DEFAULT;
	if (ex->server->stream_count >= most) {
		exchange_problem(ex, 503, "%u streams are open already; try again later", most);
		exchange_add_header(ex, "Retry-After", RETRY_AFTER);
		return;
	}
	struct stream *stream = NEW(struct stream);
	stream->server = ex->server;
	stream->client = ex->client;
	stream->connection = ex->connection;
	stream->quiet_since = server_now(ex->server);
	stream->generation = ex->server->generation;
	stream->signed_in = ex->signed_in && exchange_session(ex, &stream->session);
	if (!add_sites(ex, stream)) {
		stream_destroy(stream);
		return;
	}
	if (last && *last && !resume_from(stream, last)) {
		exchange_problem(ex, 400,
		                 "Last-Event-ID: '%.64s' is no id that this stream has sent", last);
		stream_destroy(stream);
		return;
	}
	if (ex->head) { /* of a stream the daemon would send an end, too */
		struct text nothing = {0};
		stream_destroy(stream);
		exchange_answer(ex, 200, "text/event-stream", &nothing);
		return;
	}
	/* An id without data: a client that is cut off before the first event misses none. */
	text_add(&stream->chunk, "retry: " RETRY_AFTER "000\nid: ");
	add_cursors(&stream->chunk, stream);
	text_add(&stream->chunk, "\n\n");
	/* Otherwise the system would hold megabytes for one that does not read. */
	int room = CHUNK_FULL;
	setsockopt(ex->client->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	ex->client->stream = stream;
	ex->server->stream_count++;
	ex->status = 200;
	ex->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CHUNK_FULL / 2,
	                                                 read_stream, stream, stream_destroy);
	exchange_add_header(ex, "Content-Type", "text/event-stream");
	exchange_add_header(ex, "Cache-Control", "no-store");
	exchange_add_header(ex, "X-Content-Type-Options", "nosniff");
	exchange_add_header(ex, "X-Accel-Buffering", "no");
}
