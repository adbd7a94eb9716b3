/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "check.h"
#include "client.h"
#include "drop-ins.h"
#include "file.h"
#include "show.h"

#define NOW_US UINT64_C(1763928001000000)

static const ShowStyle plain = { .utf8 = true };
static char scratch[] = "/tmp/test-command-XXXXXX";

static char *shown(const char *json, const ShowStyle *style) {
        _cleanup_json_ json_object *status = json_tokener_parse(json);
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        show_status(out, style, status, NOW_US);
        fclose(out);
        return text;
}

static void test_show_holder(void) {
        _cleanup_free_ char *text = shown(
                "{\"instance\":\"validator\",\"label\":\"validator\",\"table\":\"locks\",\"region\":\"eu-central-1\","
                "\"holderId\":\"node1#1a2b3c4d\",\"state\":\"running\",\"stateSince\":1763927701000000,"
                "\"status\":\"running validator.service, fence 1763928001123\",\"held\":true,"
                "\"holder\":\"node1#1a2b3c4d\",\"since\":1763927401000000,\"expires\":1763929681000000,"
                "\"leaseUSec\":1800000000,\"gapUSec\":1800000000,\"renewUSec\":120000000,\"pollUSec\":10000000,"
                "\"fence\":1763928001123,\"lastRenewal\":1763927998000000,\"storeAnswered\":1763927998000000,"
                "\"storeFailing\":false,\"clockSkewUSec\":-120000,\"next\":\"renew\",\"nextAt\":1763928058000000,"
                "\"watchdogUSec\":30000000,\"guardWatched\":true,\"hardwareWatchdog\":\"/dev/watchdog0\","
                "\"hardwareWatchdogUSec\":20000000,\"hardwareWatchdogFed\":1763927998000000,\"hostClock\":\"ptp_kvm\",\"onStuck\":\"reboot\","
                "\"targets\":[{\"unit\":\"validator.service\",\"activeState\":\"active\"},"
                "{\"unit\":\"b.service\",\"activeState\":\"failed\"}]}", &plain);

        CHECK_STR(text,
                  "● validator - running validator.service, fence 1763928001123\n"
                  "     State: running since 2025-11-23 19:55:01 UTC; 5min ago\n"
                  "      Lock: validator in table locks, eu-central-1\n"
                  "     My id: node1#1a2b3c4d\n"
                  "    Holder: node1#1a2b3c4d (this host)\n"
                  "     Since: 2025-11-23 19:50:01 UTC; 10min ago\n"
                  "   Expires: 2025-11-23 20:28:01 UTC; in 28min\n"
                  "     Fence: 1763928001123\n"
                  "   Renewed: 2025-11-23 19:59:58 UTC; 3s ago\n"
                  "   Targets: validator.service (active)\n"
                  "            b.service (failed)\n"
                  "      Next: in 57s: renewal\n"
                  "     Store: answered 3s ago\n"
                  "     Clock: 120ms behind the store's\n"
                  "      Plan: lease 30min, renewed every 2min, gap 30min, a standby looks every 10s\n"
                  "    Layers: guard watched, cloudlockd watched (30s), /dev/watchdog0 (20s), host clock ptp_kvm, "
                  "reboot when stuck\n");
}

static void test_show_trouble(void) {
        static const ShowStyle color = { .color = true };
        _cleanup_free_ char *text = shown(
                "{\"instance\":\"x\",\"state\":\"refusing\",\"status\":\"refusing to lead: clock\",\"reason\":\"clock\","
                "\"held\":false,\"holder\":\"node9#00000000\",\"holderHost\":\"cd\",\"storeFailing\":true,"
                "\"storeError\":\"connection refused\",\"duplicateId\":true,\"next\":\"none\",\"clockSkewUSec\":41000000,\"watchdogUSec\":0,"
                "\"onStuck\":\"none\"}",
                &color);

        CHECK_STR(text,
                  "\033[0;1;31mx\033[0m x - refusing to lead: clock\n"
                  "     State: refusing\n"
                  "    Reason: clock\n"
                  "   Warning: another machine uses this cloudlock_my_id; give each host its own\n"
                  "    Holder: node9#00000000 (host cd)\n"
                  "     Store: fails\n"
                  "     Error: connection refused\n"
                  "     Clock: 41s ahead of the store's\n"
                  "    Layers: cloudlockd not watched, no hardware watchdog, no host clock\n");
}

