/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "varlink.h"

#include <errno.h>
#include <json-c/json.h>

#include "check.h"
#include "cleanup.h"
#include "interface-text.h"
#include "sample-picture.h"

#define STATUS "{\"method\":\"org.cloudlock1.Lock.Status\"}"
#define ERROR(name, key, value) \
        "{\"error\":\"org.varlink.service." name "\",\"parameters\":{\"" key "\":\"" value "\"}}"

static ControlPicture picture;

static Varlink *open_conversation(void) {
        Varlink *v = NULL;

        sample_picture(&picture);
        CHECK_EQ(varlink_new(&picture, &v), 0);
        return v;
}

/* Everything that it answers to what it was given, one answer a line. */
static char *answers(Varlink *v) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        do {
                const char *output = varlink_output(v, &size);

                if (size == 0)
                        continue;
                CHECK(memchr(output, '\0', size) == output + size - 1);
                fprintf(f, "%s\n", output);
                varlink_sent(v, size);
        } while (varlink_step(v) > 0 || (varlink_output(v, &size), size > 0));
        fclose(f);
        return text;
}

/* One message, NUL included, to a conversation of its own. */
static char *call(const char *message, bool *ret_over) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        char *text;

        CHECK_EQ(varlink_feed(v, message, strlen(message) + 1), 0);
        text = answers(v);
        *ret_over = varlink_is_over(v);
        return text;
}

static void check_answer(const char *message, const char *expected, bool expected_over) {
        bool over;
        _cleanup_free_ char *answer = call(message, &over);
        _cleanup_free_ char *line = NULL;

        CHECK(asprintf(&line, "%s%s", expected, *expected ? "\n" : "") >= 0);
        CHECK_STR(answer, line);
        CHECK_EQ(over, expected_over);
}

static void test_info(void) {
        check_answer("{\"method\":\"org.varlink.service.GetInfo\",\"parameters\":{}}",
                     "{\"parameters\":{\"vendor\":\"cloudlock\",\"product\":\"cloudlockd\",\"version\":\"" PACKAGE_VERSION
                     "\",\"url\":\"man:cloudlockd(8)\",\"interfaces\":[\"org.cloudlock1.Lock\",\"org.varlink.service\"]}}",
                     false);
}

static void check_description(const char *interface, const char *expected) {
        bool over;
        _cleanup_free_ char *message = NULL, *answer = NULL;
        struct json_object *root, *parameters, *description;

        CHECK(asprintf(&message,
                       "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"%s\"}}",
                       interface) >= 0);
        answer = call(message, &over);
        root = json_tokener_parse(answer);
        CHECK(json_object_object_get_ex(root, "parameters", &parameters));
        CHECK(json_object_object_get_ex(parameters, "description", &description));
        CHECK_STR(json_object_get_string(description), expected);
        json_object_put(root);
}

static void test_descriptions(void) {
        check_description("org.cloudlock1.Lock", interface_text_lock);
        check_description("org.varlink.service", interface_text_service);
        CHECK(strstr(interface_text_lock, "\ninterface org.cloudlock1.Lock\n"));
}

