/* The simulation: the real turn, core, configuration and store under a virtual clock, with a fake
 * broker, fake receivers, a fake disk, and everything that can go wrong, driven by one seed.
 *
 * One process simulates one world: one service with a few sites. What stands in for the outside
 * (clock, broker, courier, http, log) has the daemon's own interfaces and no context of its own,
 * so the world is one global. Every part has its file:
 *
 *   world.c    time, what is going to happen, the loop
 *   disk.c     SQLite's disk in memory: fails, fills up, loses what was not synced
 *   broker.c   receive/broker.h: QoS 1 and a session, as adverse as the protocol allows
 *   courier.c  deliver/courier.h: receivers and their moods
 *   http.c     review/http.h: what people do arrives here
 *   school.c   random sites, written as YAML
 *   devices.c  what sensors say        people.c  who reacts, and how
 *   chaos.c    what goes wrong         life.c    start, turn, stop, death, another start
 *   standings.c  drills, silences, walk tests and arming, as the ledger tells of them
 *   model.c    what the ledger says happened, kept in simple books
 *   checks.c   what must always hold
 *   main.c     options, seeds, the report
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "app.h"

/* ---- chance ---- */

struct rng {
	uint64_t s;
};
uint64_t rng_next(struct rng *);
uint64_t below(uint64_t n); /* 0 .. n-1, from the world's own */
bool chance(unsigned per_thousand);
int64_t between(int64_t low, int64_t high); /* inclusive */

/* ---- what the report counts; a normal run must have seen each ---- */

#define COUNTS(X)                                                                                  \
	X(site_days, "site-days")                                                                  \
	X(turns, "turns")                                                                          \
	X(entries, "ledger entries, each hash checked")                                            \
	X(messages, "messages sent by devices")                                                    \
	X(signals, "signals recorded")                                                             \
	X(presses, "presses of buttons")                                                           \
	X(rejected, "messages that cannot be understood")                                          \
	X(redelivered, "messages that the broker sent again")                                      \
	X(repeated, "messages that devices sent twice")                                            \
	X(acked, "PUBACKs, each checked against the ledger")                                       \
	X(device_acks, "acknowledgements to devices, each checked")                                \
	X(incidents, "incidents")                                                                  \
	X(raised, "rises in severity")                                                             \
	X(reopened, "incidents opened again")                                                      \
	X(resolved, "incidents resolved")                                                          \
	X(operations, "operations answered, each checked")                                         \
	X(links, "acknowledgements over a link")                                                   \
	X(reports, "incidents reported by people")                                                 \
	X(steps, "steps, each on time")                                                            \
	X(gaps, "gaps: steps that reached nobody")                                                 \
	X(steps_failed, "steps skipped as every delivery has failed")                              \
	X(notifications, "notifications")                                                          \
	X(letters, "letters sent, each checked against the outbox")                                \
	X(accepted, "letters accepted")                                                            \
	X(refused, "letters refused")                                                              \
	X(errors_inside, "letters answered 200 with an error inside")                              \
	X(hung, "letters that hung")                                                               \
	X(late, "letters answered late")                                                           \
	X(cut, "letters cut")                                                                      \
	X(possible_duplicates, "letters marked as a possible duplicate")                           \
	X(unlogged, "letters marked unlogged")                                                     \
	X(killed_idle, "kills between turns")                                                      \
	X(killed_in_commit, "kills inside a commit")                                               \
	X(killed_in_release, "kills inside a release")                                             \
	X(killed_in_start, "kills inside a start")                                                 \
	X(stopped, "clean stops")                                                                  \
	X(power_cuts, "power cuts")                                                                \
	X(disk_full, "times the disk was full")                                                    \
	X(disk_broken, "times the disk failed")                                                    \
	X(disk_locked, "times the record was locked")                                              \
	X(failed_commits, "commits that failed")                                                   \
	X(left, "messages left with the broker, as too much was held")                             \
	X(on_lane, "messages heard on the lane of life-safety devices")                            \
	X(lanes_cut, "times that lane was cut alone")                                              \
	X(sessions_cut, "times the session was cut alone")                                         \
	X(busy, "times the broker had not confirmed much of ours")                                 \
	X(outages, "broker outages")                                                               \
	X(sessions_lost, "sessions that the broker forgot")                                        \
	X(jumps_forward, "jumps of the clock forward")                                             \
	X(jumps_back, "jumps of the clock back")                                                   \
	X(suspends, "suspends")                                                                    \
	X(dst_nights, "nights in which the clocks change")                                         \
	X(reloads, "reloads")                                                                      \
	X(logins, "reloads with another login at the broker")                                      \
	X(bad_reloads, "reloads that were refused")                                                \
	X(drills, "drills")                                                                        \
	X(drilled, "incidents of drills")                                                          \
	X(silences, "silences")                                                                    \
	X(silenced, "alarms that were silenced")                                                   \
	X(walk_tests, "walk tests")                                                                \
	X(walked, "signals under walk test")                                                       \
	X(armings, "words about arming")                                                           \
	X(verified, "stores verified")                                                             \
	X(points, "states of sensor points, each compared with its last word")                     \
	X(stands, "times that something was so which somebody must have been told of")             \
	X(comparisons, "comparisons of what is stored with what runs")

