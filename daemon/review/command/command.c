#include "review/command/command.h"

#include <poll.h>
#include <string.h>

#include "review/command/inside.h"

#define BIT OPTION_BIT
const struct option_facts option_facts[OPTION_COUNT] = {
        [OPTION_CONFIG] = {"config", "FILE",
                           "the service's configuration; default /etc/tocsin/tocsin.yaml"},
        [OPTION_HELP] = {"help", NULL, "says what a command does, with examples"},
        [OPTION_VERSION] = {"version", NULL, "prints the version"},
        [OPTION_JSON] = {"json", NULL, "prints JSON, and nothing else, on standard output"},
        [OPTION_STATE] = {"state", "STATES",
                          "only these: open, acknowledged, resolved; "
                          "several with commas"},
        [OPTION_SITE] = {"site", "SITE", "only this site"},
        [OPTION_KIND] = {"kind", "KIND",
                         "fire, gas, panic, water, intrusion, tamper, trouble, other; of who, "
                         "silence, drills: also smoke, contact, ..."},
        [OPTION_SINCE] = {"since", "TIME",
                          "from this time on: 2026-11-22T08:00, or 90s, 5m, 1h, "
                          "7d ago"},
        [OPTION_UNTIL] = {"until", "TIME", "before this time"},
        [OPTION_LIMIT] = {"limit", "N", "at most so many (1 to 1000; default 100)"},
        [OPTION_BY] = {"by", "PERSON", "who does it: the id of a person of the site"},
        [OPTION_TO] = {"to", "PERSON", "who takes it over; of duty: the TIME it ends"},
        [OPTION_FROM] = {"from", "TIME", "when it begins, by the site's clocks: 2026-12-24T08:00"},
        [OPTION_PERSON] = {"person", "PERSON", "who; several with commas between them"},
        [OPTION_WHY] = {"why", "TEXT", "the reason, for the record"},
        [OPTION_WEEK] = {"week", NULL, "the seven days from then on"},
        [OPTION_GAPS] = {"gaps", NULL, "lists when and where nobody would be told"},
        [OPTION_WEEKS] = {"weeks", "N", "so many weeks ahead (1 to 104; default 8)"},
        [OPTION_OUTCOME] = {"outcome", "OUTCOME",
                            "what it was: real, false_alarm, test, drill, unknown"},
        [OPTION_NOTE] = {"note", "TEXT", "a remark for the record"},
        [OPTION_ZONE] = {"zone", "ZONE", "a zone of the site, by id"},
        [OPTION_AT] = {"at", "TIME", "at this time instead of now"},
        [OPTION_DEVICE] = {"device", "DEVICE", "only what this device said"},
        [OPTION_TYPE] = {"type", "TYPE", "only this type of entry: signal, step, incident.*, ..."},
        [OPTION_INCIDENT] = {"incident", "ID", "only what belongs to this incident"},
        [OPTION_FOR] = {"for", "DURATION", "how long: 30m, 8h, 2d"},
        [OPTION_FORCE] = {"force", NULL, "although a door is open: it is left out until it closes"},
        [OPTION_UNANNOUNCED] = {"unannounced", NULL, "tells nobody that the drill begins"},
        [OPTION_UNTESTED] = {"untested", "TIME", "only those not tested since: 30d, 2026-09-01"},
        [OPTION_FOLLOW] = {"follow", NULL, "goes on with what is recorded from now on; ^C ends"},
        [OPTION_HEAD] = {"head", "SEQ:HASH",
                         "a head of the ledger that somebody kept; SITE:SEQ:HASH with several "
                         "sites"},
        [OPTION_KEY] = {"key", "KEY", "the public key to trust, as `tocsin key` prints it"},
        [OPTION_NEW] = {"new", NULL, "makes a new key; the old one signs for it"},
        [OPTION_FORMAT] = {"format", "FORMAT", "html, json, csv or cap"},
        [OPTION_LANGUAGE] = {"lang", "LANGUAGE", "zh-CN or en; the site's where none is given"},
        [OPTION_WAIT] = {"wait", NULL,
                         "waits for the tap that confirms it; so it does on a terminal"},
        [OPTION_FILE] = {"file", "FILE",
                         "try: messages, one a line, - is standard input; log: an export"},
        [OPTION_UNKNOWN] = {"unknown", NULL, "who was heard and is in no site file"},
        [OPTION_ALL] = {"all", NULL, "those that are over too"},
        [OPTION_LIVE] = {"live", NULL, "messages as the broker brings them; ^C ends"},
        [OPTION_BROKER] = {"broker", "URL",
                           "mqtt://host:port or mqtts://host:port; the service's where none is "
                           "given"},
        [OPTION_USER] = {"user", "NAME", "an account of the broker instead of the service's"},
        [OPTION_PASSWORD_FILE] = {"password-file", "FILE", "its password, alone in a file"},
        [OPTION_STORE] = {"store", "FILE",
                          "reads this store; a --config only gives the names, and is not needed"},
};

