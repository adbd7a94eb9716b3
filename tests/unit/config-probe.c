/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For test-pages.py: reads a configuration on standard input, and says why it is refused, if it is. */

#include <stdio.h>

#include "cleanup.h"
#include "config-input.h"

int main(void) {
        _cleanup_(config_freep) Config *config = NULL;
        char text[CONFIG_SIZE_MAX];
        ConfigError error = {};
        size_t size = fread(text, 1, sizeof(text) - 1, stdin);

        text[size] = '\0';
        if (parse_config(text, NULL, &config, &error) >= 0)
                return 0;
        puts(error.text);
        return 1;
}
