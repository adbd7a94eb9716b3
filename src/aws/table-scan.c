/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table-scan.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dynamodb-internal.h"
#include "json.h"

/* So many records are well below what http takes in one answer. */
#define PAGE_ITEMS_MAX 50

static const char *const attributes[] = {
        "label", "holder", "version", "expire_time", "start_time", "lease_ms", "host", "boot", "fence",
};
#define ATTRIBUTES "#label, #holder, #version, #expire_time, #start_time, #lease_ms, #host, #boot, #fence"

ScanPage *scan_page_free(ScanPage *page) {
        if (!page)
                return NULL;
        for (size_t i = 0; i < page->n; i++)
                free(page->items[i].label);
        free(page->items);
        free(page->last);
        free(page);
        return NULL;
}

static int put_names(json_object *request) {
        _cleanup_json_ json_object *names = json_object_new_object();
        char placeholder[32];
        int r = names ? 0 : -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(attributes) && r >= 0; i++) {
                snprintf(placeholder, sizeof(placeholder), "#%s", attributes[i]);
                r = json_put_string(names, placeholder, attributes[i]);
        }
        return r < 0 ? r : json_put(request, "ExpressionAttributeNames", TAKE_PTR(names));
}

static int put_start(json_object *request, const char *after) {
        _cleanup_json_ json_object *key = json_object_new_object(), *label = json_object_new_object();
        int r = key && label ? json_put_string(label, "S", after) : -ENOMEM;

        if (r >= 0)
                r = json_put(key, "label", TAKE_PTR(label));
        return r < 0 ? r : json_put(request, "ExclusiveStartKey", TAKE_PTR(key));
}

int scan_request(const DynamoDBContext *context, const char *after, char **ret) {
        _cleanup_json_ json_object *request = json_object_new_object();
        int r = request ? json_put_string(request, "TableName", context->table) : -ENOMEM;

        if (r >= 0)
                r = json_put(request, "ConsistentRead", json_object_new_boolean(true));
        if (r >= 0)
                r = json_put(request, "Limit", json_object_new_int(PAGE_ITEMS_MAX));
        if (r >= 0)
                r = json_put_string(request, "ProjectionExpression", ATTRIBUTES);
        if (r >= 0)
                r = put_names(request);
        if (r >= 0 && after)
                r = put_start(request, after);
        return r < 0 ? r : json_format(request, ret);
}

static int read_item(json_object *object, ScanItem *ret) {
        const char *label;

        ret->is_record = dynamodb_read_item(object, &label, &ret->record);
        ret->label = label ? strdup(label) : NULL;
        return label && !ret->label ? -ENOMEM : 0;
}

static int read_last(json_object *answer, ScanPage *page) {
        json_object *key, *label;
        const char *text;

        if (!json_object_object_get_ex(answer, "LastEvaluatedKey", &key) || !key)
                return 0;
        text = json_object_is_type(key, json_type_object) && json_object_object_get_ex(key, "label", &label) &&
                       json_object_is_type(label, json_type_object) ? json_string_member(label, "S") : NULL;
        if (!text)
                return -EBADMSG;
        page->last = strdup(text);
        return page->last ? 0 : -ENOMEM;
}

int scan_read(json_object *answer, ScanPage **ret) {
        _cleanup_(scan_page_freep) ScanPage *page = calloc(1, sizeof(ScanPage));
        json_object *items;
        size_t n;
        int r;

        if (!page)
                return -ENOMEM;
        if (!json_object_object_get_ex(answer, "Items", &items) || !json_object_is_type(items, json_type_array))
                return -EBADMSG;
        n = json_object_array_length(items);
        page->items = calloc(n + 1, sizeof(ScanItem));
        if (!page->items)
                return -ENOMEM;
        while (page->n < n) {
                r = read_item(json_object_array_get_idx(items, page->n), &page->items[page->n]);
                page->n++;
                if (r < 0)
                        return r;
        }
        r = read_last(answer, page);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(page);
        return 0;
}
