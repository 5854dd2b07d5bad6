/* The record, oldest first, and on from there as it grows. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "review/command/export.h"
#include "review/command/inside.h"
#include "review/command/narrow.h"
#include "review/command/timeline.h"
#include "review/views.h"

/* How long nothing is looked for while nothing moves. A commit is announced by its write to the
 * WAL file, but seen a moment later, when the writer has synced it: so an announcement is followed
 * by looks at growing distances, and a missed one by a look after FOLLOW_SLOW. */
#define FOLLOW_QUICK 10
#define FOLLOW_SLOW 1000

struct cursor { /* where following goes on */
	char *site;
	uint64_t seq;
};

struct printing {
	const struct command_context *ctx;
	bool as_json;
	struct text line;
	struct cursor *cursors; /* NULL when not following */
	uint32_t cursor_count, cursor_cap;
};

/* ---- a row ---- */

static void log_line_text(struct printing *p, const struct ledger_row *row)
{
	struct text sentence = {0}, id = {0};
	enum tone tone = TONE_PLAIN;
	text_add_local(&p->line, site_by_id(p->ctx, row->site), row->received);
	text_addf(&id, "  %s %llu  ", row->site, (unsigned long long)row->seq);
	if (row->incident)
		text_addf(&id, "%s  ", row->incident);
	text_add_toned(&p->line, p->ctx, TONE_DIM, text_get(&id));
	(void)timeline_sentence(p->ctx, row, &sentence, &tone);
	text_add_toned(&p->line, p->ctx, tone, text_get(&sentence));
	text_finish(&sentence);
	text_finish(&id);
}

static bool print_row(void *ctx, const struct ledger_row *row)
{
	struct printing *p = ctx;
	for (uint32_t i = 0; i < p->cursor_count; i++)
		if (strcmp(p->cursors[i].site, row->site) == 0 && row->seq > p->cursors[i].seq)
			return true; /* committed since the look at the end: it comes next time */
	text_reset(&p->line);
	if (p->as_json)
		view_ledger_row(&p->line, NULL, row);
	else
		log_line_text(p, row);
	text_add_char(&p->line, '\n');
	fwrite(text_get(&p->line), 1, p->line.len, p->ctx->out);
	return !ferror(p->ctx->out);
}

static int log_failed(const struct command_context *ctx, int r)
{
	return complain(ctx, EXIT_FAILED, "cannot read the record %s: %s", ctx->store_path,
	                strerror(-r));
}

/* ---- following ---- */

struct following {
	struct store *store;
	struct ledger_filter filter;
	struct printing *printing;
	int signals, changes; /* descriptors */
	const char *file;     /* the store's file name without its folder */
};

static bool take_seq(void *ctx, const struct ledger_row *row)
{
	uint64_t *seq = ctx;
	if (row->seq > *seq)
		*seq = row->seq;
	return true;
}

static bool add_cursor(void *ctx, const char *site)
{
	struct printing *p = ctx;
	for (uint32_t i = 0; i < p->cursor_count; i++)
		if (strcmp(p->cursors[i].site, site) == 0)
			return true;
	MEM_RESERVE(p->cursors, p->cursor_count, p->cursor_cap);
	p->cursors[p->cursor_count++] = (struct cursor){.site = mem_copy(site)};
	return true;
}

static int find_ends(struct following *f)
{
	struct printing *p = f->printing;
	int r = store_sites(f->store, add_cursor, p);
	for (uint32_t i = 0; r >= 0 && i < p->cursor_count; i++)
		r = store_log_end(f->store, p->cursors[i].site, take_seq, &p->cursors[i].seq);
	return r;
}

/* Prints what has come for one site. The end is sought without the filter, so that rows the
 * filter leaves out are not read again at each look. */
static int print_new(struct following *f, struct cursor *cursor)
{
	struct ledger_filter grown = {.site = cursor->site, .after = cursor->seq};
	struct ledger_filter wanted = f->filter;
	uint64_t end = cursor->seq;
	int r = store_log(f->store, &grown, take_seq, &end);
	if (r < 0 || end == cursor->seq)
		return r;
	wanted.site = cursor->site;
	wanted.after = cursor->seq;
	cursor->seq = end;
	return store_log(f->store, &wanted, print_row, f->printing);
}

