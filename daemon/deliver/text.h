/* What a notification says to people, in the site's language. */
#ifndef TOCSIN_DELIVER_TEXT_H
#define TOCSIN_DELIVER_TEXT_H

#include "deliver/channel.h"

/* "【火警】宿舍三层 smoke-301 烟雾报警 …": severity, drill mark, place, device, what happened,
 * when, who has it. letter->text is not read. */
void letter_write_text(const struct letter *, struct text *out);

#endif
