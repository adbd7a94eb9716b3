/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "check-context.h"
#include "file.h"
#include "instances.h"
#include "lease-text.h"
#include "place-find.h"
#include "strv.h"
#include "text.h"

/* The other instances' own drop-ins are left aside: what is the same lock by the files alone is what somebody copied. */
static int read_other(const char *instance, Config **ret) {
        char path[INSTANCE_PATH_MAX], host_name[HOST_NAME_MAX + 1] = "";
        _cleanup_secret_ char *text = NULL;
        ConfigError error;
        size_t size;
        int r = read_small_file(instance_config_path(path, instance), CONFIG_SIZE_MAX, &text, &size);

        if (r < 0)
                return r;
        gethostname(host_name, sizeof(host_name) - 1);
        return config_parse(&(ConfigInput) {
                                    .instance = instance,
                                    .file_name = path,
                                    .data = text,
                                    .size = size,
                                    .host_name = host_name,
                            }, ret, &error);
}

static int lock_id_of(const Config *config, char ret[LOCK_ID_TEXT_SIZE]) {
        _cleanup_profile_ Profile *profile = NULL;
        char error[PLACE_FIND_ERROR_MAX];
        Place place;
        int r = place_find(&(PlaceInput) {
                                   .region = config->region,
                                   .endpoint = config->endpoint,
                                   .environment = config->aws_environment,
                           }, &profile, &place, error);

        if (r >= 0)
                lock_id_format(place.endpoint, place.region, config->table, config->label, ret);
        return r;
}

static bool is_same_lock(const CheckContext *context, const char *instance) {
        _cleanup_(config_freep) Config *other = NULL;
        char lock_id[LOCK_ID_TEXT_SIZE], other_id[LOCK_ID_TEXT_SIZE];

        lock_id_format(context->place.endpoint, context->place.region, context->config->table, context->config->label, lock_id);
        return read_other(instance, &other) >= 0 && lock_id_of(other, other_id) >= 0 && strcmp(lock_id, other_id) == 0;
}

void check_instances(CheckContext *context) {
        _cleanup_strv_ char **instances = NULL;

        if (!context->has_place || instances_list(&instances) < 0)
                return;
        for (char **i = instances; i && *i; i++) {
                if (strcmp(*i, context->instance) == 0 || !is_same_lock(context, *i))
                        continue;
                findings_add(&context->findings, FINDING_FAILED, "instances",
                             "instance %s of this host is for the same lock; only one of the two can lead it", *i);
                findings_remedy(&context->findings, "give one of them a cloudlock_lock_label of its own, or name all targets "
                                "in one: cloudlock_target_unit=");
        }
}
