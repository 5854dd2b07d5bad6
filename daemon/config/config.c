#include "config/config.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/crypto.h"
#include "base/file.h"
#include "config/profiles.h"
#include "config/read.h"

#define PROFILE_FILE_MAX ((size_t)1024 * 1024)
#define SERVICE_FILE_MAX ((size_t)1024 * 1024)
#define SITE_FILE_MAX ((size_t)256 * 1024 * 1024) /* a million devices take about 100 MiB */
#define SITE_TEXT_MAX ((size_t)4 * 1024 * 1024)   /* of which the record keeps the text */

struct loading {
	struct report report;
	struct service_config *config;
	enum config_use use;
	const char *text; /* of the only site there is to be, or NULL: those that are listed */
	wall_ms now;
	struct sha256 *all;   /* over all files */
	struct index sites;   /* the good ones of config->sites */
	uint32_t passed_over; /* problems of files that a command can do without */
	bool no_profiles;     /* among them; their names are known all the same */
};

struct source { /* one file, read and taken apart */
	const char *path;
	uint32_t file;
	struct tree tree;
	char hash[65];
	char *bytes;
	size_t len;
};

static void hex(const uint8_t digest[SHA256_LEN], char out[65])
{
	struct text text = {0};
	text_add_hex(&text, digest, SHA256_LEN);
	memcpy(out, text_get(&text), 65);
	text_finish(&text);
}

static wall_ms wall_clock(void)
{
	struct clock clock;
	struct moment now;
	clock_start(&clock, NULL, NULL);
	(void)clock_now(&clock, &now, NULL);
	return now.wall;
}

/* Each file counts by its own digest, so that moving a line from one to the next is a change. */
static void add_hash(struct loading *load, const char *bytes, size_t len, char out[65])
{
	uint8_t digest[SHA256_LEN];
	struct sha256 *one = sha256_create();
	sha256_begin(one);
	sha256_add(one, bytes, len);
	sha256_end(one, digest);
	sha256_destroy(one);
	sha256_add(load->all, digest, sizeof digest);
	hex(digest, out);
}

/* A file may hold secrets. */
static void source_finish(struct source *source)
{
	if (source->tree.text.at)
		explicit_bzero(source->tree.text.at, source->tree.text.len);
	tree_finish(&source->tree);
	if (source->bytes)
		explicit_bzero(source->bytes, source->len);
	free(source->bytes);
	source->bytes = NULL;
}

/* The file's tree; what cannot be read is the caller's to report, what cannot be parsed is reported
 * here (-EBADMSG). */
static int source_read(struct loading *load, const char *path, size_t max, struct source *out)
{
	char *bytes = NULL;
	size_t len = 0;
	struct yaml_error why;
	struct source source = {.path = path};
	int r = file_read(path, max, &bytes, &len, NULL);
	if (r < 0)
		return r;
	add_hash(load, bytes, len, source.hash);
	source.file = report_file(&load->report, path);
	source.bytes = bytes;
	source.len = len;
	r = tree_parse(bytes, len, &source.tree, &why);
	if (r < 0) {
		source_finish(&source);
		struct place place = {.file = source.file, .line = why.line, .column = why.column};
		report_problem(&load->report, place, "%s", why.problem.text);
		return -EBADMSG;
	}
	*out = source;
	return 0;
}

static struct checker checker_of(struct loading *load, const struct source *source,
                                 struct arena *arena)
{
	return (struct checker){
	        .tree = &source->tree,
	        .report = &load->report,
	        .arena = arena,
	        .file = source->file,
	        .path = source->path,
	        .use = load->use,
	        .now = load->now,
	};
}

/* ---- sites ---- */

static const char *site_id(const void *owner, uint32_t i)
{
	return ((const struct service_config *)owner)->sites[i]->id;
}

