#include "store/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/head_file.h"

static int sync_folder(const char *path)
{
	char *copy = mem_copy(path);
	int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = folder >= 0 && fsync(folder) == 0 ? 0 : -errno;
	if (folder >= 0)
		close(folder);
	free(copy);
	return r;
}

static int write_seed(int fd, const struct keys *keys)
{
	ssize_t n = write(fd, keys->seed, sizeof keys->seed);
	if (n < 0)
		return -errno;
	if (n != (ssize_t)sizeof keys->seed)
		return -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

/* A store's first key stands only once what tells of its heads does (head_file.h). */
static int begin_heads(const char *store_path, const struct keys *keys)
{
	struct signer signer = {0};
	memcpy(signer.seed, keys->seed, sizeof signer.seed);
	ed25519_public(signer.seed, signer.key);
	int r = head_file_begin(store_path, &signer);
	explicit_bzero(&signer, sizeof signer);
	return r;
}

/* Written whole under another name first, so that nobody ever finds half a key. Of a store that has
 * had none (first_of) it is linked: of two that start at once both end with the same one. Else it
 * takes the place of the one before, so that there is no moment without. */
static int create(const char *path, const char *first_of)
{
	struct keys keys;
	struct text name = {0};
	text_addf(&name, "%s.XXXXXX", path);
	int fd = mkostemp(name.at, O_CLOEXEC); /* mode 0600 */
	if (fd < 0) {
		int r = -errno;
		text_finish(&name);
		return r;
	}
	crypto_random(keys.seed, sizeof keys.seed);
	int r = write_seed(fd, &keys);
	close(fd);
	if (r == 0 && first_of)
		r = begin_heads(first_of, &keys);
	explicit_bzero(&keys, sizeof keys);
	if (r == 0 && first_of && link(name.at, path) < 0 && errno != EEXIST)
		r = -errno;
	if (r == 0 && !first_of && rename(name.at, path) < 0)
		r = -errno;
	unlink(name.at);
	text_finish(&name);
	return r == 0 ? sync_folder(path) : r;
}

static int read_seed(const char *path, struct keys *out, struct problem *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	uint8_t bytes[ED25519_KEY_LEN + 1];
	size_t have = 0;
	ssize_t n;
	while ((n = read(fd, bytes + have, sizeof bytes - have)) > 0)
		have += (size_t)n;
	int r = n < 0 ? -errno : 0;
	close(fd);
	if (r == 0 && have != ED25519_KEY_LEN)
		r = problem_set(why, -EINVAL, "%s: a key file has %d bytes, this one has not", path,
		                ED25519_KEY_LEN);
	if (r == 0)
		memcpy(out->seed, bytes, ED25519_KEY_LEN);
	explicit_bzero(bytes, sizeof bytes);
	return r;
}

int keys_open(const char *store_path, struct keys *out, struct problem *why)
{
	struct text path = {0};
	text_addf(&path, "%s.key", store_path);
	int r = read_seed(path.at, out, why);
	if (r == -ENOENT) {
		r = create(path.at, store_path);
		if (r == 0)
			r = read_seed(path.at, out, why);
	}
	if (r < 0 && r != -EINVAL)
		problem_set(why, r, "%s: %s", path.at, strerror(-r));
	text_finish(&path);
	return r;
}

static int read_named(const char *store_path, const char *ending, struct keys *out,
                      struct problem *why)
{
	struct text path = {0};
	text_addf(&path, "%s%s", store_path, ending);
	int r = read_seed(path.at, out, why);
	if (r < 0 && r != -EINVAL)
		problem_set(why, r, "%s: %s", path.at, strerror(-r));
	text_finish(&path);
	return r;
}

int keys_read(const char *store_path, struct keys *out, struct problem *why)
{
	return read_named(store_path, ".key", out, why);
}

int keys_read_old(const char *store_path, struct keys *out)
{
	return read_named(store_path, ".key.old", out, NULL);
}

void keys_forget_old(const char *store_path)
{
	struct text path = {0};
	text_addf(&path, "%s.key.old", store_path);
	unlink(path.at);
	text_finish(&path);
}

/* An earlier change got no further than to keep the key before. */
static bool was_cut_short(const char *store_path)
{
	struct keys now, old;
	bool same = keys_read(store_path, &now, NULL) == 0 &&
	            keys_read_old(store_path, &old) == 0 &&
	            crypto_equal(now.seed, old.seed, sizeof now.seed);
	explicit_bzero(&now, sizeof now);
	explicit_bzero(&old, sizeof old);
	return same;
}

int keys_renew(const char *store_path, struct problem *why)
{
	struct text path = {0}, old = {0};
	text_addf(&path, "%s.key", store_path);
	text_addf(&old, "%s.key.old", store_path);
	int r = link(path.at, old.at) < 0 ? -errno : 0;
	if (r == -EEXIST && was_cut_short(store_path))
		r = 0;
	if (r == 0)
		r = sync_folder(old.at);
	if (r == 0)
		r = create(path.at, NULL);
	if (r == -EEXIST)
		problem_set(why, r, "%s: a new key waits already; restart tocsind, which signs it",
		            old.at);
	else if (r < 0)
		problem_set(why, r, "%s: %s", path.at, strerror(-r));
	text_finish(&path);
	text_finish(&old);
	return r;
}

void keys_derive(const struct keys *keys, const char *purpose, uint8_t out[SHA256_LEN])
{
	crypto_hmac_sha256(keys->seed, sizeof keys->seed, purpose, strlen(purpose), out);
}
