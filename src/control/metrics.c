/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cleanup.h"
#include "picture.h"
#include "text-clean.h"

typedef struct Page {
        FILE *f;
        const ControlPicture *picture;
} Page;

/* Of a label: quoted, in UTF-8. NULL becomes "?": out of memory. */
static void put_quoted(const Page *page, const char *s) {
        _cleanup_free_ char *clean = text_clean_copy(s);

        putc('"', page->f);
        for (const char *p = clean ? clean : "?"; *p; p++) {
                if (*p == '"' || *p == '\\')
                        putc('\\', page->f);
                putc(*p, page->f);
        }
        putc('"', page->f);
}

static void begin(const Page *page, const char *name, const char *type, const char *unit, const char *help) {
        fprintf(page->f, "# TYPE %s %s\n", name, type);
        if (unit)
                fprintf(page->f, "# UNIT %s %s\n", name, unit);
        fprintf(page->f, "# HELP %s %s\n", name, help);
}

/* The sample's name and labels, up to its value; `label` NULL: the instance alone. */
static void sample(const Page *page, const char *name, const char *suffix, const char *label, const char *value) {
        fprintf(page->f, "%s%s{instance=", name, suffix);
        put_quoted(page, page->picture->instance);
        if (label) {
                fprintf(page->f, ",%s=", label);
                put_quoted(page, value);
        }
        fputs("} ", page->f);
}

static void put_number(const Page *page, const char *name, const char *help, uint64_t value) {
        begin(page, name, "gauge", NULL, help);
        sample(page, name, "", NULL, NULL);
        fprintf(page->f, "%" PRIu64 "\n", value);
}

static void put_us(const Page *page, uint64_t us) {
        fprintf(page->f, "%" PRIu64 ".%06" PRIu64 "\n", us / USEC_PER_SEC, us % USEC_PER_SEC);
}

static void put_seconds(const Page *page, const char *name, const char *help, uint64_t us) {
        begin(page, name, "gauge", "seconds", help);
        sample(page, name, "", NULL, NULL);
        put_us(page, us);
}

/* A moment that is unknown has no sample. */
static void put_moment(const Page *page, const char *name, const char *help, PictureId id) {
        PictureValue value = picture_get(page->picture, id);

        begin(page, name, "gauge", "seconds", help);
        if (!value.known)
                return;
        sample(page, name, "", NULL, NULL);
        put_us(page, value.number);
}

static void put_total(const Page *page, const char *name, const char *label, const char *value, uint64_t total) {
        sample(page, name, "_total", label, value);
        fprintf(page->f, "%" PRIu64 "\n", total);
}

static void put_build(const Page *page) {
        begin(page, "cloudlock_build", "info", NULL, "The daemon.");
        sample(page, "cloudlock_build", "_info", "version", PACKAGE_VERSION);
        fputs("1\n", page->f);
}

static void put_state(const Page *page) {
        begin(page, "cloudlock_state", "stateset", NULL, "What this host does about the lock.");
        for (LockState state = 0; state < _LOCK_STATE_MAX; state++) {
                sample(page, "cloudlock_state", "", "cloudlock_state", lock_state_name(state));
                fprintf(page->f, "%d\n", state == page->picture->view.state);
        }
}

static void put_targets(const Page *page) {
        const ControlPicture *picture = page->picture;

        begin(page, "cloudlock_target_active", "gauge", NULL, "Whether the target is active.");
        for (size_t i = 0; i < picture->n_targets; i++) {
                sample(page, "cloudlock_target_active", "", "unit", picture->targets[i].unit);
                fprintf(page->f, "%d\n", strcmp(picture->targets[i].active_state, "active") == 0);
        }
}

static void put_skew(const Page *page) {
        PictureValue value = picture_get(page->picture, PICTURE_CLOCK_SKEW);
        uint64_t us = (uint64_t) (value.skew_us < 0 ? -value.skew_us : value.skew_us);

        begin(page, "cloudlock_clock_skew_seconds", "gauge", "seconds", "This host's clock minus the store's.");
        if (!value.known)
                return;
        sample(page, "cloudlock_clock_skew_seconds", "", NULL, NULL);
        if (value.skew_us < 0)
                putc('-', page->f);
        put_us(page, us);
}

static void put_layer(const Page *page, const char *layer, bool armed) {
        sample(page, "cloudlock_layer_armed", "", "layer", layer);
        fprintf(page->f, "%d\n", armed);
}

