/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus-object.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dbus-call.h"
#include "picture.h"
#include "text-clean.h"

#define INTERFACE "org.cloudlock1.Lock"
#define PATH_PREFIX "/org/cloudlock1/lock"
#define NAME_PREFIX "org.cloudlock1."

struct DbusObject {
        sd_bus *bus;
        sd_bus_slot *object_slot, *name_slot;
        const ControlPicture *picture;
        char *path;
        int name_error;
        PictureMarks marks;
        DbusCalls calls;
        sd_bus_vtable vtable[_OPERATION_ID_MAX + _PICTURE_ID_MAX + 2]; /* with start and end */
};

static const char *signature(PictureType type) {
        switch (type) {
        case PICTURE_TEXT: return "s";
        case PICTURE_BOOL: return "b";
        case PICTURE_NUMBER:
        case PICTURE_MOMENT:
        case PICTURE_ESTIMATE: return "t";
        case PICTURE_SKEW: return "x";
        case PICTURE_TARGETS: return "a(ss)";
        }
        assert(false);
        return NULL;
}

static int append_text(sd_bus_message *m, const char *s) {
        _cleanup_free_ char *clean = text_clean_copy(s);

        return clean ? sd_bus_message_append_basic(m, 's', clean) : -ENOMEM;
}

static int append_targets(sd_bus_message *m, const ControlPicture *picture) {
        int r = sd_bus_message_open_container(m, 'a', "(ss)");

        for (size_t i = 0; r >= 0 && i < picture->n_targets; i++) {
                _cleanup_free_ char *unit = text_clean_copy(picture->targets[i].unit);
                _cleanup_free_ char *active_state = text_clean_copy(picture->targets[i].active_state);

                r = unit && active_state ? sd_bus_message_append(m, "(ss)", unit, active_state) : -ENOMEM;
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, const ControlPicture *picture, PictureId id) {
        PictureValue value = picture_get(picture, id);
        int b = value.flag;

        switch (picture_fields[id].type) {
        case PICTURE_TEXT: return append_text(m, value.text);
        case PICTURE_BOOL: return sd_bus_message_append_basic(m, 'b', &b);
        case PICTURE_NUMBER:
        case PICTURE_MOMENT:
        case PICTURE_ESTIMATE: return sd_bus_message_append_basic(m, 't', &value.number);
        case PICTURE_SKEW: return sd_bus_message_append_basic(m, 'x', &value.skew_us);
        case PICTURE_TARGETS: return append_targets(m, picture);
        }
        assert(false);
        return -EINVAL;
}

static int get_property(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                        const char *property, sd_bus_message *reply, void *userdata,
                        sd_bus_error *error _unused_) {
        const DbusObject *object = userdata;

        for (PictureId id = 0; id < _PICTURE_ID_MAX; id++)
                if (picture_fields[id].property && strcmp(picture_fields[id].property, property) == 0)
                        return append_value(reply, object->picture, id);
        return -ENOENT;
}

static uint64_t vtable_flags(PictureEmission emission) {
        switch (emission) {
        case PICTURE_EMITS: return SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;
        case PICTURE_INVALIDATES: return SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION;
        case PICTURE_CONSTANT: return SD_BUS_VTABLE_PROPERTY_CONST;
        case PICTURE_SILENT: return 0;
        }
        assert(false);
        return 0;
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        DbusObject *object = userdata;

        return dbus_call(&object->calls, m, ret_error);
}

/* From the lists of fields and operations, so that no name is written twice. Unprivileged: sd-bus would ask the bus who
 * calls, and wait for the answer; whoever may call is decided by the authority. */
static void fill_vtable(sd_bus_vtable *vtable) {
        size_t n = 0;

        vtable[n++] = (sd_bus_vtable) SD_BUS_VTABLE_START(0);
        for (OperationId id = 0; id < _OPERATION_ID_MAX; id++) {
                const Operation *o = &operations[id];

                vtable[n++] = (sd_bus_vtable) SD_BUS_METHOD_WITH_NAMES(o->method, o->signature, o->names,
                                                                       o->result, , on_call, SD_BUS_VTABLE_UNPRIVILEGED);
        }
        for (PictureId id = 0; id < _PICTURE_ID_MAX; id++) {
                const PictureField *f = &picture_fields[id];

                if (f->property)
                        vtable[n++] = (sd_bus_vtable) SD_BUS_PROPERTY(f->property, signature(f->type), get_property, 0,
                                                                      vtable_flags(f->emission));
        }
        vtable[n] = (sd_bus_vtable) SD_BUS_VTABLE_END;
}

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        DbusObject *object = userdata;

        /* A handler of our own: the default one closes the connection when the name is refused. */
        object->name_error = -sd_bus_message_get_errno(m);
        return 0;
}

static int request_name(DbusObject *object) {
        _cleanup_free_ char *name = NULL;

        if (asprintf(&name, NAME_PREFIX "%s", object->path + strlen(PATH_PREFIX "/")) < 0)
                return name = NULL, -ENOMEM;
        return sd_bus_request_name_async(object->bus, &object->name_slot, name, SD_BUS_NAME_QUEUE, on_name, object);
}

int dbus_object_new(sd_bus *bus, const ControlPicture *picture, RequestDesk *desk, DbusObject **ret) {
        _cleanup_(dbus_object_freep) DbusObject *object = calloc(1, sizeof(*object));
        bool changed[_PICTURE_ID_MAX];
        int r;

        if (!object)
                return -ENOMEM;
        object->bus = sd_bus_ref(bus);
        object->picture = picture;
        object->calls = (DbusCalls) { .picture = picture, .desk = desk };
        fill_vtable(object->vtable);
        r = sd_bus_path_encode(PATH_PREFIX, picture->instance, &object->path);
        if (r < 0)
                return r;
        r = sd_bus_add_object_vtable(bus, &object->object_slot, object->path, INTERFACE, object->vtable, object);
        if (r < 0)
                return r;
        r = request_name(object);
        if (r < 0)
                return r;
        picture_compare(picture, &object->marks, changed);
        *ret = TAKE_PTR(object);
        return 0;
}

DbusObject *dbus_object_free(DbusObject *object) {
        if (!object)
                return NULL;
        dbus_calls_done(&object->calls);
        sd_bus_slot_unref(object->name_slot);
        sd_bus_slot_unref(object->object_slot);
        sd_bus_unref(object->bus);
        free(object->path);
        free(object);
        return NULL;
}

void dbus_object_changed(DbusObject *object) {
        PictureMarks marks = object->marks;
        bool changed[_PICTURE_ID_MAX];
        char *names[_PICTURE_ID_MAX + 1];
        size_t n = 0;

        if (picture_compare(object->picture, &marks, changed) == 0)
                return;
        for (PictureId id = 0; id < _PICTURE_ID_MAX; id++)
                if (changed[id] && picture_fields[id].property && picture_is_told(id))
                        names[n++] = (char *) picture_fields[id].property;
        names[n] = NULL;
        /* What could not be said now (the connection is full or gone) is said next time. */
        if (n == 0 || sd_bus_emit_properties_changed_strv(object->bus, object->path, INTERFACE, names) >= 0)
                object->marks = marks;
}

int dbus_object_name_error(const DbusObject *object) {
        return object->name_error;
}
