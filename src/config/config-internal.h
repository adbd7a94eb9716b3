/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of this folder say to each other: config-syntax.c turns bytes into assignments, config-keys.c finds
 * the key's row, config-variables.c that of a variable of AWS's tools, config-values.c judges the value, config-times.c
 * the plan as a whole; config.c puts it together. */

#include "cleanup.h"
#include "config.h"
#include "time-limits.h"

#define KEYS_MAX 32  /* rows in config-keys.c; checked there */
#define VARIABLES 32 /* rows in config-variables.c; checked there */

/* A renewal each second is already thirty times what DynamoDB's users pay for willingly. */
#define RENEW_US_MIN USEC_PER_SEC
/* Less than that is no polite stop. */
#define STOP_US_MIN USEC_PER_SEC
/* Date counts whole seconds, so less can't be told apart; beyond the original's 40 s the headroom of expire_time is
 * used up. */
#define SKEW_US_MIN USEC_PER_SEC
#define SKEW_US_MAX CLOCK_SKEW_US_DEFAULT

/* Where a value came from, so that every message names it. */
typedef struct Place {
        const char *source; /* the file's name, or "environment" */
        unsigned line;      /* 0: no line */
        const char *key;    /* NULL: the message is not about one key */
        ConfigError *error;
} Place;

/* Writes "SOURCE:LINE: KEY: message" and returns -EINVAL. Never called with a value that may be a secret. */
int place_refuse(const Place *place, const char *format, ...) _printf_(2, 3);

typedef struct Key Key;

/* Judges `value` and stores it at `field`. 0, -ENOMEM, or -EINVAL by way of place_refuse(). */
typedef int (*KeySetter)(const Key *key, const Place *place, const char *value, void *field);

struct Key {
        const char *name;
        KeySetter set;
        size_t offset;         /* of the field in Config; two keys with the same field exclude each other */
        bool environment;      /* a variable of the same name overrides the file */
        usec_t min_us, max_us; /* of time spans */
};

/* A configuration that is being read. */
typedef struct Draft {
        const ConfigInput *input;
        ConfigError *error;
        Config *config;
        unsigned lines[KEYS_MAX]; /* where each key was set; 0: nowhere in the file */
        unsigned variable_lines[VARIABLES];
} Draft;

/* config-syntax.c: 1 with an assignment (the value may be a secret: free it as one), 0 with a line that says nothing,
 * -ENOMEM, or -EINVAL with a sentence that quotes nothing of the line. */
int config_line_parse(const char *line, size_t length, char **ret_key, char **ret_value, const char **ret_problem);

/* config-keys.c */
int draft_set(Draft *draft, unsigned line, const char *key, const char *value);
int draft_override(Draft *draft);
/* The line that set the field at `offset`, 0 if none did. */
unsigned draft_line(const Draft *draft, size_t offset);

/* config-variables.c: 1, 0 with a name that is none of AWS's tools' variables, or as a KeySetter. */
int draft_set_variable(Draft *draft, unsigned line, const char *name, const char *value);
/* Config.aws_environment out of the file's lines and the environment; as a KeySetter. */
int draft_override_variables(Draft *draft);
/* The name of a variable that may stand in the file, for suggestions; NULL: not that one. `i` < VARIABLES. */
const char *variable_name(size_t i);

/* config-values.c */
int set_aws_key_id(const Key *key, const Place *place, const char *value, void *field);
int set_aws_secret(const Key *key, const Place *place, const char *value, void *field);
int set_aws_session_token(const Key *key, const Place *place, const char *value, void *field);
int set_region(const Key *key, const Place *place, const char *value, void *field);
int set_table(const Key *key, const Place *place, const char *value, void *field);
int set_endpoint(const Key *key, const Place *place, const char *value, void *field);
int set_label(const Key *key, const Place *place, const char *value, void *field);
int set_my_id(const Key *key, const Place *place, const char *value, void *field);
int set_on_target_exit(const Key *key, const Place *place, const char *value, void *field);
int set_on_stuck(const Key *key, const Place *place, const char *value, void *field);
int set_yes_no(const Key *key, const Place *place, const char *value, void *field);

/* config-units.c */
int set_target_units(const Key *key, const Place *place, const char *value, void *field);
int set_extra_cgroups(const Key *key, const Place *place, const char *value, void *field);

/* config-times.c */
int set_span(const Key *key, const Place *place, const char *value, void *field);
int set_minutes(const Key *key, const Place *place, const char *value, void *field);
/* Everything about the times that can be judged without knowing the target's units; fills in the poll time. */
int draft_check_times(Draft *draft);
