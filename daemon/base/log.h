/* Log lines on stderr, for the person who runs the service; journald's level prefixes when
 * stderr is its socket. Only edges log, each thing once. Never a secret, never a name that
 * review does not need. */
#ifndef TOCSIN_BASE_LOG_H
#define TOCSIN_BASE_LOG_H

enum log_level { LOG_ERROR_LEVEL, LOG_WARN_LEVEL, LOG_INFO_LEVEL, LOG_DEBUG_LEVEL };

/* Called once at the start. debug lets log_debug through. */
void log_start(const char *program, int debug);

__attribute__((format(printf, 2, 3))) void log_line(enum log_level, const char *format, ...);

/* error: a person must act. warn: something outside misbehaved. info: what a reader of the
 * log wants to know on a quiet day. debug: for whoever hunts a fault. */
#define log_error(...) log_line(LOG_ERROR_LEVEL, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN_LEVEL, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO_LEVEL, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG_LEVEL, __VA_ARGS__)

#endif
