#include "receive/complaints.h"
#include "base/index.h"

bool complaint_due(struct complaints *complaints, const char *device, steady_ms now)
{
	uint64_t hash = index_hash(device) | 1;
	uint64_t at = hash % COMPLAINTS_MAX;
	/* Two devices on one place share its minute: fewer lines, never more. */
	if (complaints->made[at].device && complaints->made[at].until > now)
		return false;
	complaints->made[at].device = hash;
	complaints->made[at].until = now + COMPLAINT_EVERY;
	return true;
}
