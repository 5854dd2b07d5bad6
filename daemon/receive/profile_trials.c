/* Whether an alarm is a test, by what its device says of tests: the word may stand beside the
 * alarm, may have come before it, or may have been left standing long ago by a bridge that sends
 * its whole state again and again. What became of the word is the device's mark (decide/site.h). */
#include "receive/profile_private.h"

/* Between the first word of a test and its alarm: somebody presses, and waits for it to sound. */
#define TRIAL_RISES MINUTES(1)
/* Of an alarm that does not speak of a test itself: how long after the word was last said it is
 * still taken for one. A detector's own test lasts seconds; a fire that breaks out behind one is
 * told of after this time at the latest. */
#define TRIAL_LASTS MINUTES(3)

/* The mark as it was: STOOD and SOUNDED are STANDS and ALARMED, too old to be believed. */
enum row { GONE, STANDS, STOOD, ALARMED, SOUNDED, SPENT, ROWS };

#define G MARK_GONE
#define S MARK_STANDS
#define A MARK_ALARMED
#define X MARK_SPENT

/* What becomes of the mark. An alarm is a test where it is ALARMED then.
 *   - a detector at rest that says no word of a test, where it could, ends the trial
 *   - a word that outlives its alarm, or stood there long before it, is spent: until it is taken
 *     back, or a message shows that nobody repeats it, alarms are real */
static const enum mark_stage steps[ROWS][TEST_WORDS][DETECTORS] = {
        /* the word: omitted, elsewhere, over, runs; of each the detectors: silent, rest, alarm */
        [GONE] = {{G, G, G}, {G, G, G}, {G, G, G}, {S, S, A}},
        [STANDS] = {{S, G, A}, {S, S, A}, {G, G, G}, {S, S, A}},
        [STOOD] = {{S, G, G}, {S, S, X}, {G, G, G}, {S, S, X}},
        [ALARMED] = {{A, G, A}, {A, X, A}, {G, G, G}, {A, X, A}},
        [SOUNDED] = {{A, G, G}, {A, X, X}, {G, G, G}, {A, X, A}},
        [SPENT] = {{X, G, G}, {X, X, X}, {G, G, G}, {X, X, X}},
};

static enum row row_of(const struct trial *trial, steady_ms now)
{
	switch (trial->stage) {
	case MARK_STANDS:
		return now - trial->since > TRIAL_RISES ? STOOD : STANDS;
	case MARK_ALARMED:
		return now - trial->said > TRIAL_LASTS ? SOUNDED : ALARMED;
	case MARK_SPENT:
		return SPENT;
	case MARK_GONE:
	case MARK_STAGE_COUNT:
		break;
	}
	return GONE;
}

bool trial_judge(struct trial *trial, enum test_word word, enum detectors detectors, steady_ms said,
                 steady_ms now)
{
	enum mark_stage was = trial->stage;
	trial->stage = steps[row_of(trial, now)][word][detectors];
	if (word == TEST_RUNS)
		trial->said = said;
	if (was == MARK_GONE)
		trial->since = said;
	return detectors == DETECTORS_ALARM && trial->stage == MARK_ALARMED;
}