static void put_layers(const Page *page) {
        const ControlLayers *layers = &page->picture->layers;

        begin(page, "cloudlock_layer_armed", "gauge", NULL, "Whether this ends what hangs, or notices a paused machine.");
        put_layer(page, "guard-watchdog", layers->guard_up && layers->guard_watched);
        put_layer(page, "watchdog", layers->watchdog_us > 0);
        put_layer(page, "hardware-watchdog", layers->hardware && *layers->hardware);
        put_layer(page, "host-clock", layers->host_clock && *layers->host_clock);
        put_layer(page, "on-stuck", layers->on_stuck && strcmp(layers->on_stuck, "none") != 0);
}

static void put_gauges(const Page *page) {
        const ControlPicture *p = page->picture;
        PictureValue fence = picture_get(p, PICTURE_FENCE);

        put_number(page, "cloudlock_held", "Whether this host holds the lock.", p->view.held);
        begin(page, "cloudlock_fence", "gauge", NULL, "The fence number of this tenure.");
        if (fence.known) {
                sample(page, "cloudlock_fence", "", NULL, NULL);
                fprintf(page->f, "%" PRIu64 "\n", fence.number);
        }
        put_number(page, "cloudlock_paused", "Whether an operator paused this host.", p->view.paused);
        put_number(page, "cloudlock_kept", "Whether an operator keeps the lock whatever its target does.", p->view.kept);
        put_number(page, "cloudlock_store_failing", "Whether the last request failed.", p->view.store_failing);
        put_number(page, "cloudlock_duplicate_id", "Whether another machine uses this host's my_id.", p->view.duplicate_id);
        put_seconds(page, "cloudlock_lease_seconds", "How long the lock is held without a renewal.", p->lease_us);
        put_seconds(page, "cloudlock_gap_seconds", "From taking the lock to the target's start.", p->gap_us);
        put_seconds(page, "cloudlock_renew_seconds", "From one renewal to the next.", p->renew_us);
        put_seconds(page, "cloudlock_poll_seconds", "From one look at somebody else's record to the next.", p->poll_us);
        put_moment(page, "cloudlock_expires_timestamp_seconds", "When the holder's lease is over.", PICTURE_EXPIRES);
        put_moment(page, "cloudlock_stop_timestamp_seconds",
                   "When the target is stopped unless the lock is renewed; minus time() that is what the lease is good for.",
                   PICTURE_STOP_AT);
        put_moment(page, "cloudlock_kill_timestamp_seconds", "When what is left of the target is killed.", PICTURE_KILL_AT);
        put_moment(page, "cloudlock_renewed_timestamp_seconds", "The last renewal.", PICTURE_LAST_RENEWAL);
        put_moment(page, "cloudlock_store_answered_timestamp_seconds", "The store's last answer.", PICTURE_STORE_ANSWERED);
        put_skew(page);
}

static void put_counters(const Page *page) {
        const ControlCounters *c = &page->picture->counters;

        begin(page, "cloudlock_requests", "counter", NULL, "Requests to the store that ended, well or not.");
        put_total(page, "cloudlock_requests", "kind", "read", c->reads);
        put_total(page, "cloudlock_requests", "kind", "write", c->writes);
        begin(page, "cloudlock_request_failures", "counter", NULL, "Requests that brought no good answer, by what they ended in.");
        put_total(page, "cloudlock_request_failures", "class", "retry", c->retries);
        put_total(page, "cloudlock_request_failures", "class", "refused", c->refusals);
        put_total(page, "cloudlock_request_failures", "class", "unclear", c->unclear);
        put_total(page, "cloudlock_request_failures", "class", "condition", c->conditions);
        begin(page, "cloudlock_renewals", "counter", NULL, "Renewals that succeeded.");
        put_total(page, "cloudlock_renewals", NULL, NULL, c->renewals);
        begin(page, "cloudlock_changes_of_hands", "counter", NULL, "Tenures that this host saw begin.");
        put_total(page, "cloudlock_changes_of_hands", NULL, NULL, page->picture->history.n_seen);
        begin(page, "cloudlock_operations", "counter", NULL, "What operators asked for.");
        put_total(page, "cloudlock_operations", "result", "accepted", c->operations);
        put_total(page, "cloudlock_operations", "result", "refused", c->refused_operations);
}

int metrics_text(const ControlPicture *picture, char **ret) {
        char *text = NULL;
        size_t size;
        Page page = { .f = open_memstream(&text, &size), .picture = picture };
        int failed;

        if (!page.f)
                return -ENOMEM;
        put_build(&page);
        put_state(&page);
        put_gauges(&page);
        put_targets(&page);
        put_layers(&page);
        put_counters(&page);
        fputs("# EOF\n", page.f);
        failed = ferror(page.f);
        if (fclose(page.f) != 0 || failed) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        return 0;
}
