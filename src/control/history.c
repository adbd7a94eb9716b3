/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "history.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "parse.h"
#include "text.h"

#define HEADER "# Who held the lock, as this host saw it. Times in UTC: since, until, how it ended, host, holder\n"
#define NONE "-"
#define TIME_MAX 40
#define FRACTION_DIGITS 6
/* The last second of 9999: a record may say anything. */
#define TIME_US_MAX (UINT64_C(253402300799) * USEC_PER_SEC)

static const char *const how_names[_HISTORY_HOW_MAX] = {
        [HISTORY_ACQUIRED] = "acquired", [HISTORY_RELEASED] = "released",     [HISTORY_EXPIRED] = "expired",
        [HISTORY_LOST] = "lost",         [HISTORY_TAKEN_OVER] = "taken-over", [HISTORY_DELETED] = "deleted",
};

const char *history_how_name(HistoryHow how) {
        return how_names[how];
}

const HistoryChange *history_get(const History *history, size_t i) {
        return &history->ring[(history->first + i) % HISTORY_MAX];
}

static HistoryChange *newest(History *history) {
        return history->n > 0 ? &history->ring[(history->first + history->n - 1) % HISTORY_MAX] : NULL;
}

static HistoryChange *append(History *history) {
        if (history->n == HISTORY_MAX)
                history->first = (history->first + 1) % HISTORY_MAX;
        else
                history->n++;
        *newest(history) = (HistoryChange) {};
        return newest(history);
}

static usec_t beginning(const Record *record, usec_t otherwise_us) {
        if (record->start_time_ms <= 0 || (usec_t) record->start_time_ms > TIME_US_MAX / 1000)
                return otherwise_us;
        return (usec_t) record->start_time_ms * 1000;
}

static void end(HistoryChange *change, HistoryHow how, usec_t until_us) {
        change->how = how;
        change->until_us = MAX(until_us, change->since_us);
}

/* What breaks no line of the file. */
static void take_name(char *field, size_t size, const char *name) {
        snprintf(field, size, "%s", name);
        text_strip_control(field);
}

/* What is one word of it as well. */
static void take_word(char *field, size_t size, const char *word) {
        take_name(field, size, word);
        for (char *p = field; *p; p++)
                if (*p == ' ')
                        *p = '?';
}

/* A release or a renewal leaves the fence and the beginning as they are; but whoever created the record tells once more
 * when its time begins, and the original has no fence. */
static bool is_same(const HistoryChange *change, const HistoryChange *seen, const Record *record) {
        return strcmp(change->holder, seen->holder) == 0 && strcmp(change->host, seen->host) == 0 &&
               (change->since_us == beginning(record, change->since_us) ||
                (change->fence != 0 && change->fence == seen->fence));
}

static bool note_same(HistoryChange *last, const HistoryChange *seen, usec_t since_us, usec_t now_us) {
        bool moved = last->since_us != since_us;

        last->fence = seen->fence;
        last->since_us = since_us;
        if (last->how == seen->how)
                return moved;
        if (seen->how == HISTORY_ACQUIRED) {
                last->how = HISTORY_ACQUIRED;
                last->until_us = 0;
        } else
                end(last, seen->how, seen->until_us != 0 ? seen->until_us : now_us);
        return true;
}

static bool note_record(History *history, const LockView *view, const char *own, usec_t now_boot_us,
                        usec_t wall_minus_boot_us) {
        const Record *record = &view->record;
        usec_t now_us = now_boot_us + wall_minus_boot_us;
        bool has_end = view->expires_boot_us != 0 && view->expires_boot_us <= now_boot_us;
        HistoryChange seen = { .since_us = beginning(record, now_us), .fence = record->fence }, *last = newest(history);

        if (record->expire_time_ms == 0)
                seen.how = HISTORY_RELEASED;
        else if (has_end) {
                seen.how = HISTORY_EXPIRED;
                seen.until_us = view->expires_boot_us + wall_minus_boot_us;
        }
        take_name(seen.holder, sizeof(seen.holder), record->holder);
        take_word(seen.host, sizeof(seen.host), record->host);
        if (last && is_same(last, &seen, record))
                return note_same(last, &seen, beginning(record, last->since_us), now_us);
        if (last && last->how == HISTORY_ACQUIRED)
                end(last, view->state == LOCK_LOST && strcmp(last->holder, own) == 0 ? HISTORY_LOST : HISTORY_TAKEN_OVER,
                    MIN(seen.since_us, now_us));
        *append(history) = seen;
        history->n_seen++;
        return true;
}