static void test_status_full(void) {
        sample_picture(&picture);
        check_answer(STATUS,
                     "{\"parameters\":{\"instance\":\"validator-1\",\"label\":\"validator\",\"table\":\"locks\","
                     "\"region\":\"eu-central-1\",\"myId\":\"node1\",\"holderId\":\"node1#0123abcd\",\"state\":\"running\","
                     "\"status\":\"running validator.service, fence 1763928001123\",\"held\":true,"
                     "\"holder\":\"node1#0123abcd\",\"holderHost\":\"00112233445566778899aabbccddeeff\","
                     "\"since\":1763928000123000,\"expires\":1763930740000000,"
                     "\"version\":\"6e0ad8ea-6f5b-4b9c-9d6e-0d7a0c3a1b52\",\"leaseUSec\":1800000000,"
                     "\"gapUSec\":1800000000,\"renewUSec\":120000000,\"pollUSec\":10000000,\"fence\":1763928001123,"
                     "\"lastRenewal\":1763928940000000,\"storeAnswered\":1763928940000000,\"storeFailing\":false,"
                     "\"clockSkewUSec\":-250000,\"duplicateId\":false,\"stopAt\":1763930600000000,"
                     "\"killAt\":1763930700000000,\"next\":\"renew\",\"nextAt\":1763929060000000,"
                     "\"stateSince\":1763928900000000,\"paused\":false,\"kept\":false,"
                     "\"watchdogUSec\":30000000,\"guardWatched\":true,\"hardwareWatchdog\":\"/dev/watchdog0\","
                     "\"hardwareWatchdogUSec\":20000000,\"hardwareWatchdogFed\":1763928990000000,\"hostClock\":\"ptp_kvm\",\"onStuck\":\"reboot\","
                     "\"targets\":[{\"unit\":\"validator.service\",\"activeState\":\"active\"}]}}",
                     false);
}

/* What is unknown is left out, and bytes that are no UTF-8 do not get out. */
static void test_status_empty(void) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        _cleanup_free_ char *answer = NULL;

        picture = (ControlPicture) { .instance = "x", .label = "l\xff", .table = "t", .region = "r", .my_id = "m" };
        CHECK_EQ(varlink_feed(v, STATUS, sizeof(STATUS)), 0);
        answer = answers(v);
        CHECK_STR(answer,
                  "{\"parameters\":{\"instance\":\"x\",\"label\":\"l?\",\"table\":\"t\",\"region\":\"r\",\"myId\":\"m\","
                  "\"state\":\"starting-up\",\"held\":false,\"leaseUSec\":0,\"gapUSec\":0,\"renewUSec\":0,\"pollUSec\":0,"
                  "\"storeFailing\":false,\"duplicateId\":false,\"paused\":false,"
                  "\"kept\":false,\"watchdogUSec\":0,\"targets\":[]}}\n");
}

/* The calls are fine as calls; the conversation goes on. */
static void test_errors(void) {
        check_answer("{\"method\":\"org.example.Foo.Bar\"}", ERROR("InterfaceNotFound", "interface", "org.example.Foo"), false);
        check_answer("{\"method\":\"org.cloudlock1.Lock.Foo\"}",
                     ERROR("MethodNotFound", "method", "org.cloudlock1.Lock.Foo"), false);
        check_answer("{\"method\":\"Status\"}", ERROR("InvalidParameter", "parameter", "method"), false);
        check_answer("{\"method\":\"org.cloudlock1.Lock.Status\",\"parameters\":{\"a/b\":1}}",
                     ERROR("InvalidParameter", "parameter", "a/b"), false);
        check_answer("{\"method\":\"org.varlink.service.GetInterfaceDescription\"}",
                     ERROR("InvalidParameter", "parameter", "interface"), false);
        check_answer("{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":7}}",
                     ERROR("InvalidParameter", "parameter", "interface"), false);
        check_answer("{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"a.b\"}}",
                     ERROR("InterfaceNotFound", "interface", "a.b"), false);
        check_answer("{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                     "\"parameters\":{\"interface\":\"org.cloudlock1.Lock\",\"more\":1}}",
                     ERROR("InvalidParameter", "parameter", "more"), false);
}

