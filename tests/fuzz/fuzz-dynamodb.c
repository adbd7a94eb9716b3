/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A server that may answer anything. The first byte says to what (bit 0: a write; bits 3 and 4: a question
 * about the table) and with which status (bits 1 and 2). */

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "table-answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const DynamoDBContext context = {
        .region = "eu-central-1", .table = "locks", .label = "validator", .signed_s = 1763928000,
};

static void check_name(const char *name, size_t size) {
        size_t length = strnlen(name, size);

        if (length == 0 || length == size)
                abort();
        for (size_t i = 0; i < length; i++)
                if (iscntrl((unsigned char) name[i]))
                        abort();
}

/* What was believed once can be written back. */
static void check_record(const Record *record) {
        const char *const expected[] = { record->version };
        _cleanup_free_ char *body = NULL;

        check_name(record->holder, sizeof(record->holder));
        check_name(record->version, sizeof(record->version));
        if (!record->is_ours_by_shape)
                return;
        check_name(record->host, sizeof(record->host));
        check_name(record->boot, sizeof(record->boot));
        if (dynamodb_write_request(&context, &(StoreWrite) { record, false, expected, 1 }, &body) < 0)
                abort();
}

static void check_answer(const StoreAnswer *answer, bool is_write, int status) {
        size_t length = strnlen(answer->error, sizeof(answer->error));

        if (length == sizeof(answer->error) || (answer->outcome == STORE_OK) != (length == 0))
                abort();
        for (size_t i = 0; i < length; i++)
                if (iscntrl((unsigned char) answer->error[i]))
                        abort();
        if ((answer->outcome == STORE_OK || answer->outcome == STORE_UNCLEAR) && status != 200)
                abort();
        if (answer->outcome == (is_write ? STORE_UNCLEAR : STORE_CONDITION_FAILED))
                abort();
        if (answer->has_record && (is_write || answer->outcome != STORE_OK))
                abort();
        if (answer->has_record)
                check_record(&answer->record);
}

static void check_table(TableQuestion question, const HttpAnswer *http) {
        TableAnswer answer;
        size_t length;

        memset(&answer, 0xaa, sizeof(answer));
        table_answer(&context, question, http, &answer);
        length = strnlen(answer.error, sizeof(answer.error));
        if (length == sizeof(answer.error) || (answer.verdict == TABLE_FINE) != (length == 0))
                abort();
        for (size_t i = 0; i < length; i++)
                if (iscntrl((unsigned char) answer.error[i]))
                        abort();
        if (answer.verdict == TABLE_REFUSED && http->status != 200)
                abort();
        if ((answer.verdict == TABLE_NOT_ALLOWED) != !!answer.assumption)
                abort();
        (void) table_next_question(question, &answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const int statuses[] = { 200, 200, 400, 500 };
        _cleanup_free_ char *body = NULL;
        HttpAnswer http = { .date_s = 1763928002 };
        StoreAnswer answer;
        bool is_write;

        if (size == 0)
                return 0;
        is_write = data[0] & 1;
        http.status = statuses[data[0] >> 1 & 3];
        http.body_size = size - 1;
        /* of the exact size, so that the sanitizer sees a read beyond it */
        body = malloc(size);
        if (!body)
                abort();
        memcpy(body, data + 1, size - 1);
        body[size - 1] = '\0';
        http.body = body;

        memset(&answer, 0xaa, sizeof(answer));
        if (is_write)
                dynamodb_write_answer(&context, &http, &answer);
        else
                dynamodb_read_answer(&context, &http, &answer);
        check_answer(&answer, is_write, http.status);
        if ((data[0] >> 3 & 3) < _TABLE_QUESTION_MAX)
                check_table((TableQuestion) (data[0] >> 3 & 3), &http);
        return 0;
}