bool history_note(History *history, const LockView *view, const char *own, usec_t now_boot_us,
                  usec_t wall_minus_boot_us) {
        HistoryChange *last = newest(history);

        /* Nothing read yet, or nothing that makes sense. */
        if (view->store_answered_boot_us == 0 || view->state == LOCK_STARTING_UP || view->state == LOCK_FAULT)
                return false;
        if (view->has_record)
                return note_record(history, view, own, now_boot_us, wall_minus_boot_us);
        if (!last || last->how != HISTORY_ACQUIRED)
                return false;
        end(last, HISTORY_DELETED, now_boot_us + wall_minus_boot_us);
        return true;
}

static const char *format_time(char buf[TIME_MAX], usec_t time_us) {
        time_t seconds = (time_t) (time_us / USEC_PER_SEC);
        struct tm tm;
        size_t n;

        if (time_us == 0 || time_us > TIME_US_MAX)
                return NONE;
        gmtime_r(&seconds, &tm);
        n = strftime(buf, TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(buf + n, TIME_MAX - n, ".%06" PRIu64 "Z", time_us % USEC_PER_SEC);
        return buf;
}

void history_format(const History *history, char buf[static HISTORY_TEXT_MAX]) {
        strcpy(buf, HEADER);
        for (size_t i = 0; i < history->n; i++) {
                const HistoryChange *c = history_get(history, i);
                char since[TIME_MAX], until[TIME_MAX];

                text_append(buf, HISTORY_TEXT_MAX, "%s %s %s %s %s\n", format_time(since, c->since_us),
                            format_time(until, c->until_us), how_names[c->how], *c->host ? c->host : NONE, c->holder);
        }
}

static int parse_time(const char *word, usec_t *ret) {
        char digits[FRACTION_DIGITS + 1] = "", *rest;
        struct tm tm = {};
        uint64_t fraction;
        time_t seconds;

        if (strcmp(word, NONE) == 0) {
                *ret = 0;
                return 0;
        }
        rest = strptime(word, "%Y-%m-%dT%H:%M:%S", &tm);
        if (!rest || *rest != '.' || strlen(rest) != FRACTION_DIGITS + 2 || rest[FRACTION_DIGITS + 1] != 'Z')
                return -EBADMSG;
        memcpy(digits, rest + 1, FRACTION_DIGITS);
        if (parse_u64(digits, &fraction) < 0)
                return -EBADMSG;
        seconds = timegm(&tm);
        if (seconds < 0 || (usec_t) seconds * USEC_PER_SEC + fraction > TIME_US_MAX)
                return -EBADMSG;
        *ret = (usec_t) seconds * USEC_PER_SEC + fraction;
        return 0;
}

static int parse_how(const char *word, HistoryHow *ret) {
        for (HistoryHow how = 0; how < _HISTORY_HOW_MAX; how++)
                if (strcmp(word, how_names[how]) == 0) {
                        *ret = how;
                        return 0;
                }
        return -EBADMSG;
}

static int parse_line(char *line, HistoryChange *ret) {
        char *words[4], *holder = line;

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                words[i] = strsep(&holder, " ");
        if (!holder || strlen(words[3]) >= sizeof(ret->host) || strlen(holder) >= sizeof(ret->holder) ||
            parse_time(words[0], &ret->since_us) < 0 || parse_time(words[1], &ret->until_us) < 0 ||
            parse_how(words[2], &ret->how) < 0)
                return -EBADMSG;
        strcpy(ret->host, strcmp(words[3], NONE) == 0 ? "" : words[3]);
        strcpy(ret->holder, holder);
        return 0;
}

int history_parse(char *text, History *ret) {
        _cleanup_free_ History *history = calloc(1, sizeof(*history));
        char *save = NULL;

        if (!history)
                return -ENOMEM;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                HistoryChange change = {};

                if (*line == '#')
                        continue;
                if (parse_line(line, &change) < 0)
                        return -EBADMSG;
                *append(history) = change;
        }
        *ret = *history;
        return 0;
}
