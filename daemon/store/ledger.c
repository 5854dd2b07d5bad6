#include "store/ledger.h"

#include <string.h>

static void add_length(struct sha256 *sha, uint64_t len)
{
	uint8_t prefix[8];
	for (int i = 0; i < 8; i++)
		prefix[i] = (uint8_t)(len >> (56 - 8 * i));
	sha256_add(sha, prefix, sizeof prefix);
}

static void add_bytes(struct sha256 *sha, const char *bytes, size_t len)
{
	add_length(sha, len);
	sha256_add(sha, bytes, len);
}

static void add_text(struct sha256 *sha, const char *text)
{
	if (text)
		add_bytes(sha, text, strlen(text));
	else
		add_length(sha, UINT64_MAX);
}

static void add_number(struct sha256 *sha, int64_t number)
{
	char room[INT_DIGITS_MAX];
	size_t len;
	const char *digits = int_digits(number, room, &len);
	add_bytes(sha, digits, len);
}

void ledger_genesis(struct sha256 *sha, const char *site_id, uint8_t out[SHA256_LEN])
{
	sha256_begin(sha);
	add_text(sha, "tocsin ledger 1");
	add_text(sha, site_id);
	sha256_end(sha, out);
}

void ledger_hash(struct sha256 *sha, const struct ledger_row *row, const uint8_t before[SHA256_LEN],
                 uint8_t out[SHA256_LEN])
{
	sha256_begin(sha);
	add_text(sha, row->site);
	add_number(sha, (int64_t)row->seq);
	add_number(sha, row->time);
	add_number(sha, row->received);
	add_number(sha, row->steady);
	add_text(sha, row->boot);
	add_text(sha, row->type);
	add_text(sha, row->device);
	add_text(sha, row->incident);
	add_text(sha, row->by);
	add_text(sha, row->data);
	sha256_add(sha, before, SHA256_LEN);
	sha256_end(sha, out);
}
