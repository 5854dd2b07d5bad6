/* Devices that sign what they say. Whatever is not rightly signed, or not news, raises nothing of
 * what it claims; but it is in the record, and people hear that somebody tampers: a true alarm may
 * stand behind it. */
#include <errno.h>
#include <stdio.h>

#include "app.h"
#include "base/json.h"
#include "receive/signals_signed.h"

/* So long nothing bad must come until the tampering is over. */
#define TAMPER_LASTS MINUTES(10)

/* However many bad messages come, while it lasts it is one alarm. A contact of the housing that is
 * open already is left to clear itself. */
static void raise_tamper(struct app *app, struct site_slot *slot, const struct device *device,
                         const char *reason, struct moment now)
{
	const struct device_state *state = &slot->site->devices[device - slot->site->def->devices];
	uint32_t tamper = (uint32_t)1 << KIND_TAMPER;
	struct text note = {0};
	json_open(&note, NULL, '{');
	json_put_string(&note, "signature", reason);
	json_close(&note, '}');
	struct event event = {.type = EVENT_SIGNAL,
	                      .signal = {.device = device->id,
	                                 .kind = KIND_TAMPER,
	                                 .active = true,
	                                 .lifeless = true,
	                                 .resets = TAMPER_LASTS,
	                                 .note = text_get(&note)}};
	if (!(state->active & tamper) || (state->fleeting & tamper))
		app_decide_event(app, slot, &event, now);
	text_finish(&note);
}

static int refuse(struct app *app, struct site_slot *slot, const struct device *device,
                  const struct broker_message *message, const char *reason, struct moment now)
{
	hearing_reject(app, slot, message, device->id, reason, now);
	raise_tamper(app, slot, device, reason, now);
	return -EACCES;
}

int signed_unpack(struct app *app, struct site_slot *slot, const struct device *device,
                  const struct broker_message *message, struct text *inner, struct moment now)
{
	struct problem why = {0};
	int r = signed_open(device_details(device)->signing->key, slot->site->def->id, device->id,
	                    message->bytes, message->len + message->cut, inner, &why);
	return r < 0 ? refuse(app, slot, device, message, why.text, now) : 0;
}

static enum freshness judge(const struct site_slot *slot, const struct device *device,
                            const struct signal *signal, struct moment now)
{
	const struct site *site = slot->site;
	const struct device_state *state = &site->devices[device - site->def->devices];
	return signed_judge(signal->time, device_signed_at(state),
	                    device_details(device)->signing->window, now.wall,
	                    site_remembers_since(site));
}

/* Why a signal cannot be taken, or NULL. */
static const char *objection(const struct site_slot *slot, const struct device *device,
                             const struct signal *signal, struct moment now)
{
	if (!signal->id || !(signal->time || signal->time_said))
		return "signed, but without 'id' and 'time': it could be said again at any time";
	if (site_has_seen(slot->site, device->id, signal->id))
		return NULL;
	return judge(slot, device, signal, now) == SIGNED_REPLAYED
	               ? "late or replayed: the device has signed newer ones since"
	               : NULL;
}

int signed_admit(struct app *app, struct site_slot *slot, const struct device *device,
                 const struct broker_message *message, struct moment now)
{
	span_ms off = 0;
	for (uint32_t i = 0; i < app->signals.count; i++) {
		const char *reason = objection(slot, device, &app->signals.items[i].signal, now);
		if (reason)
			return refuse(app, slot, device, message, reason, now);
	}
	for (uint32_t i = 0; i < app->signals.count; i++) {
		struct signal *signal = &app->signals.items[i].signal;
		enum freshness is = judge(slot, device, signal, now);
		bool here_before = site_has_seen(slot->site, device->id, signal->id);
		if (is == SIGNED_BEFORE && !here_before) /* in the life before: from now on known */
			(void)!site_seen(slot->site, device->id, signal->id, now.wall, 0);
		if (is == SIGNED_LATE && !here_before)
			off = signal->time - now.wall;
		signal->signed_at = signed_mark(signal->time,
		                                device_details(device)->signing->window, now.wall);
		signal->retained = false; /* that is the broker's word */
	}
	if (off) {
		char reason[120];
		snprintf(reason, sizeof reason,
		         "%lld s %s: held back on the way, or a clock is wrong",
		         (long long)(off < 0 ? -off : off) / 1000, off < 0 ? "late" : "ahead");
		raise_tamper(app, slot, device, reason, now);
	}
	return 0;
}