struct counts {
#define COUNT_MEMBER(name, text) uint64_t name;
	COUNTS(COUNT_MEMBER)
};

/* ---- time: ms since the world began; what the service sees of it is derived ---- */

typedef int64_t world_ms;
typedef void (*happening)(uint64_t arg);

void later(span_ms in, happening, uint64_t arg); /* from now; in >= 0 */
void world_run(world_ms until);
void world_advance(world_ms to);
wall_ms wall_now(void);
void wall_step(span_ms by);
void suspend(span_ms span); /* everything inside stands still, boot time goes on */
void reboot(void);
/* "" or the name of the offset at this instant, from the system's own tables. */
int32_t zone_offset(const char *zone_name, wall_ms at);

/* ---- the disk ---- */

enum disk_mood { DISK_WELL, DISK_FULL, DISK_BREAKS_WRITES, DISK_BREAKS_SYNCS, DISK_LOCKED };
void disk_insert(void); /* as SQLite's default */
void disk_set(enum disk_mood);
/* The process has died: nothing it still tries reaches the files; then, when it is gone: what a
 * power cut leaves (torn: the last write half), or everything written. */
void disk_freeze(void);
void disk_thaw(void);
void disk_lose_power(bool torn);

/* Where the process dies next. */
enum death { DEATH_NONE, DEATH_IN_COMMIT, DEATH_AT_SYNC, DEATH_IN_RELEASE };

/* ---- the site as it was written ---- */

#define ZONES_MAX 6
#define DEVICES_MAX 14
#define PEOPLE_MAX 6
#define CHANNELS_MAX 6
#define STEPS_MAX 4
#define POLICIES_MAX 5
#define SITES_MAX 4
#define KINDS 17

struct w_policy {
	char id[24];
	span_ms after[STEPS_MAX], repeat, resolve_within;
	uint32_t count;
};

struct w_device {
	char id[24];
	uint32_t zone;
	const char *kind;
	bool momentary, needs_arming, retains;
	span_ms expect_every;
	bool active, ill; /* as the thing itself is */
	uint32_t sent;
	/* As the ledger has it: the state that was recorded last, by kind. */
	int8_t recorded[KINDS];      /* -1 never, 0 clear, 1 active */
	uint32_t recorded_by[KINDS]; /* the newest message that moved it ever */
	/* The last word of each point that the broker took, as the number of its message + 1; 0:
	 * none, or nobody can know which one is the last to arrive. */
	uint32_t last_word[KINDS];
	world_ms given; /* an alarm of it reached the service and nobody has been told yet; or 0 */
};

struct w_person {
	char id[24];
	unsigned reacts;  /* per thousand pushes */
	span_ms reaction; /* how long it takes at most */
	bool uses_link;
};

enum arming_rule { ARMED_NEVER, ARMED_ALWAYS, ARMED_AT_NIGHT };

struct w_zone {
	char id[24];
	enum arming_rule arming;
};

struct w_site {
	char id[24];
	const char *timezone;
	struct w_zone zones[ZONES_MAX];
	struct w_device devices[DEVICES_MAX];
	struct w_person people[PEOPLE_MAX];
	struct w_policy policies[POLICIES_MAX]; /* as the file has them */
	struct w_policy in_force[POLICIES_MAX]; /* since the record says so */
	uint32_t zone_count, device_count, person_count, policy_count;
	struct rng shape; /* the file is written from it: the same again at a reload */
	uint32_t edition; /* one more with each reload */
};

void school_invent(struct w_site *, uint32_t number);
void school_write(struct w_site *);
void school_spoil(const struct w_site *); /* what is written makes no sense */
void service_write(void);
extern const char *const channel_ids[CHANNELS_MAX];
int channel_number(const char *id); /* -1: none */

/* ---- messages: each is remembered, as what was acknowledged must be in the ledger ---- */

struct w_message {
	uint32_t site, device;
	uint8_t kind; /* position in kind_words */
	bool active, garbage, test, press;
	uint32_t id;        /* the device's own count; 0: none */
	uint32_t rows;      /* in the ledger */
	uint32_t heard;     /* in this life of the service, */
	bool again;         /* and once more after that */
	uint32_t by_lane;   /* the life in which the lane of life-safety devices brought it */
	uint32_t given;     /* how often it was brought; the lane's and the session's are one */
	uint32_t kept_back; /* by the lane, which was not open: may be brought by it yet */
	bool acked;         /* to the broker */
	bool told;          /* to its device */
	uint32_t refreshed; /* the life in which it said what stood, and the record could not */
};
uint32_t message_note(struct w_message); /* its number */
struct w_message *message_get(uint32_t number);
struct w_message *message_of(const char *site, const char *device, const char *id); /* or NULL */
uint32_t *message_last_word(uint32_t number); /* of its point */
extern const char *const kind_words[KINDS];
int kind_number(const char *word);
bool is_pressed(const char *kind); /* each time it is said it is news */