/* What is no call is answered, and then it is over. */
static void test_broken(void) {
        static const struct {
                const char *message, *wrong;
        } cases[] = {
                { "", "message" },
                { " ", "message" },
                { "GET / HTTP/1.1", "message" },
                { "null", "message" },
                { "7", "message" },
                { "[" STATUS "]", "message" },
                { "{", "message" },
                { STATUS "x", "message" },
                { STATUS STATUS, "message" },
                { "{\"method\":\"a.B\xff\"}", "message" },
                { "{'method':'a.B'}", "message" },
                { "{}", "method" },
                { "{\"method\":null}", "method" },
                { "{\"method\":7}", "method" },
                { "{\"method\":\"org.cloudlock1.Lock.Status\\u0000\"}", "method" },
                { "{\"method\":\"a.B\",\"parameters\":[]}", "parameters" },
                { "{\"method\":\"a.B\",\"oneway\":\"yes\"}", "oneway" },
                { "{\"method\":\"a.B\",\"more\":1}", "more" },
                { "{\"method\":\"a.B\",\"upgrade\":true}", "upgrade" },
                { "{\"method\":\"a.B\",\"foo\":{}}", "foo" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *expected = NULL;

                CHECK(asprintf(&expected, ERROR("InvalidParameter", "parameter", "%s"), cases[i].wrong) >= 0);
                check_answer(cases[i].message, expected, true);
        }
}

static void test_members(void) {
        bool over;
        _cleanup_free_ char *plain = call(STATUS, &over), *more = NULL;

        more = call(" {\"more\":false,\"oneway\":null,\"upgrade\":false,\"org.example.trace\":{\"id\":1},\"parameters\":null,"
                    "\"method\":\"org.cloudlock1.Lock.Status\"}\n ", &over);
        CHECK_STR(more, plain);
        CHECK(!over);
}

#define LOCK_ERROR(name, message) \
        "{\"error\":\"org.cloudlock1.Lock." name "\",\"parameters\":{\"message\":\"" message "\"}}"
#define CALL(method, rest) "{\"method\":\"org.cloudlock1.Lock." method "\"" rest "}"

/* What one message asks for, or NULL. */
static const OperationCall *operation_of(Varlink *v, const char *message, bool *ret_interactive) {
        CHECK_EQ(varlink_feed(v, message, strlen(message) + 1), 0);
        CHECK_EQ(varlink_step(v), 1);
        return varlink_operation(v, ret_interactive);
}

/* Each operation, with what it takes; the conversation waits for the answer. */
static void test_operations(void) {
        static const struct {
                const char *message;
                OperationCall expected;
                bool interactive;
        } cases[] = {
                { CALL("Pause", ""), { .id = OPERATION_PAUSE }, false },
                { CALL("Resume", ",\"parameters\":{\"allowInteractiveAuthentication\":true}"), { .id = OPERATION_RESUME }, true },
                { CALL("Keep", ",\"parameters\":{\"allowInteractiveAuthentication\":null}"), { .id = OPERATION_KEEP }, false },
                { CALL("Unkeep", ",\"more\":true"), { .id = OPERATION_UNKEEP }, false },
                { CALL("Renew", ",\"parameters\":{}"), { .id = OPERATION_RENEW }, false },
                { CALL("Release", ""), { .id = OPERATION_RELEASE }, false },
                { CALL("Release", ",\"parameters\":{\"forUSec\":5000000}"), { .id = OPERATION_RELEASE, .for_us = 5000000 }, false },
                { CALL("Release", ",\"parameters\":{\"forUSec\":18446744073709551615}"),
                  { .id = OPERATION_RELEASE, .for_us = USEC_INFINITY }, false },
                { CALL("Handover", ""), { .id = OPERATION_HANDOVER }, false },
                { CALL("Handover", ",\"parameters\":{\"to\":\"node2\"}"), { .id = OPERATION_HANDOVER, .to = "node2" }, false },
                { CALL("ForceUnlock", ",\"parameters\":{\"holder\":\"a b\",\"version\":\"v\"}"),
                  { .id = OPERATION_FORCE_UNLOCK, .holder = "a b", .version = "v" }, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(varlink_freep) Varlink *v = open_conversation();
                const OperationCall *expected = &cases[i].expected, *found;
                _cleanup_free_ char *answer = NULL;
                bool interactive;

                found = operation_of(v, cases[i].message, &interactive);
                CHECK(found);
                CHECK_EQ(found->id, expected->id);
                CHECK_EQ(found->for_us, expected->for_us);
                CHECK_STR(found->to, expected->to);
                CHECK_STR(found->holder, expected->holder);
                CHECK_STR(found->version, expected->version);
                CHECK_EQ(interactive, cases[i].interactive);
                CHECK_EQ(varlink_feed(v, STATUS, sizeof(STATUS)), 0);
                CHECK_EQ(varlink_step(v), 0);
                CHECK_EQ(varlink_answer(v, &(OperationAnswer) {}), 0);
                CHECK(!varlink_operation(v, &interactive));
                answer = answers(v);
                CHECK(strncmp(answer, "{\"parameters\":{}}\n{\"parameters\":{\"instance\"", 43) == 0);
        }
}

static void test_operation_parameters(void) {
        static const struct {
                const char *message, *wrong;
        } cases[] = {
                { CALL("Pause", ",\"parameters\":{\"forUSec\":1}"), "forUSec" },
                { CALL("Pause", ",\"parameters\":{\"allowInteractiveAuthentication\":1}"), "allowInteractiveAuthentication" },
                { CALL("Release", ",\"parameters\":{\"forUSec\":-1}"), "forUSec" },
                { CALL("Release", ",\"parameters\":{\"forUSec\":1.5}"), "forUSec" },
                { CALL("Release", ",\"parameters\":{\"forUSec\":\"5\"}"), "forUSec" },
                { CALL("Handover", ",\"parameters\":{\"to\":7}"), "to" },
                { CALL("Handover", ",\"parameters\":{\"to\":\"a\\u0000b\"}"), "to" },
                { CALL("ForceUnlock", ""), "holder" },
                { CALL("ForceUnlock", ",\"parameters\":{\"holder\":\"x\"}"), "version" },
                { CALL("ForceUnlock", ",\"parameters\":{\"holder\":null,\"version\":\"v\"}"), "holder" },
                { CALL("ForceUnlock", ",\"parameters\":{\"holder\":\"x\",\"version\":"
                                      "\"01234567890123456789012345678901234567890123456789012345678901234\"}"), "version" },
                { CALL("Metrics", ",\"parameters\":{\"allowInteractiveAuthentication\":true}"), "allowInteractiveAuthentication" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *expected = NULL;

                CHECK(asprintf(&expected, ERROR("InvalidParameter", "parameter", "%s"), cases[i].wrong) >= 0);
                check_answer(cases[i].message, expected, false);
        }
}

static void check_refusal(const OperationAnswer *refusal, const char *expected) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        _cleanup_free_ char *answer = NULL;
        bool interactive;

        CHECK(operation_of(v, CALL("Renew", ""), &interactive));
        CHECK_EQ(varlink_answer(v, refusal), 0);
        answer = answers(v);
        CHECK_STR(answer, expected);
}

static void test_refusals(void) {
        check_refusal(&(OperationAnswer) { .error = "NotHeld", .message = "Not here\xff" }, LOCK_ERROR("NotHeld", "Not here?") "\n");
        check_refusal(&(OperationAnswer) { .error = OPERATION_DENIED, .message = "Only root" },
                      "{\"error\":\"org.varlink.service.PermissionDenied\",\"parameters\":{}}\n");
        check_refusal(&(OperationAnswer) { .error = OPERATION_ASK, .message = "Ask" },
                      LOCK_ERROR("InteractiveAuthenticationRequired", "Ask") "\n");
}

/* Done all the same, and then the next call has its turn. */
static void test_oneway_operation(void) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        _cleanup_free_ char *answer = NULL;
        bool interactive;

        CHECK(operation_of(v, CALL("Pause", ",\"oneway\":true"), &interactive));
        CHECK_EQ(varlink_answer(v, &(OperationAnswer) { .error = "Failed" }), 0);
        CHECK_EQ(varlink_feed(v, STATUS, sizeof(STATUS)), 0);
        answer = answers(v);
        CHECK(strstr(answer, "{\"parameters\":{\"instance\"") == answer);
}

/* Answers go on for good, one at a time, and no other call is dealt with. */
static void test_watch(void) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        _cleanup_free_ char *first = NULL, *second = NULL;
        size_t size, before;

        CHECK_EQ(varlink_feed(v, CALL("Status", ",\"more\":true"), strlen(CALL("Status", ",\"more\":true")) + 1), 0);
        CHECK(!varlink_watches(v));
        first = answers(v);
        CHECK(varlink_watches(v));
        CHECK(strstr(first, "\"continues\":true"));
        CHECK_EQ(varlink_feed(v, STATUS, sizeof(STATUS)), 0);
        CHECK_EQ(varlink_step(v), 0);
        picture.view.state = LOCK_STOPPING;
        CHECK_EQ(varlink_tell(v), 0);
        varlink_output(v, &before);
        picture.view.reason[0] = 'x';
        CHECK_EQ(varlink_tell(v), 0); /* not before the last one is taken */
        varlink_output(v, &size);
        CHECK_EQ(size, before);
        second = answers(v);
        CHECK(strstr(second, "\"state\":\"stopping\"") && strstr(second, "\"continues\":true"));
}

