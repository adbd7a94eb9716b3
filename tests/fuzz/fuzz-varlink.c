/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A peer of the control socket that may send anything, in pieces of any size. The first byte says how small. */

#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "sample-picture.h"
#include "varlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every answer is one object in JSON, with its NUL. */
static void check_output(Varlink *v) {
        size_t size;
        const char *output = varlink_output(v, &size);
        struct json_object *answer;

        if (size == 0)
                return;
        if (output[size - 1] != '\0' || strlen(output) != size - 1)
                abort();
        answer = json_tokener_parse(output);
        if (!json_object_is_type(answer, json_type_object))
                abort();
        json_object_put(answer);
        varlink_sent(v, size);
}

/* The daemon's turn, between two messages: what was asked for is done, or refused, and who watches is told. */
static void answer(Varlink *v, bool refuses) {
        bool interactive;

        if (varlink_operation(v, &interactive) &&
            varlink_answer(v, &(OperationAnswer) { .error = refuses ? "NotHeld" : NULL }) < 0)
                abort();
        check_output(v);
        if (varlink_watches(v) && varlink_tell(v) < 0)
                abort();
        check_output(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(varlink_freep) Varlink *v = NULL;
        ControlPicture picture;
        size_t piece_max;

        sample_picture(&picture);
        if (size == 0 || varlink_new(&picture, &v) < 0)
                return 0;
        piece_max = data[0] ? data[0] : 65536;
        for (data++, size--; size > 0 && varlink_room(v) > 0;) {
                size_t piece = MIN(MIN(size, piece_max), varlink_room(v));

                if (varlink_feed(v, (const char *) data, piece) < 0)
                        break;
                data += piece;
                size -= piece;
                while (varlink_step(v) > 0)
                        answer(v, piece % 2 == 0);
        }
        if (varlink_is_over(v) && varlink_room(v) > 0)
                abort();
        return 0;
}