/* A command does without a file in which something was found since. */
static bool pass_over(struct loading *load, uint32_t problems_before)
{
	if (load->use != CONFIG_COMMAND || load->report.problems == problems_before)
		return false;
	load->passed_over += load->report.problems - problems_before;
	load->config->partial = true;
	return true;
}

static void site_keep(struct loading *load, const struct checker *c,
                      const struct site_reading *site, uint32_t problems_before)
{
	struct service_config *config = load->config;
	const char *id = site->def->id;
	bool again = id && index_find(&load->sites, id, site_id, config) != INDEX_NONE;
	if (again)
		check_problem(c, site->id,
		              "site '%s' is already described by an earlier file of the list; each "
		              "site has one file",
		              id);
	if (pass_over(load, problems_before)) {
		site_def_destroy(site->def);
		return;
	}
	config->sites[config->site_count++] = site->def;
	if (id && !again)
		index_add(&load->sites, config->site_count - 1, site_id, config);
}

/* What the record keeps of the file: without its secrets, as nothing is ever taken out of it. */
static void keep_text(struct site_def *def, const struct source *source,
                      const struct secrets *secrets)
{
	struct text text = {0};
	tree_hide(source->bytes, source->len, secrets->texts, secrets->count, &text);
	def->text = arena_copy_len(&def->arena, text_get(&text), text.len);
	text_finish(&text);
}

static void site_load(struct loading *load, const struct service_reading *service,
                      const struct source *source)
{
	struct site_def *def = NEW(struct site_def);
	uint32_t before = load->report.problems;
	struct secrets secrets = {0};
	struct checker c = checker_of(load, source, &def->arena);
	c.secrets = &secrets;
	struct site_reading site = {.def = def, .service = service};
	site_read(&c, source->tree.nodes, &site);
	memcpy(def->hash, source->hash, sizeof def->hash);
	if (site.imported.len) {
		text_add(&site.imported, source->hash);
		add_hash(load, text_get(&site.imported), site.imported.len, def->hash);
	}
	if (source->len <= SITE_TEXT_MAX)
		keep_text(def, source, &secrets);
	free(secrets.texts);
	site_reading_finish(&site);
	site_keep(load, &c, &site, before);
}

static void site_file_load(struct loading *load, const struct checker *c,
                           const struct service_reading *service, const struct node *item)
{
	const char *name = check_line(c, item, "a site file");
	if (!name)
		return;
	char room[FILE_ERROR_MAX];
	struct text path = {0};
	struct source source = {0};
	file_beside(c->path, name, &path);
	uint32_t before = load->report.problems;
	int r = source_read(load, text_get(&path), SITE_FILE_MAX, &source);
	if (r < 0 && r != -EBADMSG)
		check_problem(c, item,
		              "the site file '%s' cannot be read: %s; names are relative to the "
		              "folder of this file",
		              text_get(&path), file_error(r, SITE_FILE_MAX, room));
	if (r == 0)
		site_load(load, service, &source);
	else
		(void)pass_over(load, before);
	source_finish(&source);
	text_finish(&path);
}

static void site_text_load(struct loading *load, const struct service_reading *service)
{
	struct yaml_error why;
	struct source source = {.path = load->config->path,
	                        .bytes = mem_copy(load->text),
	                        .len = strlen(load->text)};
	source.file = report_file(&load->report, "the record");
	add_hash(load, source.bytes, source.len, source.hash);
	if (tree_parse(source.bytes, source.len, &source.tree, &why) < 0)
		report_problem(&load->report, (struct place){.file = source.file}, "%s",
		               why.problem.text);
	else
		site_load(load, service, &source);
	source_finish(&source);
}

