/**
 * @file server/base/log.h
 * @brief One line per event, logfmt or JSON, to standard error.
 *
 * `time=… level=info event=run.step run=… rule=…`. Never secrets.
 */
#pragma once

enum zdd_log_level { ZDD_LOG_DEBUG, ZDD_LOG_INFO, ZDD_LOG_WARN, ZDD_LOG_ERROR };

/** Lines below @p level are dropped; INFO at start. */
void zdd_log_level_set(enum zdd_log_level level);

enum zdd_log_format { ZDD_LOG_LOGFMT, ZDD_LOG_JSON };

/** How lines are written; LOGFMT at start. As JSON every value is a string, and a byte that is no
 * UTF-8 becomes U+FFFD. */
void zdd_log_format_set(enum zdd_log_format format);

/** Which calls of the API are worth a line; all those that fail for a fault of ours are. */
enum zdd_log_calls { ZDD_LOG_CALLS_CHANGES, ZDD_LOG_CALLS_ALL, ZDD_LOG_CALLS_OFF };

/**
 * Write one line: time, level, @p event, then pairs of key and value up to a NULL key.
 *
 * Values with spaces, quotes or control characters are quoted and escaped, so a
 * hostile value cannot forge a line; each is cut at 512 bytes. A pair whose value is NULL is left
 * out. A line holds 8 KiB; pairs beyond that are left out and `truncated=true` is added.
 * Thread-safe. `zdd_log(ZDD_LOG_INFO, "run.step", "run", id, "rule", rule, NULL);`
 */
__attribute__((sentinel)) void zdd_log(enum zdd_log_level level, const char *event, ...);
