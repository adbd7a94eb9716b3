/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operation.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"

const OperationParameterInfo operation_parameters[_OPERATION_PARAMETER_MAX] = {
        [OPERATION_PARAMETER_FOR] = { "forUSec", true },
        [OPERATION_PARAMETER_TO] = { "to", true },
        [OPERATION_PARAMETER_HOLDER] = { "holder", false },
        [OPERATION_PARAMETER_VERSION] = { "version", false },
};

const Operation operations[_OPERATION_ID_MAX] = {
        [OPERATION_RELEASE] = { "Release", "release", true, { OPERATION_PARAMETER_FOR }, 1, "t", "", "for_usec\0" },
        [OPERATION_HANDOVER] = { "Handover", "handover", true, { OPERATION_PARAMETER_TO }, 1, "s", "", "to\0" },
        [OPERATION_PAUSE] = { "Pause", "pause", true, {}, 0, "", "", "" },
        [OPERATION_RESUME] = { "Resume", "resume", true, {}, 0, "", "", "" },
        [OPERATION_KEEP] = { "Keep", "keep", true, {}, 0, "", "", "" },
        [OPERATION_UNKEEP] = { "Unkeep", "unkeep", true, {}, 0, "", "", "" },
        [OPERATION_RENEW] = { "Renew", "renew", true, {}, 0, "", "", "" },
        [OPERATION_FORCE_UNLOCK] = { "ForceUnlock", "force-unlock", true,
                                     { OPERATION_PARAMETER_HOLDER, OPERATION_PARAMETER_VERSION }, 2, "ss", "",
                                     "holder\0version\0" },
        [OPERATION_HISTORY] = { "History", "history", false, {}, 0, "", "a(tssts)", "changes\0" },
        [OPERATION_METRICS] = { "Metrics", "metrics", false, {}, 0, "", "s", "text\0" },
};

int operation_find(const char *method, OperationId *ret) {
        for (OperationId id = 0; id < _OPERATION_ID_MAX; id++)
                if (strcmp(operations[id].method, method) == 0) {
                        *ret = id;
                        return 0;
                }
        return -ENOENT;
}

int operation_set_text(OperationCall *call, OperationParameter parameter, const char *value) {
        char *const fields[_OPERATION_PARAMETER_MAX] = {
                [OPERATION_PARAMETER_TO] = call->to,
                [OPERATION_PARAMETER_HOLDER] = call->holder,
                [OPERATION_PARAMETER_VERSION] = call->version,
        };
        const size_t sizes[_OPERATION_PARAMETER_MAX] = {
                [OPERATION_PARAMETER_TO] = sizeof(call->to),
                [OPERATION_PARAMETER_HOLDER] = sizeof(call->holder),
                [OPERATION_PARAMETER_VERSION] = sizeof(call->version),
        };

        if (strlen(value) >= sizes[parameter])
                return -EINVAL;
        strcpy(fields[parameter], value);
        return 0;
}
