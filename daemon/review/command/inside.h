/* What the files of the command share, and no one else needs. */
#ifndef TOCSIN_REVIEW_COMMAND_INSIDE_H
#define TOCSIN_REVIEW_COMMAND_INSIDE_H

#include "decide/in_force.h"
#include "review/command/command.h"
#include "store/store.h"

#define OPTION_BIT(option) (UINT64_C(1) << (option))
_Static_assert(OPTION_COUNT <= 64, "a set of options is one 64-bit word");

struct option_facts {
	const char *name;  /* without the dashes */
	const char *value; /* "PERSON"; NULL: a flag */
	const char *help;
};
extern const struct option_facts option_facts[OPTION_COUNT];
extern const struct command commands[];
extern const uint32_t command_count;
const struct command *command_find(const char *name); /* or NULL */

/* help.c */
void help_overview(FILE *);
void help_command(FILE *, const struct command *);
void usage_line(struct text *, const struct command *);

/* A complaint on ctx->err, "tocsin: ..."; returns the exit code, so that a refusal is one line. */
__attribute__((format(printf, 3, 4))) int complain(const struct command_context *, int code,
                                                   const char *format, ...);

/* The values of options. 0 (also when the option is absent: *out stays as it is), or EXIT_USAGE
 * with the complaint made. */
int option_time(const struct command_context *, const struct invocation *, enum option,
                const struct site_def *, wall_ms *out) MUST_USE;
int option_limit(const struct command_context *, const struct invocation *, uint32_t *out) MUST_USE;
int option_states(const struct command_context *, const struct invocation *,
                  uint32_t *out) MUST_USE;
/* *out is NULL where no site is named, or where the list is partial and does not have it. */
int option_site(const struct command_context *, const struct invocation *,
                const struct site_def **out) MUST_USE;

/* EXIT_CONFIG, and said, where a file is wrong that may say what the command tells. */
int sites_needed(const struct command_context *) MUST_USE;
/* EXIT_USAGE, and said, where several sites could be meant. */
int one_site_needed(const struct command_context *, const struct invocation *) MUST_USE;

/* The same of a site that the record knows, though it may be configured no more: then *def is NULL
 * and *id its id. */
int option_site_recorded(const struct command_context *, const struct invocation *,
                         const struct site_def **def, const char **id) MUST_USE;

/* The site that is named, or the only one the record has; *id is heap. EXIT_USAGE, and said, where
 * several could be meant. */
int option_one_site_recorded(const struct command_context *, const struct invocation *,
                             struct store *, char **id) MUST_USE;

/* Opens the store for reading; complains with a hint. 0 or EXIT_FAILED. */
int store_open_here(const struct command_context *, struct store **out) MUST_USE;

/* The whole id of an incident from what a person typed: the id itself, or its number ("1",
 * "000001") where only one incident fits; unresolved ones count before resolved ones. Reads the
 * store only for a number. 0, or an exit code with the complaint made. *out is heap. */
int incident_id_complete(const struct command_context *, const char *typed, bool also_resolved,
                         char **out) MUST_USE;

/* Prints a finished JSON text as one line on ctx->out, and frees it. */
void print_json(const struct command_context *, struct text *);

/* Posts and tells what came of it; done is what to say where the answer is no incident. */
int post_to_daemon(const struct command_context *, const struct invocation *, const char *path,
                   const char *body, const char *done);
/* standing.c: prints what stands of a type, from the record: a line each, or --json. */
int list_standings(const struct command_context *, const struct invocation *, enum standing_type);

/* What people have changed by hand at a site and what stands still, from the record; complains, and
 * goes on with nothing, where it cannot be read. */
struct by_hand {
	struct duty_state duty;   /* the overrides among it */
	struct in_force in_force; /* all of it */
	struct standing **items;
	uint32_t count, cap;
};
void by_hand_load(const struct command_context *, const struct site_def *, struct by_hand *);
void by_hand_unload(struct by_hand *);

/* people.c: waits until every test under way to a person has been confirmed, and says each. */
int wait_for_proofs(const struct command_context *, const struct invocation *, const char *site,
                    const char *person);

/* The commands. */
int run_status(const struct command_context *, const struct invocation *);
int run_incidents(const struct command_context *, const struct invocation *);
int run_show(const struct command_context *, const struct invocation *);
int run_ack(const struct command_context *, const struct invocation *);
int run_resolve(const struct command_context *, const struct invocation *);
int run_note(const struct command_context *, const struct invocation *);
int run_reply(const struct command_context *, const struct invocation *);
int run_handover(const struct command_context *, const struct invocation *);
int run_arm(const struct command_context *, const struct invocation *);
int run_silence(const struct command_context *, const struct invocation *);
int run_armings(const struct command_context *, const struct invocation *);
int run_drill(const struct command_context *, const struct invocation *);
int run_reporting(const struct command_context *, const struct invocation *);
int run_hazards(const struct command_context *, const struct invocation *);
int run_walk_test(const struct command_context *, const struct invocation *);
int run_assign(const struct command_context *, const struct invocation *);
int run_recipient_test(const struct command_context *, const struct invocation *);
int run_log(const struct command_context *, const struct invocation *);
int run_who(const struct command_context *, const struct invocation *);
int run_duty(const struct command_context *, const struct invocation *);
int run_devices(const struct command_context *, const struct invocation *);
int run_outputs(const struct command_context *, const struct invocation *);
int run_people(const struct command_context *, const struct invocation *);
int run_try(const struct command_context *, const struct invocation *);
int list_unknown(const struct command_context *, const struct invocation *,
                 const struct site_def *);
int run_deliveries(const struct command_context *, const struct invocation *);
int run_verify(const struct command_context *, const struct invocation *);
int run_key(const struct command_context *, const struct invocation *);
int run_backup(const struct command_context *, const struct invocation *);
int run_import(const struct command_context *, const struct invocation *);
int run_export(const struct command_context *, const struct invocation *);
int run_replay(const struct command_context *, const struct invocation *);
int run_password(const struct command_context *, const struct invocation *);
int run_report(const struct command_context *, const struct invocation *);

#endif
