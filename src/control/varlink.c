/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "varlink.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "varlink-call.h"

/* A message of the greatest size and its NUL. */
#define INPUT_MAX (VARLINK_MESSAGE_MAX + 1)

struct Varlink {
        const ControlPicture *picture;
        char *input;
        size_t input_size, input_allocated;
        size_t searched; /* no NUL before this */
        char *output;    /* one answer, its NUL included; the next call waits until it is sent */
        size_t output_size, output_sent;
        bool over, watches;
        bool operates, oneway, interactive; /* this waits to be done */
        OperationCall operation;
};

int varlink_new(const ControlPicture *picture, Varlink **ret) {
        Varlink *v = calloc(1, sizeof(*v));

        if (!v)
                return -ENOMEM;
        v->picture = picture;
        *ret = v;
        return 0;
}

Varlink *varlink_free(Varlink *v) {
        if (!v)
                return NULL;
        free(v->input);
        free(v->output);
        free(v);
        return NULL;
}

size_t varlink_room(const Varlink *v) {
        return v->over ? 0 : INPUT_MAX - v->input_size;
}

int varlink_feed(Varlink *v, const char *data, size_t size) {
        assert(size <= varlink_room(v));

        if (size == 0)
                return 0;
        if (v->input_size + size > v->input_allocated) {
                size_t wanted = MIN(2 * (v->input_size + size), (size_t) INPUT_MAX);
                char *grown = realloc(v->input, wanted);

                if (!grown)
                        return -ENOMEM;
                v->input = grown;
                v->input_allocated = wanted;
        }
        memcpy(v->input + v->input_size, data, size);
        v->input_size += size;
        return 0;
}

static void put(Varlink *v, char *output) {
        if (!output)
                return;
        v->output = output;
        v->output_size = strlen(output) + 1;
        v->output_sent = 0;
}

static int deal_with(Varlink *v, const char *message, size_t size) {
        VarlinkOutcome outcome;
        int r = varlink_call(v->picture, message, size, &outcome);

        if (r < 0)
                return r;
        v->over = outcome.broken;
        v->watches = outcome.watches;
        v->operates = outcome.operates;
        v->oneway = outcome.oneway;
        v->interactive = outcome.interactive;
        v->operation = outcome.call;
        put(v, outcome.answer);
        return 1;
}

int varlink_step(Varlink *v) {
        const char *end;
        size_t used;
        int r;

        if (v->over || v->output || v->watches || v->operates || v->searched == v->input_size)
                return 0;
        end = memchr(v->input + v->searched, '\0', v->input_size - v->searched);
        if (!end && v->input_size < INPUT_MAX) {
                v->searched = v->input_size;
                return 0;
        }
        if (!end) /* Longer than allowed is as good as no message. */
                return deal_with(v, "", 0);
        used = (size_t) (end - v->input);
        r = deal_with(v, v->input, used);
        if (r < 0)
                return r;
        v->input_size -= used + 1;
        memmove(v->input, end + 1, v->input_size);
        v->searched = 0;
        return r;
}

const OperationCall *varlink_operation(const Varlink *v, bool *ret_interactive) {
        *ret_interactive = v->interactive;
        return v->operates ? &v->operation : NULL;
}

int varlink_answer(Varlink *v, const OperationAnswer *answer) {
        char *output = NULL;
        int r = v->oneway ? 0 : varlink_operation_answer(answer, &output);

        assert(v->operates && !v->output);
        if (r < 0)
                return r;
        v->operates = false;
        put(v, output);
        return 0;
}

bool varlink_watches(const Varlink *v) {
        return v->watches;
}

int varlink_tell(Varlink *v) {
        char *output = NULL;
        int r;

        assert(v->watches);
        if (v->output)
                return 0;
        r = varlink_watch_answer(v->picture, &output);
        if (r < 0)
                return r;
        put(v, output);
        return 0;
}

const char *varlink_output(const Varlink *v, size_t *ret_size) {
        *ret_size = v->output_size - v->output_sent;
        return v->output ? v->output + v->output_sent : NULL;
}

void varlink_sent(Varlink *v, size_t size) {
        assert(size <= v->output_size - v->output_sent);

        v->output_sent += size;
        if (v->output_sent < v->output_size)
                return;
        free(v->output);
        v->output = NULL;
        v->output_size = v->output_sent = 0;
}

bool varlink_is_over(const Varlink *v) {
        return v->over;
}