struct site_def *config_read_recorded(const char *text)
{
	struct service_config none = {0};
	struct service_reading service = {.config = &none, .channels = {.unsure = true}};
	struct report report = {0};
	struct tree tree = {0};
	struct yaml_error why;
	if (tree_parse(text, strlen(text), &tree, &why) < 0)
		return NULL;
	struct site_def *def = NEW(struct site_def);
	struct checker c = {.tree = &tree,
	                    .report = &report,
	                    .arena = &def->arena,
	                    .path = "",
	                    .use = CONFIG_COMMAND};
	struct site_reading site = {.def = def, .service = &service};
	site_read_recorded(&c, tree.nodes, &site);
	site_reading_finish(&site);
	tree_finish(&tree);
	if (report.problems) {
		site_def_destroy(def);
		def = NULL;
	} else {
		site_def_index(def);
	}
	report_finish(&report);
	return def;
}

/* ---- profiles ---- */

static void profile_file_load(struct loading *load, const struct checker *c,
                              const struct node *item, const char *path,
                              struct profile_sources *sources)
{
	struct profiles *profiles = &load->config->profiles;
	struct source source = {0};
	char room[FILE_ERROR_MAX];
	int r = source_read(load, arena_copy(&profiles->arena, path), PROFILE_FILE_MAX, &source);
	if (r == 0) {
		struct checker own = checker_of(load, &source, &profiles->arena);
		profile_source_add(sources, &own, &source.tree);
	} else if (r != -EBADMSG) {
		check_problem(c, item, "the profile file '%s' cannot be read: %s", path,
		              file_error(r, PROFILE_FILE_MAX, room));
	}
	source_finish(&source);
}

/* A file, or a folder whose *.yaml files are meant, in the order of their names. */
static void profile_entry_load(struct loading *load, const struct checker *c,
                               const struct node *item, struct profile_sources *sources)
{
	const char *name = check_line(c, item, "a profile file");
	if (!name)
		return;
	struct text path = {0}, pattern = {0};
	struct stat facts;
	file_beside(c->path, name, &path);
	if (stat(text_get(&path), &facts) == 0 && S_ISDIR(facts.st_mode)) {
		glob_t found;
		text_addf(&pattern, "%s/*.yaml", text_get(&path));
		if (glob(text_get(&pattern), 0, NULL, &found) == 0) {
			for (size_t i = 0; i < found.gl_pathc; i++)
				profile_file_load(load, c, item, found.gl_pathv[i], sources);
			globfree(&found);
		}
	} else {
		profile_file_load(load, c, item, text_get(&path), sources);
	}
	text_finish(&path);
	text_finish(&pattern);
}

static const char *profile_name(const void *owner, uint32_t i)
{
	return ((const struct profiles *)owner)->items[i].name;
}

static void profiles_load(struct loading *load, const struct checker *c,
                          const struct service_reading *service)
{
	struct profiles *profiles = &load->config->profiles;
	struct profile_sources *sources = service->profile_sources;
	uint32_t before = load->report.problems;
	struct checker built_in = *c;
	built_in.arena = &profiles->arena;
	profile_sources_add_built_in(sources, &built_in);
	uint32_t count = check_list(c, service->profiles, "profiles", 0);
	FOR_EACH_NODE(c, item, service->profiles, count)
	profile_entry_load(load, c, item, sources);
	profiles_read(sources, profiles);
	count = check_list(c, service->listen, "listen", 0);
	FOR_EACH_NODE(c, item, service->listen, count)
	{
		const char *name = check_scalar(c, item, "a profile");
		uint32_t at = name ? profiles_find(profiles, name) : POSITION_NONE;
		if (at != POSITION_NONE) {
			profile_fill(sources, profiles, at);
			profiles->items[at].heard = true;
		} else if (name) {
			check_unknown(c, item, "profile", name,
			              &(struct names){.name = profile_name,
			                              .owner = profiles,
			                              .count = profiles->count});
		}
	}
	load->no_profiles = pass_over(load, before);
}

/* ---- the whole ---- */

