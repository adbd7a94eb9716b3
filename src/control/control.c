/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control.h"

#include <errno.h>

#include "cleanup.h"
#include "dbus-object.h"
#include "request.h"
#include "socket.h"

struct Control {
        const ControlPicture *picture;
        RequestDesk *desk;
        ControlSocket *socket;
        DbusObject *object;
};

int control_new(sd_event *event, int listen_fd, const ControlPicture *picture, const ControlHandler *handler,
                Control **ret) {
        _cleanup_(control_freep) Control *control = calloc(1, sizeof(*control));
        int r;

        if (!control)
                return -ENOMEM;
        control->picture = picture;
        r = request_desk_new(picture, handler, &control->desk);
        if (r < 0)
                return r;
        if (listen_fd >= 0) {
                r = control_socket_new(event, listen_fd, picture, control->desk, &control->socket);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(control);
        return 0;
}

Control *control_free(Control *control) {
        if (!control)
                return NULL;
        dbus_object_free(control->object);
        control_socket_free(control->socket);
        request_desk_free(control->desk);
        free(control);
        return NULL;
}

int control_set_bus(Control *control, sd_bus *bus) {
        control->object = dbus_object_free(control->object);
        request_desk_set_bus(control->desk, bus);
        return bus ? dbus_object_new(bus, control->picture, control->desk, &control->object) : 0;
}

int control_bus_error(const Control *control) {
        return control->object ? dbus_object_name_error(control->object) : 0;
}

void control_changed(Control *control) {
        if (control->object)
                dbus_object_changed(control->object);
        if (control->socket)
                control_socket_changed(control->socket);
}