/* A site may be new, too. */
static int print_all_new(struct following *f)
{
	struct printing *p = f->printing;
	int r = store_sites(f->store, add_cursor, p);
	for (uint32_t i = 0; r >= 0 && i < p->cursor_count; i++)
		if (!f->filter.site || strcmp(f->filter.site, p->cursors[i].site) == 0)
			r = print_new(f, &p->cursors[i]);
	fflush(p->ctx->out);
	return r == -EBUSY ? 0 : r;
}

static void watch_begin(struct following *f)
{
	const char *path = f->printing->ctx->store_path, *slash = strrchr(path, '/');
	struct text folder = {0};
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	f->signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	f->file = slash ? slash + 1 : path;
	text_add_len(&folder, slash ? path : ".", slash ? (size_t)(slash - path) + 1 : 1);
	f->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->changes >= 0)
		(void)inotify_add_watch(f->changes, text_get(&folder), IN_MODIFY | IN_CREATE);
	text_finish(&folder);
}

/* True if the store's file or its WAL was written to. */
static bool watch_changed(struct following *f)
{
	_Alignas(struct inotify_event) char room[4096];
	bool changed = false;
	ssize_t len;
	while ((len = read(f->changes, room, sizeof room)) > 0)
		for (char *at = room; at < room + len;) {
			const struct inotify_event *event = (void *)at;
			if (event->len && strncmp(event->name, f->file, strlen(f->file)) == 0)
				changed = true;
			at += sizeof *event + event->len;
		}
	return changed;
}

/* Waits for a change, the fallback, or the end; false at the end: a signal, or the reader of the
 * output has gone. */
static bool watch_wait(struct following *f, int *timeout)
{
	struct pollfd waits[] = {
	        {.fd = f->signals, .events = POLLIN},
	        {.fd = f->changes, .events = POLLIN},
	        {.fd = fileno(f->printing->ctx->out), .events = 0},
	};
	int r = poll(waits, 3, *timeout);
	if (r < 0)
		return errno == EINTR;
	if (waits[0].revents || waits[2].revents)
		return false;
	if (waits[1].revents && watch_changed(f))
		*timeout = FOLLOW_QUICK;
	else if (r == 0)
		*timeout = *timeout * 2 < FOLLOW_SLOW ? *timeout * 2 : FOLLOW_SLOW;
	return true;
}

static int follow(struct following *f)
{
	const struct command_context *ctx = f->printing->ctx;
	int timeout = FOLLOW_QUICK, r = find_ends(f);
	if (r >= 0)
		r = store_log(f->store, &f->filter, print_row, f->printing);
	f->filter.limit = 0;
	while (r >= 0) {
		r = print_all_new(f);
		if (r < 0 || ferror(ctx->out) || !watch_wait(f, &timeout))
			break;
	}
	return r;
}

static int run_following(struct store *store, const struct ledger_filter *filter,
                         struct printing *printing)
{
	struct following f = {.store = store, .filter = *filter, .printing = printing};
	watch_begin(&f); /* before the first look, so that nothing falls between */
	int r = follow(&f);
	if (f.signals >= 0)
		close(f.signals);
	if (f.changes >= 0)
		close(f.changes);
	for (uint32_t i = 0; i < printing->cursor_count; i++)
		free(printing->cursors[i].site);
	free(printing->cursors);
	return r;
}

/* ---- a part that left with its proof ---- */

struct sieve {
	const struct ledger_filter *filter;
	struct printing *printing;
};

static bool same(const char *wanted, const char *is)
{
	return !wanted || (is && strcmp(wanted, is) == 0);
}

static bool is_type(const char *wanted, const char *type)
{
	size_t len = wanted ? strlen(wanted) : 0;
	return !len || (wanted[len - 1] == '*' ? strncmp(wanted, type, len - 1) == 0
	                                       : strcmp(wanted, type) == 0);
}

