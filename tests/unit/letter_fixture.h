/* A letter about a fire in a dormitory, as tests of the way out need it: everything in it may be
 * changed before use. Include after <cmocka.h>. */
#ifndef TOCSIN_TESTS_LETTER_FIXTURE_H
#define TOCSIN_TESTS_LETTER_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "deliver/channel.h"

#define EIGHT ((wall_ms)1795305600000) /* 2026-11-22T00:00:00Z, 08:00 in Shanghai */

struct desk {
	struct timezone_span span;
	struct timezone_table timezone;
	struct zone zones[3];
	struct person people[2];
	struct site_def def;
	const char *path[3];
	struct incident_signal signals[80];
	struct policy policy;
	struct incident incident;
	struct notification notification;
	struct letter letter;
};

static inline void desk_init(struct desk *desk)
{
	*desk = (struct desk){0};
	desk->span = (struct timezone_span){INT64_MIN, 8 * 3600};
	desk->timezone = (struct timezone_table){"Asia/Shanghai", &desk->span, 1};
	desk->zones[0] = (struct zone){"campus", "校园", POSITION_NONE, POSITION_NONE};
	desk->zones[1] = (struct zone){"dorm", "宿舍", 0, POSITION_NONE};
	desk->zones[2] = (struct zone){"dorm-3f", "宿舍三层", 1, POSITION_NONE};
	desk->people[0] = (struct person){.id = "li", .name = "李老师"};
	desk->people[1] = (struct person){.id = "sun", .name = "孙校长"};
	desk->def = (struct site_def){.id = "binjiang",
	                              .name = "滨江中学",
	                              .zones = desk->zones,
	                              .zone_count = 3,
	                              .people = desk->people,
	                              .person_count = 2};
	site_def_index(&desk->def);
	desk->path[0] = "campus";
	desk->path[1] = "dorm";
	desk->path[2] = "dorm-3f";
	desk->signals[0] = (struct incident_signal){.device = "smoke-301",
	                                            .device_name = "smoke-301",
	                                            .kind = KIND_SMOKE,
	                                            .active = true,
	                                            .time = EIGHT + SECONDS(12),
	                                            .at = SECONDS(1012),
	                                            .presses = 1};
	desk->policy = (struct policy){.id = "fire", .resolve_within = MINUTES(15)};
	desk->incident = (struct incident){.id = "binjiang-2026-000001",
	                                   .number = 1,
	                                   .kind = INCIDENT_FIRE,
	                                   .severity = SEVERITY_MAJOR,
	                                   .state = STATE_OPEN,
	                                   .zone = "dorm-3f",
	                                   .zone_name = "宿舍三层",
	                                   .zone_path = desk->path,
	                                   .zone_depth = 3,
	                                   .opened = {EIGHT + SECONDS(12), SECONDS(1012)},
	                                   .policy = &desk->policy,
	                                   .round = 1,
	                                   .round_at = SECONDS(1012),
	                                   .signals = desk->signals,
	                                   .signal_count = 1};
	desk->notification = (struct notification){.number = 7,
	                                           .incident = &desk->incident,
	                                           .reason = REASON_OPENED,
	                                           .step = 1,
	                                           .round = 1,
	                                           .to_kind = RECIPIENT_PERSON,
	                                           .to_id = "li",
	                                           .to_name = "李老师",
	                                           .urgent = true,
	                                           .created = {EIGHT + SECONDS(12), SECONDS(1012)}};
	desk->letter = (struct letter){.site_id = "binjiang",
	                               .site_name = "滨江中学",
	                               .language = "zh-CN",
	                               .def = &desk->def,
	                               .timezone = &desk->timezone,
	                               .notification = &desk->notification,
	                               .incident = &desk->incident,
	                               .attempt = 1,
	                               .text = "【火警】宿舍三层",
	                               .ack_url = "http://127.0.0.1:8080/a/tok",
	                               .console_url = "http://127.0.0.1:8080/#/incident/1",
	                               .ledger_seq = 42,
	                               .ledger_head = "ab12",
	                               .now = {EIGHT + SECONDS(12) + 345, SECONDS(1012) + 345}};
}

static inline void desk_finish(struct desk *desk)
{
	index_finish(&desk->def.zone_index);
	index_finish(&desk->def.device_index);
	index_finish(&desk->def.person_index);
	index_finish(&desk->def.post_index);
	index_finish(&desk->def.channel_index);
}

/* Another detector of the dormitory, one minute after the other. */
static inline void desk_add_signal(struct desk *desk, const char *device)
{
	uint32_t i = desk->incident.signal_count++;
	desk->signals[i] = desk->signals[0];
	desk->signals[i].device = desk->signals[i].device_name = device;
	desk->signals[i].time += MINUTES(1) * i;
	desk->signals[i].at += MINUTES(1) * i;
}

static inline void desk_pass(struct desk *desk, span_ms span)
{
	desk->letter.now.wall += span;
	desk->letter.now.steady += span;
}

#endif
