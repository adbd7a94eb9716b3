/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "varlink-status.h"

#include <assert.h>
#include <errno.h>

#include "cleanup.h"
#include "json-build.h"
#include "picture.h"

static struct json_object *build_target(const ControlTarget *target) {
        _cleanup_json_ struct json_object *object = json_object_new_object();

        if (!object || json_add(object, "unit", json_new_text(target->unit)) < 0 ||
            json_add(object, "activeState", json_new_text(target->active_state)) < 0)
                return NULL;
        return TAKE_PTR(object);
}

static struct json_object *build_targets(const ControlPicture *picture) {
        _cleanup_json_ struct json_object *array = json_object_new_array();

        if (!array)
                return NULL;
        for (size_t i = 0; i < picture->n_targets; i++)
                if (json_append(array, build_target(&picture->targets[i])) < 0)
                        return NULL;
        return TAKE_PTR(array);
}

static struct json_object *build_value(const ControlPicture *picture, PictureType type, const PictureValue *value) {
        switch (type) {
        case PICTURE_TEXT: return json_new_text(value->text);
        case PICTURE_BOOL: return json_object_new_boolean(value->flag);
        case PICTURE_NUMBER:
        case PICTURE_MOMENT:
        case PICTURE_ESTIMATE: return json_object_new_uint64(value->number);
        case PICTURE_SKEW: return json_object_new_int64(value->skew_us);
        case PICTURE_TARGETS: return build_targets(picture);
        }
        assert(false);
        return NULL;
}

int varlink_status(const ControlPicture *picture, struct json_object **ret) {
        _cleanup_json_ struct json_object *object = json_object_new_object();

        if (!object)
                return -ENOMEM;
        for (PictureId id = 0; id < _PICTURE_ID_MAX; id++) {
                const PictureField *f = &picture_fields[id];
                PictureValue value = picture_get(picture, id);
                int r;

                if (!value.known)
                        continue;
                r = json_add(object, f->member, build_value(picture, f->type, &value));
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(object);
        return 0;
}
