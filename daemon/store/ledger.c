#include "store/ledger.h"

#include <string.h>

static void add_length(struct sha256 *sha, uint64_t len)
{
	uint8_t prefix[8];
	for (int i = 0; i < 8; i++)
		prefix[i] = (uint8_t)(len >> (56 - 8 * i));
	sha256_add(sha, prefix, sizeof prefix);
}

void field_bytes(struct sha256 *sha, const void *bytes, size_t len)
{
	if (!bytes) {
		add_length(sha, UINT64_MAX);
		return;
	}
	add_length(sha, len);
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