const struct command commands[] = {
        {.name = "status",
         .arguments = "",
         .takes = BIT(OPTION_JSON),
         .summary = "is the service well, and is anything open",
         .details = "Asks the daemon whether it runs, reaches the broker and can write its record, "
                    "and counts\nwhat is open. Without the daemon it says what the record knows. "
                    "Ends with 1 when the daemon\ndoes not run or is not well, so that a script "
                    "can watch it.",
         .examples = "status\nstatus --json\n",
         .run = run_status},
        {.name = "incidents",
         .arguments = "",
         .takes = BIT(OPTION_STORE) | BIT(OPTION_JSON) | BIT(OPTION_STATE) | BIT(OPTION_SITE) |
                  BIT(OPTION_KIND) | BIT(OPTION_SINCE) | BIT(OPTION_UNTIL) | BIT(OPTION_LIMIT),
         .summary = "lists incidents, newest first",
         .details = "Lists incidents of every state, newest first. Reads the record itself; the "
                    "daemon need\nnot run. --since and --until are about when they opened.",
         .examples = "incidents --state open,acknowledged\nincidents --kind fire --since 7d\n"
                     "incidents --json --limit 10\n",
         .run = run_incidents},
        {.name = "show",
         .arguments = "ID",
         .arguments_min = 1,
         .arguments_max = 1,
         .takes = BIT(OPTION_STORE) | BIT(OPTION_JSON),
         .summary = "tells one incident from its opening on",
         .details = "Shows an incident with everything that happened: signals, who was told over "
                    "what and how\nfast, who took charge, gaps and failures. The number of an id "
                    "is enough where it is clear.",
         .examples = "show binjiang-2026-000001\nshow 1\nshow 1 --json\n",
         .run = run_show},
        {.name = "ack",
         .arguments = "ID",
         .arguments_min = 1,
         .arguments_max = 1,
         .needs = BIT(OPTION_BY),
         .takes = BIT(OPTION_BY) | BIT(OPTION_NOTE) | BIT(OPTION_JSON),
         .summary = "takes charge of an incident",
         .details = "Acknowledges: the person named by --by owns the incident from now on, nobody "
                    "else is\ncalled for it, and it must be resolved in the time its policy "
                    "gives, or it opens again.\nRepeating it is harmless.",
         .examples = "ack binjiang-2026-000001 --by li\nack 1 --by li --note \"on my way\"\n",
         .run = run_ack},
        {.name = "resolve",
         .arguments = "ID",
         .arguments_min = 1,
         .arguments_max = 1,
         .needs = BIT(OPTION_BY) | BIT(OPTION_OUTCOME),
         .takes = BIT(OPTION_BY) | BIT(OPTION_OUTCOME) | BIT(OPTION_NOTE) | BIT(OPTION_JSON),
         .summary = "closes an incident and says what it was",
         .details = "Resolves: the incident is over. Everyone who was told of it is told so. The "
                    "outcome is one of\nreal, false_alarm, test, drill, unknown.",
         .examples = "resolve binjiang-2026-000001 --by li --outcome false_alarm "
                     "--note \"steam from a kettle\"\n",
         .run = run_resolve},
        {.name = "note",
         .arguments = "ID [TEXT]",
         .arguments_min = 1,
         .arguments_max = 2,
         .needs = BIT(OPTION_BY),
         .takes = BIT(OPTION_BY) | BIT(OPTION_NOTE) | BIT(OPTION_JSON),
         .summary = "adds a remark to an incident",
         .details = "Adds a remark to the record of an incident, as TEXT or with --note.",
         .examples = "note 1 \"third floor searched, nobody left\" --by li\n",
         .run = run_note},
        {.name = "assign",
         .arguments = "ID",
         .arguments_min = 1,
         .arguments_max = 1,
         .needs = BIT(OPTION_TO) | BIT(OPTION_BY),
         .takes = BIT(OPTION_TO) | BIT(OPTION_BY) | BIT(OPTION_NOTE) | BIT(OPTION_JSON),
         .summary = "hands an incident to another person",
         .details = "Hands the incident on: --to owns it from now on. It is never left without an "
                    "owner.",
         .examples = "assign 1 --to zhao --by li\n",
         .run = run_assign},
        {.name = "reply",
         .arguments = "ID CHOICE",
         .arguments_min = 2,
         .arguments_max = 2,
         .needs = BIT(OPTION_BY),
         .takes = BIT(OPTION_TO) | BIT(OPTION_BY) | BIT(OPTION_NOTE) | BIT(OPTION_JSON),
         .summary = "answers an alarm: take, on_site, need_help, hand_over, false_alarm",
         .details = "Answers for somebody who was told. take takes charge, also from whoever has "
                    "it; need_help\nbrings the next step at once; hand_over offers it to --to, who "
                    "accepts by acknowledging.\nA critical false_alarm needs a second person's "
                    "word, and a panic a --note with the reason.",
         .examples = "reply 1 on_site --by li\nreply 1 need_help --by li --note \"two injured\"\n"
                     "reply 1 hand_over --to zhao --by li\n",
         .run = run_reply},
        {.name = "handover",
         .arguments = "[list | accept ID]",
         .arguments_max = 2,
         .takes = BIT(OPTION_STORE) | BIT(OPTION_BY) | BIT(OPTION_SITE) | BIT(OPTION_JSON),
         .summary = "handovers that wait to be accepted; accepts one",
         .details = "When duty changes while something is open, the incoming person accepts; "
                    "until then the\noutgoing one stays in charge and reachable.",
         .examples = "handover\nhandover accept binjiang-handover-3 --by zhao\n",
         .run = run_handover},
        {.name = "arm",
         .arguments = "ZONE",
         .arguments_min = 1,
         .arguments_max = 1,
         .needs = BIT(OPTION_BY) | BIT(OPTION_NOTE),
         .takes = BIT(OPTION_BY) | BIT(OPTION_NOTE) | BIT(OPTION_FOR) | BIT(OPTION_FORCE) |
                  BIT(OPTION_SITE) | BIT(OPTION_JSON),
         .summary = "arms a zone by hand",
         .details = "Watches a zone for intrusion from now on (after its exit delay), whatever its "
                    "schedule says,\nuntil --for is over or somebody says otherwise. An open door "
                    "refuses it, or is left out with\n--force. Fire, gas and panic are always "
                    "armed.",
         .examples = "arm office --by li --note \"early closing\"\n"
                     "arm office --by li --note \"window broken\" --force --for 12h\n",
         .run = run_arm},
        {.name = "disarm",
         .arguments = "ZONE",
         .arguments_min = 1,
         .arguments_max = 1,
         .needs = BIT(OPTION_BY) | BIT(OPTION_NOTE) | BIT(OPTION_FOR),
         .takes = BIT(OPTION_BY) | BIT(OPTION_NOTE) | BIT(OPTION_FOR) | BIT(OPTION_SITE) |
                  BIT(OPTION_JSON),
         .summary = "disarms a zone by hand, for a while",
         .details = "Intrusion in the zone raises nothing until --for is over; then its schedule "
                    "holds again.\nFire, gas and panic are never disarmed.",
         .examples = "disarm office --by li --for 2h --note \"parents' evening\"\n",
         .run = run_arm},
        {.name = "armings",
         .arguments = "[list | end ID]",
         .arguments_max = 2,
         .takes = BIT(OPTION_STORE) | BIT(OPTION_BY) | BIT(OPTION_NOTE) | BIT(OPTION_SITE) |
                  BIT(OPTION_JSON),
         .summary = "lists what is armed or disarmed by hand, or lets the schedule hold again",
         .details = "Each arming or disarming by hand ends by itself; `end` ends it now.",
         .examples = "armings\narmings end binjiang-arming-7 --by li\n",
         .run = run_armings},
        {.name = "silence",
         .arguments = "[list | add | end ID]",
         .arguments_max = 2,
         .takes = BIT(OPTION_STORE) | BIT(OPTION_ZONE) | BIT(OPTION_DEVICE) | BIT(OPTION_KIND) |
                  BIT(OPTION_FOR) | BIT(OPTION_BY) | BIT(OPTION_NOTE) | BIT(OPTION_SITE) |
                  BIT(OPTION_JSON),
         .summary = "keeps a device or a zone from alarming, for maintenance",
         .details =
                 "A silence names a device or a zone, has an end (--for) and a reason (--note). "
                 "A panic and a\ncertain fire break through it. What it hid is counted, and told "
                 "when it ends.",
         .examples =
                 "silence\nsilence add --device smoke-301 --for 2h --by li --note \"painting\"\n"
                 "silence add --zone dorm --kind water --for 1d --by li --note \"pipes\"\n"
                 "silence end binjiang-silence-4 --by li\n",
         .run = run_silence},
        {.name = "drills",
         .also = "drill",
         .arguments = "[list | start | end ID]",
         .arguments_max = 2,
         .takes = BIT(OPTION_STORE) | BIT(OPTION_ZONE) | BIT(OPTION_KIND) | BIT(OPTION_FOR) |
                  BIT(OPTION_BY) | BIT(OPTION_NOTE) | BIT(OPTION_UNANNOUNCED) | BIT(OPTION_SITE) |
                  BIT(OPTION_JSON),
         .summary = "starts and ends a drill",
         .details =
                 "While a drill runs, alarms of its kinds in its zones are drill incidents: told "
                 "as usual, marked\nDRILL in every message, never to outside lines. It ends after "
                 "--for (30m), by hand, or for\neveryone when a real alarm or any panic comes. "
                 "Its incidents end with it; a sensor that is still\nin alarm then is named to "
                 "whoever is told: reset it, or it is real. Several zones and kinds\nstand with "
                 "commas between them; without a zone it is the whole site's.",
         .examples = "drills start --zone dorm --kind fire --for 30m --by sun\n"
                     "drills start --zone dorm,canteen --kind fire,gas --by sun --unannounced\n"
                     "drills end binjiang-drill-5 --by sun\ndrills list --json\n",
         .run = run_drill},
        {.name = "reporting",
         .arguments = "[list | made ID]",
         .arguments_max = 2,
         .takes = BIT(OPTION_STORE) | BIT(OPTION_BY) | BIT(OPTION_TO) | BIT(OPTION_AT) |
                  BIT(OPTION_NOTE) | BIT(OPTION_ALL) | BIT(OPTION_SITE) | BIT(OPTION_JSON),
         .summary = "reports upward that are owed, and those that were made",
         .details = "Lists what is to be reported, to whom and until when; --all with what is "
                    "done. made says that one\nwas made: --by whom, --to whom, --at what time "
                    "(now). What is late stays in the record as late.",
         .examples = "reporting\nreporting made binjiang-reporting-4 --by li --to \"education "
                     "bureau, Mr. Wang\"\n",
         .run = run_reporting},
        {.name = "hazards",
         .also = "hazard",
         .arguments = "[list | add | remedy ID | close ID | reopen ID | assign ID]",
         .arguments_max = 2,
         .takes = BIT(OPTION_STORE) | BIT(OPTION_ZONE) | BIT(OPTION_DEVICE) | BIT(OPTION_INCIDENT) |
                  BIT(OPTION_FOR) | BIT(OPTION_BY) | BIT(OPTION_TO) | BIT(OPTION_NOTE) |
                  BIT(OPTION_ALL) | BIT(OPTION_SITE) | BIT(OPTION_JSON),
         .summary = "hazards: who remedies what until when, and who checked it",
         .details = "Lists what is to be remedied. add reports one at a --zone or --device, or "
                    "makes one of a trouble\n(--incident): --to has until --for is over (7d) to "
                    "remedy it. remedy says what was done; another\nperson looks and closes it, or "
                    "reopens it with a --note. Past its deadline it is open again, its\nowner is "
                    "told daily, and it is a trouble until it is closed or assigned with another "
                    "--for.",
         .examples = "hazards\nhazards add --zone dorm-3f --note \"fire door blocked\" --to zhao "
                     "--for 3d --by li\n"
                     "hazards add --incident binjiang-2026-000007 --to qian --by li\n"
                     "hazards remedy binjiang-hazard-3 --note \"cleared, shelf moved\" --by zhao\n"
                     "hazards close binjiang-hazard-3 --by li\n",
         .run = run_hazards},
        {.name = "walk-test",
         .arguments = "DEVICE",
         .arguments_min = 1,
         .arguments_max = 1,
         .needs = BIT(OPTION_BY),
         .takes = BIT(OPTION_BY) | BIT(OPTION_FOR) | BIT(OPTION_SITE) | BIT(OPTION_JSON),
         .summary = "puts a device under walk test",
         .details = "What the device says is recorded and pushes nothing, for --for (30m; 0s ends "
                    "it). What is\nstill so at its end is told. devices --untested 30d lists "
                    "what was not tested for so long.",
         .examples = "walk-test smoke-301 --by qian\nwalk-test smoke-301 --by qian --for 0s\n"
                     "devices --untested 30d\n",
         .run = run_walk_test},
        {.name = "who",
         .arguments = "",
         .needs = BIT(OPTION_KIND) | BIT(OPTION_ZONE),
         .unless = BIT(OPTION_GAPS),
         .takes = BIT(OPTION_KIND) | BIT(OPTION_ZONE) | BIT(OPTION_AT) | BIT(OPTION_GAPS) |
                  BIT(OPTION_WEEKS) | BIT(OPTION_SITE) | BIT(OPTION_JSON),
         .tells_sites = true,
         .summary = "who would be told, and when, if this happened there",
         .details = "Answers without raising anything: which policy fits, the second at which each "
                    "of its steps\nruns, whom it reaches over which contacts, and what happens if "
                    "nobody answers. Changes of duty\nby hand count. --gaps walks every zone and "
                    "kind over the weeks to come and lists when a plan, or\na step of it, would "
                    "reach nobody.",
         .examples = "who --kind smoke --zone dorm-3f\nwho --gaps --weeks 12\n"
                     "who --kind panic --zone gate --at 2026-12-24T02:00\n",
         .run = run_who},
        {.name = "duty",
         .arguments = "[overrides | override POST | swap POST | end ID]",
         .arguments_max = 2,
         .takes = BIT(OPTION_AT) | BIT(OPTION_WEEK) | BIT(OPTION_FROM) | BIT(OPTION_TO) |
                  BIT(OPTION_PERSON) | BIT(OPTION_BY) | BIT(OPTION_WHY) | BIT(OPTION_SITE) |
                  BIT(OPTION_JSON),
         .summary = "who is on duty, until when, and who comes next; changes it by hand",
         .details = "Says for every post who is on duty now, or --at another time, until when, and "
                    "who comes then;\n--week lists seven days. override puts somebody else on a "
                    "post for a stretch of time, swap lets\ntwo change places in it, end takes one "
                    "back, overrides lists them. The newest word counts; a\n--to that is a day "
                    "without a time is meant whole. What holds for good belongs into the site "
                    "file.",
         .examples = "duty\nduty --at 2026-12-24T02:00\nduty --week\n"
                     "duty override leader --from 2026-12-24T08:00 --to 2026-12-26T08:00 "
                     "--person sun --by li --why ill\n"
                     "duty swap leader --from 2026-12-07 --to 2026-12-20 --person li,zhao --by li\n"
                     "duty end binjiang-override-3 --by li\n",
         .run = run_duty},
        {.name = "devices",
         .arguments = "",
         .takes = BIT(OPTION_SITE) | BIT(OPTION_UNTESTED) | BIT(OPTION_UNKNOWN) | BIT(OPTION_JSON),
         .tells_sites = true,
         .summary = "lists devices: what they say and when they were last heard",
         .details = "Lists every device of the configuration with its zone, its state and its "
                    "last sign of life.\nWith --unknown those that were heard and are in no "
                    "site file, each with a line ready for it.",
         .examples = "devices\ndevices --site binjiang --json\ndevices --unknown\n",
         .run = run_devices},
        {.name = "people",
         .arguments = "",
         .takes = BIT(OPTION_SITE) | BIT(OPTION_JSON),
         .tells_sites = true,
         .summary = "lists people, and when each contact was last proven to reach them",
         .details = "Lists every contact of every person: when a test was last sent through it, "
                    "and when one was\nlast confirmed by a tap on its link.",
         .examples = "people\npeople --site binjiang --json\n",
         .run = run_people},
        {.name = "outputs",
         .arguments = "",
         .takes = BIT(OPTION_SITE) | BIT(OPTION_JSON),
         .tells_sites = true,
         .summary = "lists what is switched over MQTT: sirens, doors, and whether they are on",
         .details = "Lists every output of the site files, for which incident it was switched last "
                    "and whether the\nbroker has confirmed it; also one that the file has lost "
                    "since.",
         .examples = "outputs\noutputs --site binjiang --json\n",
         .run = run_outputs},
        {.name = "try",
         .arguments = "TOPIC PAYLOAD | --live [TOPIC]",
         .arguments_max = 2,
         .takes = BIT(OPTION_FILE) | BIT(OPTION_JSON) | BIT(OPTION_LIVE) | BIT(OPTION_BROKER) |
                  BIT(OPTION_USER) | BIT(OPTION_PASSWORD_FILE) | BIT(OPTION_LIMIT) |
                  BIT(OPTION_FOR),
         .tells_sites = true,
         .summary = "what a message would mean, without raising anything",
         .details = "Shows which profile takes a message, what it says, which device of which "
                    "site that is and\nwhich rule would act. Asks no daemon and raises "
                    "nothing. --live listens at\nthe broker beside the daemon (under a client id "
                    "of its own, and acknowledges nothing) until\n^C, for a time (--for 10s) or "
                    "for so many messages (--limit 5), to all topics or to one (a\nfilter: "
                    "'zigbee2mqtt/#'). --file reads messages as mosquitto_sub prints them "
                    "(-v or -F %j).",
         .examples = "try zigbee2mqtt/office_smoke '{\"smoke\":true}'\n"
                     "try tele/hall/LWT Offline\n"
                     "try --live\ntry --live 'zigbee2mqtt/#' --for 1m --json\n"
                     "try --file messages.txt --json\n",
         .run = run_try},
        {.name = "deliveries",
         .arguments = "",
         .takes = BIT(OPTION_STORE) | BIT(OPTION_INCIDENT) | BIT(OPTION_LIMIT) | BIT(OPTION_JSON),
         .summary = "lists who was told over which channel, and how that went",
         .details = "Lists every attempt to reach somebody, newest first, with its result.",
         .examples = "deliveries --limit 20\ndeliveries --incident binjiang-2026-000001\n",
         .run = run_deliveries},
        {.name = "log",
         .arguments = "",
         .takes = BIT(OPTION_STORE) | BIT(OPTION_JSON) | BIT(OPTION_SITE) | BIT(OPTION_SINCE) |
                  BIT(OPTION_UNTIL) | BIT(OPTION_DEVICE) | BIT(OPTION_ZONE) | BIT(OPTION_TYPE) |
                  BIT(OPTION_INCIDENT) | BIT(OPTION_FOLLOW) | BIT(OPTION_FILE),
         .alone_with_file = true,
         .summary = "prints the record, oldest first",
         .details =
                 "Prints the record, oldest first; with --json one object a line. Reads the "
                 "store itself, also\nwith the daemon down or from a read-only copy; with --file "
                 "a part that `tocsin export` printed,\nonce its proof has been checked.",
         .examples = "log --since 1h\nlog --type incident.* --site binjiang\n"
                     "log --file part.jsonl --type incident.*\n"
                     "log --json --follow | jq .type\n",
         .run = run_log},
        {.name = "verify",
         .arguments = "[FILE]",
         .arguments_max = 1,
         .takes = BIT(OPTION_STORE) | BIT(OPTION_JSON) | BIT(OPTION_HEAD) | BIT(OPTION_KEY),
         .alone_with_file = true,
         .summary = "is the record what it was when it was written",
         .details = "Checks the whole record: each row hashes to the next, no number is missing, "
                    "every checkpoint is\nsigned, and the incidents are what the entries tell. "
                    "Names the first bad entry and what was done\nto it: edited, missing, "
                    "reordered, truncated, inserted. Ends with 1 if anything is wrong.\n--head "
                    "checks a head that somebody kept from a notification; 1 also where it cannot "
                    "be compared, as\nits entry is not here or was removed because of its age: "
                    "kept_head of --json says which. FILE is\nwhat `tocsin export` printed: its "
                    "entries are checked alone, and no configuration is needed.",
         .examples = "verify\nverify --json\nverify part.jsonl\nverify --head 4711:9f86d081...\n",
         .run = run_verify},
        {.name = "report",
         .arguments = "ID|DRILL|shift|day|week|month|term",
         .arguments_min = 1,
         .arguments_max = 1,
         .takes = BIT(OPTION_STORE) | BIT(OPTION_FORMAT) | BIT(OPTION_LANGUAGE) | BIT(OPTION_SITE) |
                  BIT(OPTION_SINCE) | BIT(OPTION_UNTIL) | BIT(OPTION_ALL) | BIT(OPTION_JSON),
         .summary = "writes the report of an incident, a drill, a shift, a day, a week, a term",
         .details = "Writes the after-action report of an incident: timeline, response times, who "
                    "was told over\nwhich channel with what result, devices, gaps, the head of "
                    "the ledger. Of a drill: who was told,\nand who answered when. Or the ledger "
                    "of a shift, day, week, month or term, which ends with today\nunless --since "
                    "or --until says otherwise; on paper it lists what stands out where there is\n"
                    "much, with --all everything. It is of one site: with several, --site names "
                    "it. As html (prints\non A4), json, csv, and an incident as cap (CAP 1.2 "
                    "XML).",
         .examples = "report 1 --format html\nreport 1 --format cap\n"
                     "report binjiang-drill-5 --format csv\nreport day --format csv\nreport week "
                     "--until 2026-11-23T00:00\n",
         .run = run_report},
        {.name = "replay",
         .arguments = "",
         .takes = BIT(OPTION_SITE) | BIT(OPTION_JSON),
         .tells_sites = true,
         .summary = "lets the record happen again: who would have been told when",
         .details = "Puts what the record says came in through the rules again. With the "
                    "configuration that was in\nforce it must give what happened, and ends with "
                    "1 if it does not. With another one (a second\n--config FILE; the first "
                    "finds the record) it says what would have been: who would have been\ntold "
                    "when, side by side with what happened. Every push is then taken as accepted.",
         .examples = "replay\nreplay --json --site binjiang\n"
                     "replay --config /etc/tocsin/tocsin.yaml --config /tmp/new.yaml\n",
         .run = run_replay},
        {.name = "backup",
         .arguments = "FILE",
         .arguments_min = 1,
         .arguments_max = 1,
         .takes = 0,
         .summary = "copies the record into a new file, also while the daemon writes",
         .details = "Makes a whole copy of the store, and verifies the record in it as `verify` "
                    "does: 1 if it is not\nwhat was written (the copy stays). The copy is a "
                    "store: every reading command works on it. The\nkey is not in it: keep "
                    "that apart.",
         .examples = "backup /var/backups/tocsin-2026-11-22.db\n",
         .run = run_backup},
        {.name = "export",
         .arguments = "",
         .takes = BIT(OPTION_SITE) | BIT(OPTION_SINCE) | BIT(OPTION_UNTIL) | BIT(OPTION_JSON),
         .summary = "prints a part of the record with its proof, to be checked elsewhere",
         .details = "Prints one JSON object a line: what the part follows, its entries with all "
                    "that is hashed, on\nto the checkpoint behind them or the seal of the last "
                    "commit, whose signature vouches for\nthem. `tocsin verify FILE` checks such "
                    "a file, anywhere, and `tocsin import` makes a store of it.",
         .examples = "export --since 2026-11-22 --until 2026-11-23\n"
                     "export --site binjiang\n",
         .run = run_export},
        {.name = "import",
         .arguments = "FILE STORE",
         .arguments_min = 2,
         .arguments_max = 2,
         .takes = BIT(OPTION_KEY) | BIT(OPTION_JSON),
         .alone = true,
         .summary = "makes a store of an exported part, to look through it elsewhere",
         .details = "Checks what `tocsin export` printed and makes a new STORE of it, on which "
                    "the reading commands\nwork with --store; no service and no configuration is "
                    "needed. Incidents that opened before the\npart are in its log alone. --key is "
                    "the key to trust, as `tocsin key` printed it there. A service\ncannot go on "
                    "with such a store.",
         .examples = "import part.jsonl part.db\nincidents --store part.db\n"
                     "report 1 --store part.db\n",
         .run = run_import},
        {.name = "key",
         .arguments = "",
         .takes = BIT(OPTION_JSON) | BIT(OPTION_NEW),
         .summary = "prints the public key that the record is signed with",
         .details = "Prints the public key (Ed25519, hex). Keep it elsewhere: with it anybody can "
                    "verify a copy of\nthe record. --new makes another key; it signs from the "
                    "daemon's next start on, and the old\nkey vouches for it in the record.",
         .examples = "key\nkey --new\n",
         .run = run_key},
        {.name = "password",
         .arguments = "",
         .alone = true,
         .summary = "makes the hash of a password, for http.users",
         .details = "Reads a password from standard input, one line, and prints its hash (scrypt), "
                    "which goes into\nthe service file:\n\n"
                    "  http:\n    users:\n"
                    "      - {name: li, role: operator, person: li, password_hash: \"...\"}\n\n"
                    "The password itself is kept nowhere.",
         .examples = "password\n",
         .run = run_password},
        {.name = "test",
         .arguments = "RECIPIENT",
         .arguments_min = 1,
         .arguments_max = 1,
         .takes = BIT(OPTION_WAIT) | BIT(OPTION_BY) | BIT(OPTION_SITE) | BIT(OPTION_NOTE) |
                  BIT(OPTION_JSON),
         .summary = "sends one person a message marked as a test",
         .details = "Sends a test over the person's contacts, to see that they arrive. RECIPIENT "
                    "is person:ID,\nduty:ID or channel:ID; outside lines are never tested.",
         .examples = "test person:li\ntest duty:leader --by sun\n",
         .run = run_recipient_test},
};
const uint32_t command_count = sizeof commands / sizeof *commands;

