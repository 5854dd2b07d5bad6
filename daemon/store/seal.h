/* Seals: Ed25519 signatures over the head of a site's ledger. Whoever has no key can rewrite the
 * rows and their hashes, but not the seals.
 *
 *     of a checkpoint  F("tocsin seal 1") F(site id) F(seq) F(hash, hex) F(time, ms)  (F: ledger.h)
 *     of a commit      F("tocsin head 1") F(site id) F(seq) F(hash, hex) F(time, ms)
 *                      F(digest of the state, hex)                              (state_sum.h)
 *
 * A checkpoint is an entry of the ledger that names the entry before it (after 1000 entries, 15
 * minutes, each start, stop and clock jump, directly behind them). The seal of the last commit
 * stands in the site's row, and in "<store>.head" beside the store (head_file.h), so that an end
 * that was cut off shows. They are of two forms, as a checkpoint stands in the ledger in clear and
 * would else vouch for an end that was cut off there. Earlier versions sealed both in the first
 * form; a checkpoint says from where on they are apart.
 *
 * The first `key` entry of a ledger names the public key. A change of keys is a `key` entry whose
 * `signature` is by the old key, over F("tocsin key 1") F(site id) F(new public key, hex). */
#ifndef TOCSIN_STORE_SEAL_H
#define TOCSIN_STORE_SEAL_H

#include "store/store.h"

#define SEAL_EVERY 1000 /* entries */
#define SEAL_AFTER MINUTES(15)

struct signer {
	uint8_t seed[ED25519_KEY_LEN], key[ED25519_KEY_LEN];
	struct ed25519 *ready; /* for many signatures; NULL: made for each */
};

struct seal {
	uint64_t seq;
	uint8_t hash[SHA256_LEN];
	wall_ms time;
	uint8_t key[ED25519_KEY_LEN];
	uint8_t signature[ED25519_SIG_LEN];
	bool of_commit;
	uint8_t state[SHA256_LEN]; /* of a commit */
	bool apart; /* a checkpoint's word that commits are sealed in their own form */
};

/* Of a checkpoint; with the digest of the state, of a commit. */
void seal_make(const struct signer *, const char *site, struct ledger_head, wall_ms,
               const uint8_t *state, struct seal *out);
/* Signed by the key it names; whether that is a key to trust is the caller's question. */
bool seal_holds(const struct seal *, const char *site);

/* A checkpoint entry's data, and back; false for what is none. */
void seal_write_json(struct text *, const struct seal *);
bool seal_read_json(const char *json, struct seal *out);
/* "SEQ HASH TIME KEY SIGNATURE", of a commit " STATE" too, and back. */
void seal_write_line(struct text *, const struct seal *);
bool seal_read_line(const char *line, struct seal *out);

/* An entry of these types is followed by a checkpoint at once. */
bool seal_follows(const char *type);

/* The vow of the old key for the new one. */
void key_vow(const struct signer *old, const char *site, const uint8_t key[ED25519_KEY_LEN],
             uint8_t out[ED25519_SIG_LEN]);
bool key_vow_holds(const uint8_t old[ED25519_KEY_LEN], const char *site,
                   const uint8_t key[ED25519_KEY_LEN], const uint8_t signature[ED25519_SIG_LEN]);

#endif
