/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "properties.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"
#include "facts.h"

int property_read_string(sd_bus_message *m, void *to) {
        _cleanup_free_ char *copy = NULL;
        char **field = to;
        const char *s;
        int r = sd_bus_message_read(m, "s", &s);

        if (r < 0)
                return r;
        copy = strdup(s);
        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = TAKE_PTR(copy);
        return 0;
}

int property_read_u64(sd_bus_message *m, void *to) {
        return sd_bus_message_read(m, "t", (uint64_t *) to);
}

static int read_property(sd_bus_message *m, const char *name, const Properties *properties, void *to) {
        int r;

        for (size_t i = 0; i < properties->n; i++) {
                const Property *property = properties->list + i;

                if (strcmp(property->name, name) != 0)
                        continue;
                r = sd_bus_message_enter_container(m, 'v', property->signature);
                if (r < 0)
                        return r;
                r = property->read(m, (char *) to + property->offset);
                return r < 0 ? r : sd_bus_message_exit_container(m);
        }
        return sd_bus_message_skip(m, "v");
}

int properties_read(sd_bus_message *answer, const Properties *properties, void *to) {
        int r = sd_bus_message_enter_container(answer, 'a', "{sv}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(answer, 'e', "sv")) > 0) {
                const char *name;

                r = sd_bus_message_read(answer, "s", &name);
                if (r < 0)
                        return r;
                r = read_property(answer, name, properties, to);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(answer);
                if (r < 0)
                        return r;
        }
        return r;
}

int properties_question(sd_bus *bus, const char *path, const char *interface, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(bus, &m, SYSTEMD_BUS_NAME, path, "org.freedesktop.DBus.Properties", "GetAll");

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", interface);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}
