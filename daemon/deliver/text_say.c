#include "deliver/text_private.h"

void say_words(struct writer *w, const char *chinese, const char *english)
{
	text_add(w->out, w->chinese ? chinese : english);
}

void say_phrase(struct writer *w, const struct phrase *phrase)
{
	say_words(w, phrase->chinese, phrase->english);
}

void say_plain(struct writer *w, const char *foreign)
{
	for (const char *c = foreign; *c; c++)
		text_add_char(w->out, (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
}

void say_person(struct writer *w, const char *id)
{
	const struct site_def *def = w->letter->def;
	uint32_t position = def ? site_def_person(def, id) : POSITION_NONE;
	say_plain(w, position == POSITION_NONE ? id : def->people[position].name);
}

static struct civil local(const struct writer *w, wall_ms at)
{
	struct timezone_span always = {INT64_MIN, 0};
	struct timezone_table utc = {"UTC", &always, 1};
	return civil_from_wall(w->letter->timezone ? w->letter->timezone : &utc, at);
}

void say_clock(struct writer *w, wall_ms at)
{
	struct civil then = local(w, at), today = local(w, w->letter->now.wall);
	if (then.day != today.day || then.month != today.month || then.year != today.year)
		text_addf(w->out, "%04d-%02d-%02d ", then.year, then.month, then.day);
	text_addf(w->out, "%02d:%02d:%02d", then.hour, then.minute, then.second);
}

void say_span(struct writer *w, span_ms span)
{
	long long minutes = span / MINUTES(1);
	if (span < MINUTES(1))
		text_addf(w->out, w->chinese ? "%lld秒" : "%lld s", (long long)(span / SECONDS(1)));
	else if (minutes < 60)
		text_addf(w->out, w->chinese ? "%lld分钟" : "%lld min", minutes);
	else if (minutes < 48LL * 60)
		text_addf(w->out, w->chinese ? "%lld小时%lld分钟" : "%lld h %lld min", minutes / 60,
		          minutes % 60);
	else
		text_addf(w->out, w->chinese ? "%lld天" : "%lld days", minutes / (24LL * 60));
}

void say_moment(struct writer *w, wall_ms at)
{
	span_ms ago = w->letter->now.wall - at;
	say_clock(w, at);
	if (ago < MINUTES(1))
		return;
	say_words(w, "（", " (");
	say_span(w, ago);
	say_words(w, "前）", " ago)");
}

void say_tag(struct writer *w, const char *word)
{
	text_addf(w->out, w->chinese ? "【%s】" : "[%s] ", word);
}

void say_place(struct writer *w)
{
	const struct letter *letter = w->letter;
	const struct incident *incident = letter->incident;
	if (incident && incident->zone)
		say_plain(w, incident->zone_name ? incident->zone_name : incident->zone);
	else
		say_plain(w, letter->site_name ? letter->site_name : letter->site_id);
}