/* The holder's name comes from a table that others write to, the rest may come from a newer daemon. */
static void test_show_hostile(void) {
        _cleanup_free_ char *text = shown(
                "{\"instance\":5,\"state\":\"brand-new\",\"holder\":\"a\\u001b[2J\\u009bb\\u007f\\n\",\"since\":\"x\","
                "\"expires\":-5,\"targets\":[7,{\"unit\":[]},{\"unit\":\"u\"}],\"next\":\"dance\",\"nextAt\":1,"
                "\"clockSkewUSec\":-9223372036854775808}", &plain);

        CHECK_STR(text,
                  "○ ? - brand-new\n"
                  "     State: brand-new\n"
                  "    Holder: a?[2J?b??\n"
                  "            u (unknown)\n"
                  "      Next: now: dance\n"
                  "     Clock: 106751991d 4h behind the store's\n");
}

static int call_server(const char *answer, size_t size, json_object **ret) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;
        pid_t pid;

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", scratch);
        unlink(address.sun_path);
        CHECK(bind(listener, (struct sockaddr *) &address, sizeof(address)) == 0 && listen(listener, 1) == 0);
        pid = fork();
        if (pid == 0) {
                char call[256] = "";
                int fd = accept(listener, NULL, NULL);
                ssize_t n = read(fd, call, sizeof(call));

                /* In two parts, as a stream may bring it. */
                if (n > 0 && strcmp(call, "{\"method\":\"a.b.C\"}") == 0 && size > 0 && write(fd, answer, 1) == 1)
                        n = write(fd, answer + 1, size - 1);
                _exit(n < 0);
        }
        close(listener);
        r = varlink_call(address.sun_path, "a.b.C", ret);
        CHECK_EQ(waitpid(pid, NULL, 0), pid);
        return r;
}

static void test_call(void) {
        static const char good[] = "{\"parameters\":{\"a\":1}}", error[] = "{\"error\":\"a.b.No\",\"parameters\":{}}";
        static const char list[] = "{\"parameters\":[]}", cut[] = "{\"parameters\":{";
        _cleanup_json_ json_object *parameters = NULL;
        json_object *untouched = NULL;

        CHECK_EQ(call_server(good, sizeof(good), &parameters), 0);
        CHECK_STR(json_object_to_json_string_ext(parameters, JSON_C_TO_STRING_PLAIN), "{\"a\":1}");
        CHECK_EQ(call_server(error, sizeof(error), &untouched), -EREMOTEIO);
        CHECK_EQ(call_server(list, sizeof(list), &untouched), -EBADMSG);
        CHECK_EQ(call_server(cut, sizeof(cut), &untouched), -EBADMSG);
        CHECK_EQ(call_server(good, sizeof(good) - 1, &untouched), -EBADMSG);
        CHECK_EQ(varlink_call("/nonexistent/control", "a.b.C", &untouched), -ENOENT);
        CHECK(!untouched);
}

/* Nobody listens on the socket that the last server left. */
static void test_call_dead_socket(void) {
        json_object *untouched = NULL;
        char path[64];

        snprintf(path, sizeof(path), "%s/control", scratch);
        CHECK_EQ(varlink_call(path, "a.b.C", &untouched), -ECONNREFUSED);
        CHECK_EQ(unlink(path), 0);
}

static char *scratch_path(char buf[128], const char *name) {
        snprintf(buf, 128, "%s/%s", scratch, name);
        return buf;
}

static bool holds(const char *name, const char *text) {
        _cleanup_free_ char *found = NULL;
        char path[128];

        if (read_small_file(scratch_path(path, name), DROP_IN_SIZE_MAX, &found, NULL) < 0)
                return !text;
        return text && strcmp(found, text) == 0;
}

