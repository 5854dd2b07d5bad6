/* Health, figures, and the console's files. */
#include <assert.h>
#include <string.h>

#include "review/exchange.h"

void page_health(struct exchange *ex)
{
	static const char ok[] = "ok\n";
	exchange_static(ex, "text/plain; charset=utf-8", ok, sizeof ok - 1);
}

void page_ready(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	struct problem why = {""};
	struct text out = {0};
	bool ready = service->ready(service->ctx, &why);
	json_open(&out, NULL, '{');
	json_put_bool(&out, "ready", ready);
	if (!ready) {
		json_put_string(&out, "type", "about:blank");
		json_put_string(&out, "title", "Service Unavailable");
		json_put_int(&out, "status", 503);
		json_put_string(&out, "detail", *why.text ? why.text : "not ready yet");
	}
	json_close(&out, '}');
	text_add_char(&out, '\n');
	exchange_answer(ex, ready ? 200 : 503,
	                ready ? "application/json" : "application/problem+json", &out);
}

void page_metrics(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	struct text out = {0};
	service->metrics(service->ctx, &out);
	if (out.len && out.at[out.len - 1] != '\n')
		text_add_char(&out, '\n');
	text_addf(&out,
	          "# HELP tocsin_http_connections Open HTTP connections.\n"
	          "# TYPE tocsin_http_connections gauge\n"
	          "tocsin_http_connections %u\n"
	          "# HELP tocsin_http_streams Open event streams.\n"
	          "# TYPE tocsin_http_streams gauge\n"
	          "tocsin_http_streams %u\n",
	          ex->server->client_count, ex->server->stream_count);
	exchange_answer(ex, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
}

/* ---- the console's files, which travel in the program ---- */

/* Made by the build of whatever lies in console/. */
struct console_file {
	const char *name;
	const unsigned char *bytes;
	const size_t *len;
	const unsigned char *packed; /* by gzip; NULL: it would gain nothing */
	const size_t *packed_len;
};
extern const struct console_file console_files[];
extern const unsigned int console_file_count;

static const struct console_file *find_file(const char *name)
{
	for (unsigned i = 0; i < console_file_count; i++)
		if (strcmp(console_files[i].name, name) == 0)
			return &console_files[i];
	return NULL;
}

static const char *type_of(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
	        {".html", "text/html; charset=utf-8"},
	        {".css", "text/css; charset=utf-8"},
	        {".js", "text/javascript; charset=utf-8"},
	        {".svg", "image/svg+xml"},
	        {".png", "image/png"},
	        {".webmanifest", "application/manifest+json"},
	};
	const char *dot = strrchr(name, '.');
	for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].ending, dot) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static bool takes_gzip(const struct exchange *ex)
{
	const char *accepted = exchange_header(ex, "Accept-Encoding");
	return accepted && strstr(accepted, "gzip") && !strstr(accepted, "gzip;q=0");
}

static void answer_file(struct exchange *ex, const struct console_file *file)
{
	bool packed = file->packed && takes_gzip(ex);
	exchange_static(ex, type_of(file->name), packed ? file->packed : file->bytes,
	                packed ? *file->packed_len : *file->len);
	if (packed)
		exchange_add_header(ex, "Content-Encoding", "gzip");
	if (file->packed)
		exchange_add_header(ex, "Vary", "Accept-Encoding");
}

void page_console(struct exchange *ex)
{
	const struct console_file *file = find_file("index.html");
	assert(file); /* the build has put it there */
	answer_file(ex, file);
}

void page_console_file(struct exchange *ex)
{
	const struct console_file *file = find_file(ex->id);
	if (!file) {
		exchange_problem(ex, 404, "the console has no file '%.64s'", ex->id);
		return;
	}
	answer_file(ex, file);
	/* A browser may keep it, and asks each time whether it is the same. */
	exchange_replace_header(ex, "Cache-Control", "no-cache");
}
