/*
 * The QEMU user-mode plugin: hands every retired instruction of a RISC-V 64 program to perfvec.
 * README.md describes its arguments and what it measures.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "code.h"
#include "job.h"
#include "maps.h"
#include "qemu_api.h"
#include "sink.h"
#include "vcpu.h"

int qemu_plugin_version = PERFVEC_QEMU_API;

/* Nothing is measured any more: the program ended, or this is a child of fork(). */
static atomic_bool stopped;
static bool is_child;

/* System calls of RISC-V Linux that can end the process before the exit callback. */
enum {
    SYS_KILL = 129,
    SYS_TKILL = 130,
    SYS_TGKILL = 131,
    SYS_SIGQUEUE = 138,
    SYS_MUNMAP = 215,
    SYS_EXECVE = 221,
    SYS_MMAP = 222,
    SYS_EXECVEAT = 281,
};

size_t qemu_encoding(const struct qemu_plugin_insn *insn, uint8_t *out, size_t size) {
#if PERFVEC_QEMU_API < 3
    size_t length = qemu_plugin_insn_size(insn);
    if (length > size)
        length = size;
    memcpy(out, qemu_plugin_insn_data(insn), length);
    return length;
#else
    return qemu_plugin_insn_data(insn, out, size);
#endif
}

static bool is_stopped(void) {
    return atomic_load_explicit(&stopped, memory_order_relaxed);
}

static void on_block(unsigned vcpu, void *block) {
    if (!is_stopped())
        vcpu_block(vcpu, block);
}

static void on_access(unsigned vcpu, uint32_t info, uint64_t address, void *position) {
    (void)info;
    if (!is_stopped())
        vcpu_access(vcpu, (uint32_t)(uintptr_t)position, address);
}

static void on_nothing(unsigned vcpu, void *user) {
    (void)vcpu, (void)user;
}

static void on_no_access(unsigned vcpu, uint32_t info, uint64_t address, void *user) {
    (void)vcpu, (void)info, (void)address, (void)user;
}

static void on_translation(qemu_plugin_id id, struct qemu_plugin_tb *tb) {
    (void)id;
    /* A child must not wait for a lock that a thread of its parent held during the fork(). */
    if (is_stopped())
        return;
    size_t size = qemu_plugin_tb_n_insns(tb);
    uint32_t numbers[CODE_MAX_BLOCK];
    bool full = job.mode != JOB_CALLBACKS, failed = size > CODE_MAX_BLOCK;
    if (full && size) {
        struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
        maps_see(qemu_plugin_insn_vaddr(first), qemu_plugin_insn_haddr(first));
    }
    for (size_t i = 0; i < size && !failed; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint8_t bytes[8];
        size_t length = qemu_encoding(insn, bytes, sizeof bytes);
        numbers[i] = code_inst_number(qemu_plugin_insn_vaddr(insn), bytes, length);
        failed = numbers[i] == UINT32_MAX;
        if (!failed && code_inst(numbers[i])->kind & CODE_MEMORY)
            qemu_plugin_register_vcpu_mem_cb(insn, full ? on_access : on_no_access,
                                             QEMU_CB_NO_REGS, QEMU_MEM_READ_WRITE,
                                             (void *)(uintptr_t)i);
    }
    const struct code_block *block = failed ? NULL : code_block(numbers, size);
    if (!block) {
        atomic_store(&stopped, true);
        job_log("no room for another %zu instructions of code; measuring stops here", size);
        return;
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, full ? on_block : on_nothing, QEMU_CB_NO_REGS,
                                         (void *)block);
}

static void on_thread_exit(qemu_plugin_id id, unsigned vcpu) {
    (void)id;
    if (!is_stopped())
        vcpu_exit(vcpu);
}

/* Whether a signal ends a process that does not handle it, and programs send it for that. */
static bool is_deadly(uint64_t signal) {
    static const unsigned char deadly[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15};
    return memchr(deadly, (int)signal, sizeof deadly) != NULL;
}

static void on_syscall(qemu_plugin_id id, unsigned vcpu, int64_t number, uint64_t a, uint64_t b,
                       uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
    (void)id, (void)a, (void)d, (void)e, (void)f, (void)g, (void)h;
    if (is_stopped())
        return;
    if (number == SYS_MUNMAP || (number == SYS_MMAP && c & PROT_EXEC))
        maps_changed();
    bool ends = number == SYS_EXECVE || number == SYS_EXECVEAT;
    if (number == SYS_KILL || number == SYS_TKILL || number == SYS_SIGQUEUE)
        ends = is_deadly(b);
    if (number == SYS_TGKILL)
        ends = is_deadly(c);
    if (ends)
        vcpu_checkpoint(vcpu);
}

static void in_child(void) {
    is_child = true;
    atomic_store(&stopped, true);
}

static void on_exit_of_guest(qemu_plugin_id id, void *user) {
    (void)id, (void)user;
    if (is_child) {
        qemu_plugin_outs("perfvec: a child of fork() is not measured\n");
        return;
    }
    atomic_store(&stopped, true);
    if (job.mode == JOB_CALLBACKS)
        return;
    vcpu_finish_all();
    job_finished();
}

static int refuse(const char *problem) {
    fprintf(stderr, "perfvec: %s\n", problem);
    return 1;
}

int qemu_plugin_install(qemu_plugin_id id, const struct qemu_plugin_host *host, int argc,
                        char **argv) {
    /* `perfvec run` asks whether this QEMU loads this plugin. */
    if (argc == 1 && !strncmp(argv[0], "probe", 5))
        _exit(PROBE_ANSWER);
    if (strcmp(host->target_name, "riscv64") || host->system_emulation)
        return refuse("the plugin is for qemu-riscv64 (user mode)");
    if (perfvec_abi_version() != PERFVEC_ABI_VERSION)
        return refuse("libperfvec.so.0 is of another ABI version than the plugin");
    const char *problem = job_parse(argc, argv);
    if (!problem)
        problem = job_open();
    if (!problem)
        problem = sink_prepare();
    if (problem)
        return refuse(problem);
    if (pthread_atfork(NULL, NULL, in_child))
        return refuse("pthread_atfork() failed for lack of memory");
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_exit_cb(id, on_thread_exit);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    qemu_plugin_register_atexit_cb(id, on_exit_of_guest, NULL);
    return 0;
}