static void test_drop_ins(void) {
        _cleanup_drop_ins_ DropIns create = {}, change = {}, same = {};
        const char *failed = NULL;
        char path[128];

        CHECK_EQ(drop_ins_add(&create, scratch_path(path, "a.service.d/z.conf"), "one\n"), 0);
        CHECK_EQ(drop_ins_add(&create, scratch_path(path, "b.service.d/z.conf"), "two\n"), 0);
        CHECK(!drop_ins_are_in_place(&create));
        CHECK_EQ(drop_ins_apply(&create, &failed), 0);
        CHECK(holds("a.service.d/z.conf", "one\n") && holds("b.service.d/z.conf", "two\n"));

        CHECK_EQ(drop_ins_add(&change, scratch_path(path, "a.service.d/z.conf"), "three\n"), 0);
        CHECK_EQ(drop_ins_add(&change, scratch_path(path, "b.service.d/z.conf"), NULL), 0);
        CHECK_EQ(drop_ins_apply(&change, &failed), 0);
        CHECK(holds("a.service.d/z.conf", "three\n") && access(scratch_path(path, "b.service.d"), F_OK) < 0);
        CHECK_EQ(drop_ins_add(&same, scratch_path(path, "a.service.d/z.conf"), "three\n"), 0);
        CHECK(drop_ins_are_in_place(&same));

        CHECK_EQ(drop_ins_revert(&change), 0);
        CHECK(holds("a.service.d/z.conf", "one\n") && holds("b.service.d/z.conf", "two\n"));
        CHECK_EQ(drop_ins_revert(&create), 0);
        CHECK(access(scratch_path(path, "a.service.d"), F_OK) < 0);
}

/* The second of three cannot be written: the first is taken back. */
static void test_drop_ins_all_or_nothing(void) {
        _cleanup_drop_ins_ DropIns drop_ins = {};
        const char *failed = NULL;
        char path[128];

        CHECK_EQ(mkdir(scratch_path(path, "a.service.d"), 0755), 0);
        CHECK_EQ(write_file_atomic(scratch_path(path, "a.service.d/z.conf"), "old\n", 4), 0);
        CHECK_EQ(drop_ins_add(&drop_ins, path, "new\n"), 0);
        CHECK_EQ(drop_ins_add(&drop_ins, scratch_path(path, "missing/b.service.d/z.conf"), "new\n"), 0);
        CHECK_EQ(drop_ins_add(&drop_ins, scratch_path(path, "c.service.d/z.conf"), "new\n"), 0);
        CHECK_EQ(drop_ins_apply(&drop_ins, &failed), -ENOENT);
        CHECK_STR(failed, drop_ins.list[1].path);
        CHECK(holds("a.service.d/z.conf", "old\n") && holds("c.service.d/z.conf", NULL));
        CHECK_EQ(unlink(scratch_path(path, "a.service.d/z.conf")), 0);
        CHECK_EQ(rmdir(scratch_path(path, "a.service.d")), 0);
}

static void test_drop_ins_refuse_links(void) {
        _cleanup_drop_ins_ DropIns drop_ins = {};
        char path[128];

        CHECK_EQ(symlink("/dev/null", scratch_path(path, "z.conf")), 0);
        CHECK_EQ(drop_ins_add(&drop_ins, path, "new\n"), -ELOOP);
        CHECK_EQ(drop_ins.n, 0);
        CHECK_EQ(unlink(path), 0);
}

int main(void) {
        static const Case cases[] = {
                { "show a holder", test_show_holder },
                { "show trouble", test_show_trouble },
                { "show hostile text", test_show_hostile },
                { "call a Varlink method", test_call },
                { "call where nobody listens", test_call_dead_socket },
                { "drop-ins come and go", test_drop_ins },
                { "drop-ins: all or nothing", test_drop_ins_all_or_nothing },
                { "drop-ins: no links", test_drop_ins_refuse_links },
        };
        int r;

        if (!mkdtemp(scratch))
                return 1;
        r = RUN_CASES(cases);
        /* Also says whether something was left behind. */
        return rmdir(scratch) < 0 ? 1 : r;
}