static void test_oneway_watch(void) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        _cleanup_free_ char *answer = NULL;
        const char *message = CALL("Status", ",\"more\":true,\"oneway\":true");

        CHECK_EQ(varlink_feed(v, message, strlen(message) + 1), 0);
        answer = answers(v);
        CHECK_STR(answer, "");
        CHECK(!varlink_watches(v));
}

static void test_history(void) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        _cleanup_free_ char *answer = NULL;

        picture.history.ring[0] = (HistoryChange) {
                .since_us = 5, .until_us = 7, .how = HISTORY_RELEASED, .holder = "a\xff", .host = "h",
        };
        picture.history.ring[1] = (HistoryChange) { .since_us = 8, .holder = "b" };
        picture.history.n = 2;
        CHECK_EQ(varlink_feed(v, CALL("History", ""), sizeof(CALL("History", ""))), 0);
        answer = answers(v);
        CHECK_STR(answer, "{\"parameters\":{\"changes\":["
                          "{\"since\":5,\"until\":7,\"holder\":\"a?\",\"host\":\"h\",\"how\":\"released\"},"
                          "{\"since\":8,\"holder\":\"b\",\"how\":\"acquired\"}]}}\n");
}

static void test_metrics(void) {
        bool over;
        _cleanup_free_ char *answer = call(CALL("Metrics", ""), &over);

        CHECK(strstr(answer, "{\"parameters\":{\"text\":\"# TYPE cloudlock_build info\\n") == answer);
}

