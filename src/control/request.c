/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "request.h"

#include <assert.h>
#include <errno.h>

#include "authority.h"
#include "cleanup.h"

struct RequestDesk {
        ControlHandler handler;
        Authority *authority;
};

struct Request {
        RequestDesk *desk;
        AuthorityCheck *check;
        OperationCall call;
        RequestHandler handler;
        void *userdata;
};

int request_desk_new(const ControlPicture *picture, const ControlHandler *handler, RequestDesk **ret) {
        RequestDesk *desk = calloc(1, sizeof(*desk));
        int r;

        if (!desk)
                return -ENOMEM;
        desk->handler = *handler;
        r = authority_new(picture->instance, &desk->authority);
        if (r < 0) {
                free(desk);
                return r;
        }
        *ret = desk;
        return 0;
}

RequestDesk *request_desk_free(RequestDesk *desk) {
        if (!desk)
                return NULL;
        authority_free(desk->authority);
        free(desk);
        return NULL;
}

void request_desk_set_bus(RequestDesk *desk, sd_bus *bus) {
        authority_set_bus(desk->authority, bus);
}

static void refuse(OperationAnswer *answer, const char *error, const char *sentence) {
        answer->error = error;
        snprintf(answer->message, sizeof(answer->message), "%s", sentence);
}

static void answer_by(const RequestDesk *desk, AuthorityVerdict verdict, uid_t uid, const OperationCall *call,
                      OperationAnswer *ret) {
        *ret = (OperationAnswer) {};
        switch (verdict) {
        case AUTHORITY_ALLOWED:
                desk->handler.operate(call, uid, ret, desk->handler.userdata);
                return;
        case AUTHORITY_DENIED:
                refuse(ret, OPERATION_DENIED, "Only root may do that, and whom polkit lets (org.cloudlock1.manage)");
                return;
        case AUTHORITY_CHALLENGE:
                refuse(ret, OPERATION_ASK, "polkit wants a password for that (org.cloudlock1.manage), and may not ask for it");
                return;
        case AUTHORITY_SILENT:
                refuse(ret, OPERATION_DENIED, "Only root may do that, because polkit does not answer");
                return;
        }
        assert(false);
}

static void on_verdict(AuthorityVerdict verdict, uid_t uid, void *userdata) {
        Request *request = userdata;
        OperationAnswer answer;

        request->check = authority_check_free(request->check);
        answer_by(request->desk, verdict, uid, &request->call, &answer);
        request->handler(&answer, request->userdata);
}

int request_begin(RequestDesk *desk, const OperationCaller *caller, const OperationCall *call, RequestHandler handler,
                  void *userdata, OperationAnswer *ret_answer, Request **ret) {
        Request *request = malloc(sizeof(*request));
        AuthorityVerdict verdict;
        int r;

        if (!request)
                return -ENOMEM;
        *request = (Request) { .desk = desk, .call = *call, .handler = handler, .userdata = userdata };
        r = authority_check(desk->authority, caller, operations[call->id].verb, on_verdict, request, &verdict,
                            &request->check);
        if (r == 0) {
                *ret = request;
                return 0;
        }
        free(request);
        if (r > 0)
                answer_by(desk, verdict, caller->uid, call, ret_answer);
        return r;
}

Request *request_free(Request *request) {
        if (!request)
                return NULL;
        authority_check_free(request->check);
        free(request);
        return NULL;
}
