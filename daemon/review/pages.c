/* Health, figures, and the console's files. */
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

#define CONSOLE_FILE(symbol)                                                                       \
	extern const unsigned char console_##symbol[];                                             \
	extern const size_t console_##symbol##_len;
CONSOLE_FILE(index_html)
CONSOLE_FILE(console_css)
CONSOLE_FILE(console_js)
CONSOLE_FILE(words_js)
CONSOLE_FILE(live_js)
CONSOLE_FILE(ack_css)

static const struct {
	const char *name, *type;
	const unsigned char *bytes;
	const size_t *len;
} files[] = {
        {"console.css", "text/css; charset=utf-8", console_console_css, &console_console_css_len},
        {"console.js", "text/javascript; charset=utf-8", console_console_js,
         &console_console_js_len},
        {"words.js", "text/javascript; charset=utf-8", console_words_js, &console_words_js_len},
        {"live.js", "text/javascript; charset=utf-8", console_live_js, &console_live_js_len},
        {"ack.css", "text/css; charset=utf-8", console_ack_css, &console_ack_css_len},
};

void page_console(struct exchange *ex)
{
	exchange_static(ex, "text/html; charset=utf-8", console_index_html, console_index_html_len);
}

void page_console_file(struct exchange *ex)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (strcmp(files[i].name, ex->id) == 0) {
			exchange_static(ex, files[i].type, files[i].bytes, *files[i].len);
			/* A browser may keep it, and asks each time whether it is the same. */
			exchange_replace_header(ex, "Cache-Control", "no-cache");
			return;
		}
	exchange_problem(ex, 404, "the console has no file '%.64s'", ex->id);
}