static bool is_zone(const char *wanted, const struct ledger_row *row)
{
	cJSON *data = NULL;
	bool is = !wanted;
	if (wanted && json_parse(row->data, strlen(row->data), &data, NULL) == 0)
		is = same(wanted, json_string(data, "zone"));
	cJSON_Delete(data);
	return is;
}

static bool sift_row(void *ctx, const struct ledger_row *row)
{
	struct sieve *sieve = ctx;
	const struct ledger_filter *f = sieve->filter;
	bool fits = same(f->site, row->site) && same(f->device, row->device) &&
	            same(f->incident, row->incident) && is_type(f->type, row->type) &&
	            (!f->since || row->received >= f->since) &&
	            (!f->until || row->received < f->until) && is_zone(f->zone, row);
	return !fits || print_row(sieve->printing, row);
}

static int log_file(const struct command_context *ctx, const struct invocation *line)
{
	struct printing printing = {.ctx = ctx, .as_json = line->options[OPTION_JSON] != NULL};
	struct ledger_filter filter = {.site = line->options[OPTION_SITE],
	                               .device = line->options[OPTION_DEVICE],
	                               .zone = line->options[OPTION_ZONE],
	                               .type = line->options[OPTION_TYPE],
	                               .incident = line->options[OPTION_INCIDENT]};
	struct sieve sieve = {.filter = &filter, .printing = &printing};
	int code = option_span(ctx, line, NULL, &filter.since, &filter.until);
	if (code == 0 && line->options[OPTION_FOLLOW])
		code = complain(ctx, EXIT_USAGE, "--follow is for the record, not for a --file");
	if (code == 0)
		code = export_read(ctx, line->options[OPTION_FILE], sift_row, &sieve);
	text_finish(&printing.line);
	return code;
}

/* ---- the command ---- */

static int log_filter_read(const struct command_context *ctx, const struct invocation *line,
                           struct ledger_filter *filter, char **incident)
{
	const struct site_def *def;
	int code = option_site_recorded(ctx, line, &def, &filter->site);
	if (code)
		return code;
	filter->device = line->options[OPTION_DEVICE];
	filter->zone = line->options[OPTION_ZONE];
	filter->type = line->options[OPTION_TYPE];
	if (line->options[OPTION_FOLLOW] && line->options[OPTION_UNTIL])
		return complain(ctx, EXIT_USAGE,
		                "--follow goes on for ever and --until ends: "
		                "take one of them");
	code = option_span(ctx, line, def, &filter->since, &filter->until);
	if (code == 0 && line->options[OPTION_INCIDENT])
		code = incident_id_complete(ctx, line->options[OPTION_INCIDENT], true, incident);
	filter->incident = *incident;
	return code;
}

int run_log(const struct command_context *ctx, const struct invocation *line)
{
	struct printing printing = {.ctx = ctx, .as_json = line->options[OPTION_JSON] != NULL};
	struct ledger_filter filter = {0};
	struct narrowed narrowed = {0};
	struct store *store = NULL;
	char *incident = NULL;
	if (line->options[OPTION_FILE])
		return log_file(ctx, line);
	int code = log_filter_read(ctx, line, &filter, &incident);
	if (code == 0)
		code = store_open_here(ctx, &store);
	if (code == 0)
		code = narrow(ctx, store, &filter, &narrowed);
	if (code == 0) {
		int r = line->options[OPTION_FOLLOW]
		                ? run_following(store, &filter, &printing)
		                : store_log(store, &filter, print_row, &printing);
		if (r < 0)
			code = log_failed(ctx, r);
		else if (!printing.line.at && !printing.as_json && !line->options[OPTION_FOLLOW])
			fprintf(ctx->out, "%s\n",
			        say(ctx, "The record has nothing that fits.",
			            "没有符合条件的记录。"));
	}
	store_close(store);
	text_finish(&printing.line);
	narrowed_finish(&narrowed);
	free(incident);
	return code;
}