/* ---- the parts ---- */

void broker_server_up(bool up);
void broker_cut_lane(void);
void broker_cut_session(void);
void broker_forget_session(void);
void broker_forget(bool session, bool retained);
void broker_take(const char *topic, const char *bytes, size_t len, bool retain, uint32_t message);
bool broker_retains(const char *topic);
bool broker_is_quiet(void); /* connected for a while, nothing on its way */
void broker_for_each_retained(void (*each)(const char *topic, const char *bytes));
void broker_finish(void);

void receivers_be_well(void);
bool courier_has(const char *site, uint64_t notification, uint32_t contact, uint32_t attempt);
void receivers_change(uint64_t);

/* Called by every substitute before anything leaves: false when the process is dead. Counts down
 * to a death inside the release. */
bool may_leave(void);

void devices_begin(void);
void devices_calm(void);
void devices_waver(void);                   /* now: some say one thing and the other, many times */
void devices_hear_broker(void);             /* it is back: what was kept is said */
struct w_device *device_of(uint64_t arg);   /* site * DEVICES_MAX + device */
void devices_try(uint64_t arg, span_ms in); /* somebody sets it off */
void people_begin(void);
void people_resolve_all(void);
void people_hear(const char *site, const char *person, const char *incident, const char *ack_url,
                 enum reason);
void people_asked_again(void); /* after a death: who waits for an answer asks again */
void chaos_begin(world_ms until);
void chaos_end(void);

/* ---- the life of the service ---- */

void life_start(void);
void life_turn(void);
void life_stop(void);      /* cleanly; starts again after the span */
void life_die(bool power); /* between two turns */
void life_reload(void);
bool life_wants_turn(void);
world_ms life_clock(void); /* when the service's steady time was 0 */
world_ms life_alarm(void); /* when its own alarm wakes it */

/* ---- books and checks ---- */

void model_catch_up(void); /* reads what was committed since */
void model_open_reader(void);
void model_close_reader(void);
void model_shift(span_ms lost); /* time that the service cannot know of */
void check_due(void);
void check_end(void);
void check_verifies(void);
void check_letter(const struct letter *);
void check_ack(uint32_t message, bool last_of_its_key);
void check_device_ack(const char *topic, const char *bytes);
void check_owes_nothing(void); /* a life has ended */
void check_turn(void);
void check_forget_given(void);
void check_stored(void);                    /* what a restart would find is what runs */
void check_beside(struct w_message *);      /* it is heard while the record cannot be written */
void check_given(const struct w_message *); /* the service was given an alarm: somebody hears */
/* Whether the record has it; of any operation (by NULL): whether it has the incident. */
bool model_operation_done(const char *site, const char *incident, int operation, const char *by);
void model_hash(uint8_t out[SHA256_LEN]); /* of every ledger: the same for the same seed */
uint32_t model_open_incidents(uint32_t site, char ids[][INCIDENT_ID_MAX], uint32_t cap);

/* Ends the run: an invariant does not hold. */
__attribute__((format(printf, 1, 2), noreturn)) void broken(const char *format, ...);
__attribute__((format(printf, 1, 2))) void trace(const char *format, ...);

struct world {
	uint64_t seed;
	struct rng rng;
	world_ms now, end;
	int64_t pace;         /* 1: something happens all day; 6: a sixth of that */
	int64_t seldom;       /* by so much what people do and what goes wrong comes later */
	bool calm;            /* the drain at the end: nothing goes wrong any more */
	bool traced, verbose; /* what happens is kept for the story; is told at once */
	struct counts counts;

	/* the machine */
	char boot_id[BOOT_ID_LEN + 1];
	uint32_t boots;
	world_ms booted;
	span_ms suspended; /* since the boot */
	wall_ms wall_base; /* wall = wall_base + now */
	world_ms woke;     /* end of the last suspend */

	/* the service */
	struct app app;
	bool alive, dead; /* dead: inside a turn, nothing leaves any more */
	bool power_goes;
	uint32_t life;
	world_ms up_since;
	world_ms alarm_mono; /* on the clock that stands still in a suspend; INT64_MAX none */
	enum death death;
	uint32_t death_in; /* that many operations from now */
	enum disk_mood disk;
	bool broker_up;
	uint32_t login; /* one more with each change of the password */
	const struct review_service *review;

	struct w_site sites[SITES_MAX];
	uint32_t site_count;
};
extern struct world world;

#endif
