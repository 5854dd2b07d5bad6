/* A file beside the store ("<store>.unlogged") that says: a life of the service pushed what it
 * could not write. If that life dies, its incidents' numbers are in no record; the next one leaves
 * them out, so that what people were told of never stands for something else. Empty, since a full
 * disk still makes an empty file; where not even that is possible, nothing can be remembered. */
#ifndef TOCSIN_STORE_UNLOGGED_H
#define TOCSIN_STORE_UNLOGGED_H

#include <stdbool.h>

void unlogged_mark(const char *store_path);   /* before the first letter leaves unlogged */
void unlogged_forget(const char *store_path); /* all that was pushed is in the record */
bool unlogged_was(const char *store_path);

#endif
