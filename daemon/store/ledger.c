#include "store/ledger.h"

#include <endian.h>
#include <string.h>

void field_bytes(struct sha256 *sha, const void *bytes, size_t len)
{
	uint64_t prefix = htobe64(bytes ? len : UINT64_MAX);
	uint8_t both[64]; /* most are short, and there are many */
	memcpy(both, &prefix, sizeof prefix);
	if (bytes && len && len <= sizeof both - sizeof prefix) {
		memcpy(both + sizeof prefix, bytes, len);
		sha256_add(sha, both, sizeof prefix + len);
		return;
	}
	sha256_add(sha, both, sizeof prefix);
	if (bytes)
		sha256_add(sha, bytes, len);
}

void field_text(struct sha256 *sha, const char *text)
{
	field_bytes(sha, text, text ? strlen(text) : 0);
}

void field_number(struct sha256 *sha, int64_t number)
{
	char room[INT_DIGITS_MAX];
	size_t len;
	const char *digits = int_digits(number, room, &len);
	field_bytes(sha, digits, len);
}

void ledger_genesis(struct sha256 *sha, const char *site_id, uint8_t out[SHA256_LEN])
{
	sha256_begin(sha);
	field_text(sha, "tocsin ledger 1");
	field_text(sha, site_id);
	sha256_end(sha, out);
}

void ledger_hash(struct sha256 *sha, const struct ledger_row *row, const uint8_t before[SHA256_LEN],
                 uint8_t out[SHA256_LEN])
{
	sha256_begin(sha);
	field_text(sha, row->site);
	field_number(sha, (int64_t)row->seq);
	field_number(sha, row->time);
	field_number(sha, row->received);
	field_number(sha, row->steady);
	field_text(sha, row->boot);
	field_text(sha, row->type);
	field_text(sha, row->device);
	field_text(sha, row->incident);
	field_text(sha, row->by);
	field_text(sha, row->data);
	sha256_add(sha, before, SHA256_LEN);
	sha256_end(sha, out);
}
