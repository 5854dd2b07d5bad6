/* A device's mark that it is being tested, as it is judged where messages are understood
 * (receive/profile_trials.c): kept here so that a mark which has stood for weeks is not taken for a
 * test of today after a restart. */
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

static const char *const stages[MARK_STAGE_COUNT] = {[MARK_GONE] = "gone",
                                                     [MARK_STANDS] = "stands",
                                                     [MARK_ALARMED] = "alarmed",
                                                     [MARK_SPENT] = "spent"};

const char *mark_stage_name(enum mark_stage stage)
{
	return stages[stage];
}

enum mark_stage mark_stage_from_name(const char *name)
{
	int i = 0;
	while (i < MARK_STAGE_COUNT && (!name || strcmp(stages[i], name) != 0))
		i++;
	return (enum mark_stage)i;
}

static struct standing *find_mark(const struct site *site, const char *device, const char *address)
{
	for (uint32_t i = 0; i < site->standing_count; i++) {
		struct standing *s = site->standings[i];
		if (s->type == STANDING_TEST_MARK && !standing_is_over(s) &&
		    strcmp(s->device, device) == 0 && strcmp(s->note, address) == 0)
			return s;
	}
	return NULL;
}

void sense_test_mark(struct context *c, const struct test_mark *mark)
{
	struct standing *s = find_mark(c->site, mark->device, mark->address);
	enum mark_stage was = s ? mark_stage_from_name(s->mark) : MARK_GONE;
	if (was == mark->stage || site_def_device(c->site->def, mark->device) == POSITION_NONE)
		return;
	if (!s) {
		s = standing_begin(c, STANDING_TEST_MARK);
		own(&s->device, mark->device);
		own(&s->note, mark->address);
	}
	own(&s->mark, mark_stage_name(mark->stage));
	touch_standing(c, s);
	if (mark->stage == MARK_GONE)
		standing_end(c, s, NULL, "gone");
	struct text *data = record(c);
	json_put_string(data, "mark", mark_stage_name(mark->stage));
	json_put_string(data, "address", mark->address);
	record_end(c, (struct entry){.type = "device.test_mark", .device = mark->device});
}
