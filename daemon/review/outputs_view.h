/* What is switched over MQTT: the site file's outputs, with what the record knows of each. */
#ifndef TOCSIN_REVIEW_OUTPUTS_VIEW_H
#define TOCSIN_REVIEW_OUTPUTS_VIEW_H

#include "store/store.h"

/* One JSON object for each output of the site, also for those that the file has lost and that were
 * switched before. 0 or a negative errno. */
int outputs_write(struct store *, const struct site_def *, struct text *out) MUST_USE;

#endif