static int load_all(struct loading *load, const char *path)
{
	struct service_config *config = load->config;
	struct source source = {0};
	config->path = arena_copy(&config->arena, path);
	int r = source_read(load, config->path, SERVICE_FILE_MAX, &source);
	if (r < 0)
		return r;
	struct checker c = checker_of(load, &source, &config->arena);
	struct profile_sources sources = {0};
	struct service_reading service = {.config = config, .profile_sources = &sources};
	service_read(&c, source.tree.nodes, &service);
	profiles_load(load, &c, &service);
	config->sites = ARENA_ARRAY(&config->arena, struct site_def *, service.site_count);
	if (load->text) {
		site_text_load(load, &service);
	} else {
		FOR_EACH_NODE(&c, item, service.sites, service.site_count)
		site_file_load(load, &c, &service, item);
		users_check_people(&c, &service);
	}
	service_reading_finish(&service);
	profile_sources_finish(&sources);
	source_finish(&source);
	return 0;
}

static void finish_hash(struct loading *load)
{
	uint8_t digest[SHA256_LEN];
	sha256_end(load->all, digest);
	hex(digest, load->config->hash);
}

/* text: NULL, or of its only site. */
static int load_with(const char *path, enum config_use use, const char *text,
                     struct service_config **out, struct text *report)
{
	struct loading load = {.use = use, .text = text, .config = NEW(struct service_config)};
	load.now = wall_clock();
	load.all = sha256_create();
	sha256_begin(load.all);
	int r = load_all(&load, path);
	if (r < 0 && r != -EBADMSG) {
		struct place top = {
		        .file = report_file(&load.report, path), .line = 1, .column = 1};
		char room[FILE_ERROR_MAX];
		report_problem(&load.report, top, "the service file cannot be read: %s",
		               file_error(r, SERVICE_FILE_MAX, room));
	}
	finish_hash(&load);
	sha256_destroy(load.all);
	index_finish(&load.sites);
	report_write(&load.report, report);
	bool good = load.report.problems == load.passed_over;
	report_finish(&load.report);
	if (!good) {
		config_destroy(load.config);
		return r < 0 && r != -EBADMSG ? -ENOENT : -EINVAL;
	}
	for (uint32_t i = 0; i < load.config->site_count; i++)
		site_def_index(load.config->sites[i]);
	if (load.no_profiles)
		profiles_finish(&load.config->profiles);
	else
		profiles_compile(&load.config->profiles);
	*out = load.config;
	return 0;
}

int config_fill_profiles(struct service_config *config, struct text *out)
{
	struct profiles *profiles = &config->profiles;
	struct profile_sources sources = {0};
	struct report report = {0};
	struct checker c = {.report = &report, .arena = &profiles->arena, .use = CONFIG_COMMAND};
	profile_sources_add_built_in(&sources, &c);
	for (uint32_t i = 0; i < profiles->count; i++)
		profile_fill(&sources, profiles, i);
	profile_sources_finish(&sources);
	report_write(&report, out);
	int r = report.problems ? -EINVAL : 0;
	report_finish(&report);
	return r;
}

int config_load(const char *path, enum config_use use, struct service_config **out,
                struct text *report)
{
	return load_with(path, use, NULL, out, report);
}

int config_load_recorded(const char *path, const char *text, struct service_config **out)
{
	struct text report = {0};
	int r = load_with(path, CONFIG_COMMAND, text, out, &report);
	text_finish(&report);
	if (r == 0 && (*out)->site_count != 1) { /* passed over */
		config_destroy(*out);
		r = -EINVAL;
	}
	return r;
}

void config_destroy(struct service_config *config)
{
	if (!config)
		return;
	for (uint32_t i = 0; i < config->site_count; i++)
		site_def_destroy(config->sites[i]);
	profiles_finish(&config->profiles);
	struct arena arena = config->arena;
	free(config);
	arena_finish(&arena);
}

const struct channel *config_channel(const struct service_config *config, const char *id)
{
	for (uint32_t i = 0; i < config->channel_count; i++)
		if (strcmp(config->channels[i].id, id) == 0)
			return &config->channels[i];
	return NULL;
}