static void test_oneway(void) {
        check_answer("{\"method\":\"org.cloudlock1.Lock.Status\",\"oneway\":true}", "", false);
        check_answer("{\"method\":\"org.cloudlock1.Lock.Foo\",\"oneway\":true}", "", false);
        check_answer("{\"foo\":1,\"oneway\":true}", "", true);
}

/* Behind a oneway call the next answer belongs to the next call. */
static void test_pipelined(void) {
        static const char calls[] = "{\"method\":\"a.b.C\"}\0{\"method\":\"d.E\",\"oneway\":true}\0{\"method\":\"f.G\"}\0{\"met";
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        _cleanup_free_ char *answer = NULL, *rest = NULL;

        CHECK_EQ(varlink_feed(v, calls, sizeof(calls) - 1), 0);
        answer = answers(v);
        CHECK_STR(answer, ERROR("InterfaceNotFound", "interface", "a.b") "\n" ERROR("InterfaceNotFound", "interface", "f") "\n");
        CHECK_EQ(varlink_feed(v, "hod\":\"h.I\"}", 12), 0);
        rest = answers(v);
        CHECK_STR(rest, ERROR("InterfaceNotFound", "interface", "h") "\n");
}

static void test_split(void) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        bool over;
        _cleanup_free_ char *whole = call(STATUS, &over), *answer = NULL;

        for (size_t i = 0; i < sizeof(STATUS); i++) {
                CHECK_EQ(varlink_step(v), 0);
                CHECK_EQ(varlink_feed(v, &STATUS[i], 1), 0);
        }
        answer = answers(v);
        CHECK_STR(answer, whole);
}

