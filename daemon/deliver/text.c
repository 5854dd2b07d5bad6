#include "deliver/text.h"

#include <string.h>

#include "decide/words.h"
#include "deliver/text_private.h"

/* Of what is told without an incident. */
static const struct phrase plain_tags[REASON_COUNT] = {
        [REASON_TEST] = {"测试", "TEST"},
        [REASON_DRILL_STARTED] = {"演练", "DRILL"},
        [REASON_DRILL_ENDED] = {"演练", "DRILL"},
        [REASON_HAZARD] = {"隐患", "HAZARD"},
        [REASON_LEDGER_HEAD] = {"台账", "RECORD"},
        [REASON_DIGEST] = {"汇总", "DIGEST"},
        [REASON_SHIFT] = {"交接班", "HANDOVER"},
        [REASON_REPORT_DUE] = {"报告提醒", "REPORT"},
        [REASON_REPORT_LATE] = {"报告逾期", "REPORT LATE"},
};

bool letter_is_chinese(const struct letter *letter)
{
	return letter->language && strncmp(letter->language, "zh", 2) == 0;
}

static void say_marks(struct writer *w)
{
	bool again = w->letter->notification->possible_duplicate;
	if (again)
		say_words(w, "（服务曾中断，此消息可能重复）",
		          "(The service was interrupted: you may have this already.)");
	if (again && w->letter->unlogged)
		text_add_char(w->out, '\n');
	if (w->letter->unlogged)
		say_words(w, "（台账暂时无法写入）", "(The record cannot be written at present.)");
}

/* As of this letter; whoever keeps it can tell later whether the record still is what it was. */
static void say_head(struct writer *w)
{
	say_words(w, "台账至第", "the record up to entry ");
	text_addf(w->out, "%llu", (unsigned long long)w->letter->ledger_seq);
	say_words(w, "条，摘要如下，请保存备查（tocsin verify --head）。\n",
	          " has this head; keep it (tocsin verify --head checks it).\n");
	text_addf(w->out, "%s:%llu:%s", w->letter->site_id,
	          (unsigned long long)w->letter->ledger_seq, w->letter->ledger_head);
}

/* The first line of what is about no incident. */
static void say_plain_headline(struct writer *w)
{
	enum reason reason = w->letter->notification->reason;
	const struct phrase *tag = &plain_tags[reason];
	say_tag(w, w->chinese ? tag->chinese : tag->english);
	say_place(w);
	say_words(w, "：", ": ");
	if (reason == REASON_LEDGER_HEAD)
		say_head(w);
	else if (notification_keeps_on(w->letter->notification))
		say_words(w, "此处曾收不到消息；您能看到这条测试，说明已经恢复，无需处理。",
		          "nothing got through to you here for a while; that you read this test "
		          "shows that it does again, nothing to do.");
	else if (reason == REASON_TEST)
		say_words(w,
		          w->letter->ack_url ? "这是一条测试消息，请点开链接确认收到。"
		                             : "这是一条测试消息，无需处理。",
		          w->letter->ack_url
		                  ? "this is a test; please open the link to say that it "
		                    "has arrived."
		                  : "this is a test, nothing to do.");
	else
		text_add(w->out, words_reason(w->letter->language, reason));
}

/* What their note says is lines of our own. */
static bool is_list(enum reason reason)
{
	return reason == REASON_DIGEST || reason == REASON_SHIFT || reason == REASON_HANDOVER;
}

static bool is_no_earnest(enum reason reason)
{
	return reason == REASON_TEST || reason == REASON_DRILL_STARTED ||
	       reason == REASON_DRILL_ENDED;
}

/* How it ended, and what has not been reset. */
static void say_end_of_drill(struct writer *w, const char *note)
{
	struct text end = {0};
	size_t len = strcspn(note, "\n");
	text_add_len(&end, note, len);
	words_add_end(w->out, w->letter->language, text_get(&end));
	text_finish(&end);
	if (!note[len])
		return;
	say_words(w, "\n仍在报警：", "\nStill in alarm: ");
	for (const char *at = note + len; *at; at += len) {
		struct text name = {0};
		at++;
		len = strcspn(at, "\n");
		text_add_len(&name, at, len);
		say_plain(w, text_get(&name));
		text_finish(&name);
		if (at[len])
			say_words(w, "、", ", ");
	}
	say_words(w, "。请复位；不能复位的，按真实警情处理。",
	          ". Reset it; what cannot be reset is real.");
}