const struct command *command_find(const char *name)
{
	for (uint32_t i = 0; i < command_count; i++)
		if (strcmp(commands[i].name, name) == 0 ||
		    (commands[i].also && strcmp(commands[i].also, name) == 0))
			return &commands[i];
	return NULL;
}

/* A pipe whose reader is gone: it has seen enough. */
static bool reader_is_gone(FILE *out)
{
	struct pollfd wait = {.fd = fileno(out)};
	return poll(&wait, 1, 0) == 1 && (wait.revents & POLLERR);
}

int command_run(const struct command_context *ctx, const struct invocation *line)
{
	int code = line->command->tells_sites ? sites_needed(ctx) : 0;
	if (code == 0)
		code = line->command->run(ctx, line);
	bool failed = fflush(ctx->out) != 0 || ferror(ctx->out);
	if (!failed || reader_is_gone(ctx->out))
		return code;
	return complain(ctx, EXIT_FAILED, "the answer could not be written whole");
}

void command_write_base_url(struct text *out, const char *host, int port)
{
	if (strcmp(host, "0.0.0.0") == 0 || !*host)
		host = "127.0.0.1";
	else if (strcmp(host, "::") == 0)
		host = "::1";
	bool bracket = strchr(host, ':') && host[0] != '[';
	text_addf(out, "http://%s%s%s:%d", bracket ? "[" : "", host, bracket ? "]" : "", port);
}
