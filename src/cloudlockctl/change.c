/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change.h"

#include <string.h>

#include "answer.h"

/* Members whose value means something else once it is another one. */
static const char *const members[] = {
        "state",        "reason",      "holder", "held", "storeFailing",   "duplicateId",
        "paused",       "kept",        "fence",  "successor", "standDownUntil", "targets",
};

static bool is_same(json_object *before, json_object *status, const char *member) {
        json_object *a = NULL, *b = NULL;

        json_object_object_get_ex(before, member, &a);
        json_object_object_get_ex(status, member, &b);
        return json_object_equal(a, b);
}

const char *change_sentence(json_object *status) {
        return answer_text(status, "status") ?: answer_text(status, "state") ?: "?";
}

bool change_is_news(json_object *before, json_object *status) {
        if (!before)
                return true;
        /* Countdowns move the sentence, too: that alone is no news. Nor is what is said in the same words as before. */
        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                if (!is_same(before, status, members[i]))
                        return strcmp(change_sentence(before), change_sentence(status)) != 0;
        return false;
}
