/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faulty.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What each call returns as it fails, and errno with it. */
typedef struct Failure {
        long value;
        int error;
        bool is_done; /* what is asked for comes about all the same */
} Failure;

enum { done = 1 };

#define CALL(line, name, value, error, ...) { (long) (value), (error), __VA_ARGS__ + 0 },
static const Failure failures[] = {
#include "calls-list.h"
};
#undef CALL

extern const char __executable_start[]; /* the linker's */

static TortureFile *torture;

static __attribute__((constructor)) void torture_open(void) {
        const char *path = getenv("TORTURE");
        long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
        void *map;

        if (fd < 0)
                return;
        map = mmap(NULL, sizeof(TortureFile), PROT_READ | PROT_WRITE, MAP_SHARED, (int) fd, 0);
        syscall(SYS_close, fd);
        if (map != MAP_FAILED)
                torture = map;
}

/* What torture_call makes of a call. */
typedef enum Verdict {
        VERDICT_MAKE,
        VERDICT_FAIL,
        VERDICT_MAKE_AND_FAIL,
} Verdict;

Verdict torture_judge(uint32_t name, const char *caller, long *ret_value);

/* For each call, before it is made; what it returns if it is to fail. */
Verdict torture_judge(uint32_t name, const char *caller, long *ret_value) {
        uint32_t n;

        if (!torture)
                return VERDICT_MAKE;
        n = __atomic_add_fetch(&torture->n_calls, 1, __ATOMIC_RELAXED);
        if (n <= TORTURE_CALLS_MAX) {
                torture->calls[n - 1].name = name;
                torture->calls[n - 1].caller = (uint32_t) (caller - __executable_start);
        }
        if (n != torture->fail_at[0] && n != torture->fail_at[1])
                return VERDICT_MAKE;
        __atomic_add_fetch(&torture->n_failed, 1, __ATOMIC_RELAXED);
        if (failures[name].error != 0)
                errno = failures[name].error;
        *ret_value = failures[name].value;
        return failures[name].is_done ? VERDICT_MAKE_AND_FAIL : VERDICT_FAIL;
}

/* The linker's --wrap sends each call of NAME to __wrap_NAME, and __real_NAME is the one that was meant. What a call is
 * given is none of our business: all registers that may carry it are as they were when it goes on to the real one. */
__asm__(".text\n"
        ".type torture_call, @function\n"
        "torture_call:\n" /* eax for a variadic call, r10: the real one, r11: its line in calls.list */
        "        push %rbp\n"
        "        mov %rsp, %rbp\n"
        "        push %rdi\n"
        "        push %rsi\n"
        "        push %rdx\n"
        "        push %rcx\n"
        "        push %r8\n"
        "        push %r9\n"
        "        push %rax\n"
        "        push %r10\n"
        "        sub $144, %rsp\n"
        "        movups %xmm0, (%rsp)\n"
        "        movups %xmm1, 16(%rsp)\n"
        "        movups %xmm2, 32(%rsp)\n"
        "        movups %xmm3, 48(%rsp)\n"
        "        movups %xmm4, 64(%rsp)\n"
        "        movups %xmm5, 80(%rsp)\n"
        "        movups %xmm6, 96(%rsp)\n"
        "        movups %xmm7, 112(%rsp)\n"
        "        mov %r11d, %edi\n"
        "        mov 8(%rbp), %rsi\n"
        "        lea 128(%rsp), %rdx\n"
        "        call torture_judge\n"
        "        cmp $1, %al\n"
        "        mov 128(%rsp), %r11\n"
        "        movups (%rsp), %xmm0\n"
        "        movups 16(%rsp), %xmm1\n"
        "        movups 32(%rsp), %xmm2\n"
        "        movups 48(%rsp), %xmm3\n"
        "        movups 64(%rsp), %xmm4\n"
        "        movups 80(%rsp), %xmm5\n"
        "        movups 96(%rsp), %xmm6\n"
        "        movups 112(%rsp), %xmm7\n"
        "        lea 144(%rsp), %rsp\n" /* leaves the flags alone */
        "        pop %r10\n"
        "        pop %rax\n"
        "        pop %r9\n"
        "        pop %r8\n"
        "        pop %rcx\n"
        "        pop %rdx\n"
        "        pop %rsi\n"
        "        pop %rdi\n"
        "        pop %rbp\n"
        "        je 1f\n"
        "        ja 2f\n"
        "        jmp *%r10\n"
        "1:      mov %r11, %rax\n"
        "        ret\n"
        "2:      push %r11\n" /* nothing is given on the stack to those that are made */
        "        call *%r10\n"
        "        pop %rax\n"
        "        ret\n"
        ".size torture_call, .-torture_call\n");

#define CALL(line, name, value, error, ...)                               \
        __asm__(".globl __wrap_" #name "\n"                               \
                ".type __wrap_" #name ", @function\n"                     \
                "__wrap_" #name ":\n"                                     \
                "        mov $" #line ", %r11d\n"                        \
                "        mov __real_" #name "@GOTPCREL(%rip), %r10\n"     \
                "        jmp torture_call\n"                              \
                ".size __wrap_" #name ", .-__wrap_" #name "\n");
#include "calls-list.h"