static void say_word(void *ctx, enum template_word word, struct text *out)
{
	struct writer w = *(struct writer *)ctx;
	const struct notification *n = w.letter->notification;
	w.out = out;
	switch (word) {
	case WORD_reason:
		text_add(out, words_reason(w.letter->language, n->reason));
		return;
	case WORD_site:
		say_plain(&w, w.letter->site_name ? w.letter->site_name : w.letter->site_id);
		return;
	case WORD_place:
		say_place(&w);
		return;
	case WORD_said:
		if (is_list(n->reason))
			text_add(out, n->note ? n->note : "");
		else if (n->reason == REASON_DRILL_ENDED && n->note)
			say_end_of_drill(&w, n->note);
		else if (n->reason != REASON_JOINED) /* whose reason to write it is */
			say_plain(&w, n->note ? n->note : "");
		return;
	case WORD_step:
		if (n->step)
			text_addf(out, "%u", n->step);
		return;
	case WORD_marks:
		say_marks(&w);
		return;
	default:
		break;
	}
	if (w.incident)
		say_of_incident(&w, word);
	else if (word == WORD_headline)
		say_plain_headline(&w);
	else if (word == WORD_tags)
		say_tag(&w,
		        w.chinese ? plain_tags[n->reason].chinese : plain_tags[n->reason].english);
	else if (word == WORD_drill && is_no_earnest(n->reason))
		text_add(out,
		         w.chinese ? plain_tags[n->reason].chinese : plain_tags[n->reason].english);
	else if (word == WORD_when)
		say_clock(&w, n->created.wall);
}

/* What is said where the service file has no template of its own. */
static const struct phrase of_incident = {
        "{headline}[\n{why}][\n另有：{others}][\n负责人：{owner}][\n位置：{path}][\n备注：{note}]"
        "[\n{advice}][\n{said}][\n{marks}]",
        "{headline}[\n{why}][\nAlso: {others}][\nIn charge: {owner}][\nPlace: {path}]"
        "[\nNote: {note}][\n{advice}][\n{said}][\n{marks}]",
};
static const char of_list[] = "{tags}{place}\n{said}[\n{marks}]";
static const char of_nothing_else[] = "{headline}[\n{said}]\n{when}[\n{marks}]";

void letter_write_text(const struct letter *letter, struct text *out)
{
	struct writer w = {letter, letter->incident, out, letter_is_chinese(letter)};
	const char *text = letter->template_text;
	if (!text && letter->incident)
		text = w.chinese ? of_incident.chinese : of_incident.english;
	if (!text)
		text = is_list(letter->notification->reason) ? of_list : of_nothing_else;
	template_write(text, say_word, &w, out);
	if (letter->template_text && !template_has(text, WORD_marks)) /* ours have them */
		template_write("[\n{marks}]", say_word, &w, out);
}

void letter_write_title(const struct letter *letter, struct text *out)
{
	struct writer w = {letter, letter->incident, out, letter_is_chinese(letter)};
	enum reason reason = letter->notification->reason;
	if (w.incident)
		say_of_incident(&w, WORD_tags);
	else
		say_tag(&w, w.chinese ? "系统" : "Tocsin");
	say_place(&w);
	if (reason != REASON_OPENED) {
		say_words(&w, " ", ": ");
		text_add(out, words_reason(letter->language, reason));
	}
}

void letter_text_fit(const char *text, size_t limit, const char *link, struct text *out)
{
	static const char more[] = "…";
	size_t len = strlen(text), tail = link ? strlen(link) + 1 : 0;
	if (tail > limit) {
		link = NULL;
		tail = 0;
	}
	size_t room = limit - tail;
	if (len <= room) {
		text_add_len(out, text, len);
	} else if (room >= sizeof more - 1) {
		text_add_len(out, text, text_cut_utf8(text, room - (sizeof more - 1)));
		text_add(out, more);
	}
	if (link)
		text_addf(out, "\n%s", link);
}
