/* The chain that makes the record hard to edit unseen.
 *
 *     hash(row) = SHA-256( F(site id) F(seq) F(time) F(received) F(steady) F(boot id)
 *                          F(type) F(device) F(incident) F(by) F(data)  ‖  hash(row before) )
 *
 *     F(text)    8 bytes big-endian: the length; then the bytes (UTF-8, no NUL)
 *     F(number)  F(its decimal text), "-" before a negative one, no leading zeros
 *     F(NULL)    8 bytes 0xff and nothing else: not the same as an empty text
 *
 * The hash before the first row of a site is SHA-256( F("tocsin ledger 1") F(site id) ), so that
 * no row of one site's ledger fits into another's. It is the same whatever the file's layout:
 * the numbers that the tables use among themselves are not in it. */
#ifndef TOCSIN_STORE_LEDGER_H
#define TOCSIN_STORE_LEDGER_H

#include "store/store.h"

/* F, into a digest that has begun; NULL is F(NULL). */
void field_text(struct sha256 *, const char *);
void field_bytes(struct sha256 *, const void *, size_t len);
void field_number(struct sha256 *, int64_t);

/* The hash before the first row. */
void ledger_genesis(struct sha256 *, const char *site_id, uint8_t out[SHA256_LEN]);

/* The hash of a row (row->hash is not looked at) behind the hash before. out may be before. */
void ledger_hash(struct sha256 *, const struct ledger_row *, const uint8_t before[SHA256_LEN],
                 uint8_t out[SHA256_LEN]);

#endif
