/* What a notification says to people, in the letter's language. */
#ifndef TOCSIN_DELIVER_TEXT_H
#define TOCSIN_DELIVER_TEXT_H

#include "deliver/channel.h"

/* "【火警】宿舍三层 smoke-301 烟雾报警 08:00:12 …": drill mark, kind, place, device, what happened,
 * when and how bad on the first line, as much as a lock screen shows; below it why this message
 * comes now, who has it, and for urgent ones what to do. letter->text is not read. Several lines
 * without one at the end. */
void letter_write_text(const struct letter *, struct text *out);

/* "【火警】宿舍三层 升级通知": for services that show a title above the text. */
void letter_write_title(const struct letter *, struct text *out);

/* Appends as much of the text as fits together with the link on a line of its own (NULL: none)
 * into limit bytes, "…" where something is missing. The link is never cut; where it alone is
 * too long it is left out. No character is broken. */
void letter_text_fit(const char *text, size_t limit, const char *link, struct text *out);

/* True when the letter is to be written in Chinese. */
bool letter_is_chinese(const struct letter *);

#endif
