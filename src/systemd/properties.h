/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads the properties of a D-Bus object out of an answer to org.freedesktop.DBus.Properties.GetAll() into a struct of the
 * caller's, by a table that says which of them it wants and where they go. */

#include <stddef.h>
#include <systemd/sd-bus.h>

/* Reads the value that `m` has come to into the field at `to`. 0 or more, or a negative errno. */
typedef int (*PropertyReader)(sd_bus_message *m, void *to);

typedef struct Property {
        const char *name, *signature;
        PropertyReader read;
        size_t offset; /* of the field in the caller's struct */
} Property;

typedef struct Properties {
        const Property *list;
        size_t n;
} Properties;

/* Into `to`, whose other fields it leaves alone. What the table does not name is skipped. 0 or a negative errno: what had
 * been read before that stays in `to`. */
int properties_read(sd_bus_message *answer, const Properties *properties, void *to);

/* The question for an object of PID 1's, not yet sent. `interface`: "" for every interface in one answer. */
int properties_question(sd_bus *bus, const char *path, const char *interface, sd_bus_message **ret);

/* For fields of the type in the name. A char * is owned by the struct; what was there is freed. */
int property_read_string(sd_bus_message *m, void *to);
int property_read_u64(sd_bus_message *m, void *to);
