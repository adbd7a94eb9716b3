/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What operators can ask of a lock, each thing once: the methods of D-Bus and of Varlink are made from this table, and
 * both end in the same call. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "record.h"
#include "time-span.h"

typedef enum OperationId {
        OPERATION_RELEASE,
        OPERATION_HANDOVER,
        OPERATION_PAUSE,
        OPERATION_RESUME,
        OPERATION_KEEP,
        OPERATION_UNKEEP,
        OPERATION_RENEW,
        OPERATION_FORCE_UNLOCK,
        OPERATION_HISTORY,
        OPERATION_METRICS,
        _OPERATION_ID_MAX,
} OperationId;

typedef enum OperationParameter {
        OPERATION_PARAMETER_FOR, /* a length in microseconds; the others are text */
        OPERATION_PARAMETER_TO,
        OPERATION_PARAMETER_HOLDER,
        OPERATION_PARAMETER_VERSION,
        _OPERATION_PARAMETER_MAX,
} OperationParameter;

#define OPERATION_PARAMETERS_MAX 2

typedef struct Operation {
        const char *method; /* of D-Bus and, behind the interface's name, of Varlink */
        const char *verb;   /* of cloudlockctl; what polkit's rules see */
        bool changes;       /* something, so that the authority is asked */
        OperationParameter parameters[OPERATION_PARAMETERS_MAX];
        size_t n_parameters;
        /* Of D-Bus: what goes in and out, and the names of all that, as sd_bus_vtable wants them. */
        const char *signature, *result, *names;
} Operation;

extern const Operation operations[_OPERATION_ID_MAX];

typedef struct OperationParameterInfo {
        const char *name; /* of Varlink */
        bool optional;    /* there; D-Bus has 0 and "" for it */
} OperationParameterInfo;

extern const OperationParameterInfo operation_parameters[_OPERATION_PARAMETER_MAX];

/* By its method's name; -ENOENT. */
int operation_find(const char *method, OperationId *ret);

/* Who asks, as the kernel or the bus says. */
typedef struct OperationCaller {
        uid_t uid;          /* (uid_t) -1: the bus has to be asked about `sender` */
        const char *sender; /* unique name on the bus; NULL: a peer of the socket, with the two below */
        pid_t pid;
        int pidfd;          /* -1: the kernel has none to give */
        bool interactive;   /* may be asked for a password */
} OperationCaller;

typedef struct OperationCall {
        OperationId id;
        usec_t for_us; /* RELEASE: 0 for the default, USEC_INFINITY for no end */
        char to[RECORD_HOLDER_MAX + 1], holder[RECORD_HOLDER_MAX + 1], version[RECORD_VERSION_MAX + 1];
} OperationCall;

/* -EINVAL: longer than such a thing can be. */
int operation_set_text(OperationCall *call, OperationParameter parameter, const char *value);

/* Errors that are not the lock's: these two have names of their own on D-Bus and Varlink. */
#define OPERATION_DENIED "AccessDenied"
#define OPERATION_ASK "InteractiveAuthenticationRequired"
#define OPERATION_FAILED "Failed"

#define OPERATION_MESSAGE_MAX 512

typedef struct OperationAnswer {
        const char *error; /* "NotHeld", static; NULL: accepted */
        char message[OPERATION_MESSAGE_MAX];
} OperationAnswer;