/* An answer that is not taken holds the next call back, and the input fills up. */
static void test_unread_answers(void) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        size_t size, before;

        CHECK_EQ(varlink_feed(v, STATUS "\0" STATUS, 2 * sizeof(STATUS)), 0);
        CHECK_EQ(varlink_step(v), 1);
        CHECK_EQ(varlink_step(v), 0);
        varlink_output(v, &before);
        varlink_sent(v, 10);
        varlink_output(v, &size);
        CHECK_EQ(size, before - 10);
        CHECK_EQ(varlink_step(v), 0);
        while (varlink_room(v) >= sizeof(STATUS))
                CHECK_EQ(varlink_feed(v, STATUS, sizeof(STATUS)), 0);
        varlink_sent(v, size);
        CHECK_EQ(varlink_step(v), 1);
        CHECK(varlink_room(v) >= sizeof(STATUS));
}

/* A call padded with blanks to `size`, its NUL not included. */
static char *padded_call(size_t size) {
        char *message = malloc(size + 1);

        memset(message, ' ', size);
        memcpy(message, STATUS, strlen(STATUS));
        message[size] = '\0';
        return message;
}

static void test_greatest(void) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        _cleanup_free_ char *message = padded_call(VARLINK_MESSAGE_MAX), *answer = NULL;

        CHECK_EQ(varlink_room(v), VARLINK_MESSAGE_MAX + 1);
        CHECK_EQ(varlink_feed(v, message, VARLINK_MESSAGE_MAX + 1), 0);
        CHECK_EQ(varlink_room(v), 0);
        answer = answers(v);
        CHECK(strstr(answer, "\"state\":\"running\""));
        CHECK(!varlink_is_over(v));
}

static void test_too_long(void) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        _cleanup_free_ char *message = padded_call(VARLINK_MESSAGE_MAX + 1), *answer = NULL;

        CHECK_EQ(varlink_feed(v, message, VARLINK_MESSAGE_MAX + 1), 0);
        answer = answers(v);
        CHECK_STR(answer, ERROR("InvalidParameter", "parameter", "message") "\n");
        CHECK(varlink_is_over(v));
        CHECK_EQ(varlink_room(v), 0);
        CHECK_EQ(varlink_step(v), 0);
}

static void test_deep(void) {
        char message[VARLINK_MESSAGE_MAX] = "{\"method\":\"a.B\",\"parameters\":";
        size_t start = strlen(message);

        memset(message + start, '[', sizeof(message) - start - 1);
        check_answer(message, ERROR("InvalidParameter", "parameter", "message"), true);
}

static void test_nothing(void) {
        _cleanup_(varlink_freep) Varlink *v = open_conversation();
        size_t size;

        CHECK_EQ(varlink_feed(v, NULL, 0), 0);
        CHECK_EQ(varlink_step(v), 0);
        CHECK(!varlink_output(v, &size));
        CHECK_EQ(size, 0);
        CHECK(!varlink_is_over(v));
        CHECK(!varlink_free(NULL));
}

int main(void) {
        static const Case cases[] = {
                { "GetInfo", test_info },
                { "GetInterfaceDescription returns the files", test_descriptions },
                { "Status with everything known", test_status_full },
                { "Status with nothing known", test_status_empty },
                { "errors", test_errors },
                { "what is no call", test_broken },
                { "members of a call", test_members },
                { "operations", test_operations },
                { "parameters of operations", test_operation_parameters },
                { "refused operations", test_refusals },
                { "an operation that is oneway", test_oneway_operation },
                { "more", test_watch },
                { "more and oneway", test_oneway_watch },
                { "history", test_history },
                { "metrics", test_metrics },
                { "oneway", test_oneway },
                { "pipelined calls", test_pipelined },
                { "byte by byte", test_split },
                { "answers that nobody reads", test_unread_answers },
                { "the greatest message", test_greatest },
                { "one byte more", test_too_long },
                { "deep nesting", test_deep },
                { "nothing at all", test_nothing },
        };

        return RUN_CASES(cases);
}
