/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "findings.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static void finding_done(Finding *finding) {
        free(finding->text);
        free(finding->remedy);
}

void findings_done(Findings *findings) {
        for (size_t i = 0; i < findings->n; i++)
                finding_done(&findings->list[i]);
        free(findings->list);
        *findings = (Findings) {};
}

static char *format_text(Findings *findings, const char *format, va_list ap) _printf_(2, 0);

static char *format_text(Findings *findings, const char *format, va_list ap) {
        char *text = NULL;

        if (vasprintf(&text, format, ap) < 0) {
                findings->error = -ENOMEM;
                return NULL;
        }
        return text;
}

void findings_add(Findings *findings, FindingLevel level, const char *check, const char *format, ...) {
        Finding *grown = reallocarray(findings->list, findings->n + 1, sizeof(Finding));
        va_list ap;

        if (!grown) {
                findings->error = -ENOMEM;
                return;
        }
        findings->list = grown;
        va_start(ap, format);
        grown[findings->n++] = (Finding) { .level = level, .check = check, .text = format_text(findings, format, ap) };
        va_end(ap);
}

void findings_remedy(Findings *findings, const char *format, ...) {
        Finding *last = findings->n > 0 ? &findings->list[findings->n - 1] : NULL;
        va_list ap;

        if (!last)
                return;
        free(last->remedy);
        va_start(ap, format);
        last->remedy = format_text(findings, format, ap);
        va_end(ap);
}

size_t findings_count(const Findings *findings, FindingLevel level) {
        size_t count = 0;

        for (size_t i = 0; i < findings->n; i++)
                count += findings->list[i].level == level;
        return count;
}

bool findings_is_open(const Findings *findings, const char *check) {
        for (size_t i = 0; i < findings->n; i++)
                if (strcmp(findings->list[i].check, check) == 0 &&
                    (findings->list[i].level == FINDING_FAILED || findings->list[i].level == FINDING_SKIPPED))
                        return true;
        return false;
}
