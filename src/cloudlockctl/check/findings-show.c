/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "findings-show.h"

#include <errno.h>
#include <string.h>

#include "colour.h"
#include "columns.h"
#include "json.h"

#define CHECK_WIDTH 19

/* Behind the mark and the check. */
#define TEXT_INDENT (CHECK_WIDTH + 3)

static const struct {
        const char *name, *utf8, *ascii, *color;
} levels[_FINDING_LEVEL_MAX] = {
        [FINDING_FINE] = { "ok", "✓", "+", ANSI_GREEN },
        [FINDING_NOTE] = { "note", "·", "*", "" },
        [FINDING_WARNING] = { "warning", "!", "!", ANSI_YELLOW },
        [FINDING_FAILED] = { "failure", "×", "x", ANSI_RED },
        [FINDING_SKIPPED] = { "skipped", "–", "-", ANSI_GREY },
};

/* "config-file" is said as "config file". */
static void put_check(FILE *out, const char *check) {
        int n = 0;

        for (; check[n]; n++)
                fputc(check[n] == '-' ? ' ' : check[n], out);
        fprintf(out, "%*s ", MAX(CHECK_WIDTH - n, 0), "");
}

static void put_finding(FILE *out, const ShowStyle *style, const Finding *finding) {
        const char *color = style->color ? levels[finding->level].color : "", *normal = *color ? ANSI_NORMAL : "";

        fprintf(out, "%s%s%s ", color, style->utf8 ? levels[finding->level].utf8 : levels[finding->level].ascii, normal);
        put_check(out, finding->check);
        columns_wrap(out, finding->text ?: "", TEXT_INDENT, style->width);
        if (!finding->remedy)
                return;
        fprintf(out, "  %s ", style->utf8 ? "→" : "->");
        columns_wrap(out, finding->remedy, style->utf8 ? 4 : 5, style->width);
}

static void put_sum(FILE *out, const Findings *findings) {
        size_t failed = findings_count(findings, FINDING_FAILED), warnings = findings_count(findings, FINDING_WARNING),
               skipped = findings_count(findings, FINDING_SKIPPED);

        fputc('\n', out);
        if (failed > 0)
                fprintf(out, "%zu of %zu checks fail%s", failed, findings->n, failed == 1 ? "s" : "");
        else
                fputs("Nothing keeps this lock from working", out);
        if (warnings > 0)
                fprintf(out, "; %zu warning%s", warnings, warnings == 1 ? "" : "s");
        if (skipped > 0)
                fprintf(out, "; %zu not looked at", skipped);
        fputs(".\n", out);
}

void findings_show(FILE *out, const ShowStyle *style, const Findings *findings) {
        for (size_t i = 0; i < findings->n; i++)
                put_finding(out, style, &findings->list[i]);
        put_sum(out, findings);
}

static int add_finding(json_object *array, const Finding *finding) {
        _cleanup_json_ json_object *entry = json_object_new_object();
        int r;

        if (!entry)
                return -ENOMEM;
        r = json_put_string(entry, "check", finding->check);
        if (r >= 0)
                r = json_put_string(entry, "result", levels[finding->level].name);
        if (r >= 0)
                r = json_put_string(entry, "text", finding->text ?: "");
        if (r >= 0 && finding->remedy)
                r = json_put_string(entry, "remedy", finding->remedy);
        if (r < 0)
                return r;
        if (json_object_array_add(array, entry) < 0)
                return -ENOMEM;
        entry = NULL;
        return 0;
}

static int put_count(json_object *object, const char *name, size_t count) {
        return json_put(object, name, json_object_new_int64((int64_t) count));
}

int findings_to_json(const Findings *findings, const char *instance, json_object **ret) {
        _cleanup_json_ json_object *object = json_object_new_object(), *array = json_object_new_array();
        size_t failed = findings_count(findings, FINDING_FAILED);
        int r;

        if (!object || !array)
                return -ENOMEM;
        for (size_t i = 0; i < findings->n; i++) {
                r = add_finding(array, &findings->list[i]);
                if (r < 0)
                        return r;
        }
        r = json_put_string(object, "instance", instance);
        if (r >= 0)
                r = json_put(object, "ok", json_object_new_boolean(failed == 0));
        if (r >= 0)
                r = put_count(object, "failures", failed);
        if (r >= 0)
                r = put_count(object, "warnings", findings_count(findings, FINDING_WARNING));
        if (r >= 0)
                r = json_put(object, "findings", TAKE_PTR(array));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(object);
        return 0;
}
