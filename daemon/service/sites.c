/* The sites that are served: those that the configuration lists, in its order. A site comes from
 * its record as it was left, and one that leaves stays there: its incidents as they are, until it
 * is listed again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/log.h"

struct words_ctx {
	struct app *app;
	const struct site *site;
};

static void on_last_word(void *ctx, const struct signal *word, uint64_t seq)
{
	const struct words_ctx *words = ctx;
	ahead_heard(&words->app->ahead, words->site, word, NULL, seq);
}

static int recall(struct app *app, const struct site *site)
{
	return store_last_words(app->store, site, on_last_word, &(struct words_ctx){app, site});
}

void sites_recall(struct app *app)
{
	if (!app_disk_is_well(app))
		return; /* what is heard beside the session is recalled already */
	for (uint32_t i = 0; i < app->site_count; i++)
		if (recall(app, app->sites[i].site) < 0)
			log_warn("%s: the last words of its devices cannot be read: those that "
			         "come again may move a point back",
			         app->sites[i].site->def->id);
}

/* NULL and why: its record cannot be read. */
static struct site *load(struct app *app, const struct site_def *def, struct problem *why)
{
	struct site *site = site_create(def);
	int r = store_load_site(app->store, site, why);
	if (r == 0)
		r = recall(app, site);
	if (r == 0)
		return site;
	store_forget_site(app->store, site);
	site_destroy(site);
	return NULL;
}

static void slot_finish(struct site_slot *slot)
{
	plan_finish(&slot->plan);
	free(slot->devices_said);
	site_destroy(slot->site);
}

static void let_go(struct app *app, struct site_slot *slot)
{
	store_forget_site(app->store, slot->site);
	slot_finish(slot);
}

int sites_load(struct app *app, struct problem *why)
{
	app->sites = NEW_ARRAY(struct site_slot, app->config->site_count);
	for (uint32_t i = 0; i < app->config->site_count; i++) {
		struct site *site = load(app, app->config->sites[i], why);
		if (!site)
			return -EIO;
		app->sites[app->site_count++].site = site;
	}
	return 0;
}

void sites_finish(struct app *app)
{
	for (uint32_t i = 0; i < app->site_count; i++)
		slot_finish(&app->sites[i]);
	free(app->sites);
}

/* ---- another list, while the service runs ---- */

/* Its position in the list, or POSITION_NONE. */
static uint32_t listed(const struct service_config *config, const struct site *site)
{
	for (uint32_t i = 0; i < config->site_count; i++)
		if (strcmp(config->sites[i]->id, site->def->id) == 0)
			return i;
	return POSITION_NONE;
}

int sites_prepare(struct app *app, const struct service_config *config, struct site_slot **out,
                  struct problem *why)
{
	struct site_slot *slots = NEW_ARRAY(struct site_slot, config->site_count);
	for (uint32_t i = 0; i < config->site_count; i++) {
		if (app_site(app, config->sites[i]->id))
			continue;
		slots[i].site = load(app, config->sites[i], why);
		if (!slots[i].site) {
			sites_put_back(app, slots, config->site_count);
			return -EIO;
		}
	}
	*out = slots;
	return 0;
}

void sites_put_back(struct app *app, struct site_slot *slots, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (slots[i].site)
			let_go(app, &slots[i]);
	free(slots);
}

bool sites_stop(struct app *app, const struct service_config *config)
{
	bool any = false;
	for (uint32_t i = 0; i < app->site_count; i++) {
		bool stops = listed(config, app->sites[i].site) == POSITION_NONE;
		if (stops)
			record_stop(app, app->sites[i].site);
		any |= stops;
	}
	if (any)
		app_turn(app);
	return app_disk_is_well(app);
}

static void say_farewell(const struct site *site)
{
	uint32_t open = site->incident_count;
	if (open)
		log_warn("site '%s' is served no longer: its %u open incident%s, and what %s "
		         "switched on, stay as they are, and nobody is told of them until it is "
		         "listed again",
		         site->def->id, open, open == 1 ? "" : "s", open == 1 ? "it" : "they");
	else
		log_info("site '%s' is served no longer", site->def->id);
}

/* What the list has kept moves to its new place. */
static void keep_listed(struct app *app, struct site_slot *slots, struct moment now)
{
	for (uint32_t i = 0; i < app->site_count; i++) {
		struct site_slot *slot = &app->sites[i];
		uint32_t at = listed(app->config, slot->site);
		if (at == POSITION_NONE) {
			say_farewell(slot->site);
			let_go(app, slot);
		} else {
			site_redefine(slot->site, app->config->sites[at], now);
			record_configured(app, slot->site);
			slots[at] = *slot;
		}
	}
}

void sites_change(struct app *app, struct site_slot *slots)
{
	bool any_new = false;
	showing_end_line(app); /* while the sites have the places by which it knows them */
	for (uint32_t i = 0; i < app->config->site_count; i++)
		if (slots[i].site) {
			log_info("site '%s' is served from now on", slots[i].site->def->id);
			record_begin(app, slots[i].site);
			any_new = true;
		}
	keep_listed(app, slots, app_now(app));
	free(app->sites);
	app->sites = slots;
	app->site_count = app->config->site_count;
	showing_all(app);
	if (any_new)
		switching_connected(app);
}
