/*
 * The QEMU user-mode plugin: hands what a RISC-V 64 program executes to perfvec, through the
 * memory that share.h describes. README.md says what is measured.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exec.h"
#include "ring.h"
#include "maps.h"
#include "qemu_api.h"
#include "quiet.h"

int qemu_plugin_version = PERFVEC_QEMU_API;

/* A benchmark builds a plugin whose callbacks do nothing: what QEMU's part alone costs. */
#ifndef PERFVEC_IDLE
#define PERFVEC_IDLE false
#endif

/* The plugin's arguments. */
static struct {
    const char *sysroot;
    bool children;  /* follow them */
    bool maps;      /* report which files the code comes from */
} job = {.children = true};

/* Blocks of this process so far. QEMU translates under a lock. */
static _Atomic uint64_t blocks;

/* System calls of RISC-V Linux. */
enum {
    SYS_MUNMAP = 215,
    SYS_CLONE = 220,
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
    return PERFVEC_IDLE || atomic_load_explicit(&stopped, memory_order_relaxed);
}

static void on_block(unsigned vcpu, void *user) {
    (void)vcpu;
    const struct block *block = user;
    if (is_stopped())
        return;
    if (quiet_plan.period)
        quiet_block(block);
    /* Room for the whole block: an access and a mark for each of its instructions. */
    if (quiet.on || ring_has(2 * SHARE_MOST + 1)) {
        writer.last = UINT64_MAX;
        ring_put(block->id);
    }
}

static void on_access(unsigned vcpu, uint32_t info, uint64_t address, void *position) {
    (void)vcpu, (void)info;
    uint64_t at = (uint64_t)(uintptr_t)position;
    /* Of an instruction with several accesses the first one counts: of an atomic its read. */
    if (is_stopped() || at == writer.last || !writer.thread)
        return;
    writer.last = at;
    ring_put(SHARE_ACCESS | at << SHARE_POSITION |
             (address & ((UINT64_C(1) << SHARE_POSITION) - 1)));
}

static void on_passed(unsigned vcpu, void *position) {
    (void)vcpu;
    if (is_stopped() || !writer.thread)
        return;
    writer.last = SHARE_MOST + (uint64_t)(uintptr_t)position;
    ring_put(SHARE_SPECIAL | (uint64_t)SHARE_PASSED << SHARE_KIND | (uint64_t)(uintptr_t)position);
}

/* Whether an instruction may access memory; true for a few that do not. The others get no memory
 * callback: on one that calls a helper it would cost time. */
static bool may_access(const uint8_t *bytes) {
    unsigned low = bytes[0] & 3, function = bytes[1] >> 5;
    if (low == 0)
        return function != 0;
    if (low == 1)
        return false;
    if (low == 2)
        return function != 0 && function != 4;
    switch (bytes[0] & 0x7F) {
    case 0x13: /* OP-IMM */
    case 0x17: /* AUIPC */
    case 0x1B: /* OP-IMM-32 */
    case 0x33: /* OP */
    case 0x37: /* LUI */
    case 0x3B: /* OP-32 */
    case 0x43: /* FMADD to FNMADD, OP-FP */
    case 0x47:
    case 0x4B:
    case 0x4F:
    case 0x53:
    case 0x57: /* OP-V */
    case 0x63: /* BRANCH */
    case 0x67: /* JALR */
    case 0x6F: /* JAL */
    case 0x73: /* SYSTEM */
        return false;
    default:
        return true;
    }
}

/* Whether an access does not prove that the instruction retired: it makes several, any of which
 * may fault, or perhaps none. The next retirement is then reported explicitly. */
static bool is_open(const uint8_t *bytes) {
    unsigned width = bytes[1] >> 4 & 7;
    switch (bytes[0] & 0x7F) {
    case 0x07: /* vector loads and stores, among those of floating point */
    case 0x27:
        return width == 0 || width >= 5;
    case 0x2F: /* store-conditional */
        return bytes[3] >> 3 == 3;
    case 0x03:
    case 0x23:
        return false;
    default:
        return (bytes[0] & 3) == 3;
    }
}

/* Whether an instruction is a control transfer or a system call, which retires wherever the program
 * goes on. */
static bool leaves(const uint8_t *bytes) {
    unsigned low = bytes[0] & 3, function = bytes[1] >> 5;
    unsigned code = bytes[0] | (unsigned)bytes[1] << 8;
    switch (low) {
    case 0:
        return false;
    case 1: /* C.J, C.BEQZ, C.BNEZ */
        return function >= 5;
    case 2: /* C.JR, C.JALR */
        return function == 4 && !(code >> 2 & 31) && (code >> 7 & 31);
    }
    switch (bytes[0] & 0x7F) {
    case 0x63: /* BRANCH */
    case 0x67: /* JALR */
    case 0x6F: /* JAL */
        return true;
    default: /* ECALL */
        return code == 0x73 && !bytes[2] && !bytes[3];
    }
}

static void define(const struct block *block, const uint8_t *code, size_t size) {
    ring_put(SHARE_SPECIAL | (uint64_t)SHARE_DEFINE << SHARE_KIND | size);
    ring_put(block->pc);
    ring_put(block->id);
    ring_put_bytes(code, size);
}

static void on_translation(qemu_plugin_id id, struct qemu_plugin_tb *tb) {
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(tb), size = 0;
    uint8_t code[4 * SHARE_MOST];
    bool open = false;
    if ((is_stopped() && !PERFVEC_IDLE) || !count)
        return;
    struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
    /* As long as the program lives: QEMU does not tell when it drops a block. */
    struct block *block = malloc(sizeof *block);
    if (!block) {
        share_stop(SHARE_NO_ROOM);
        return;
    }
    uint64_t pc = qemu_plugin_insn_vaddr(first);
    *block = (struct block){.pc = pc, .last = UINT64_MAX, .count = (uint32_t)count};
    exec_know_self();
    guest_base = (uint64_t)(uintptr_t)qemu_plugin_insn_haddr(first) - pc;
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint8_t bytes[8] = {0};
        size_t length = qemu_encoding(insn, bytes, sizeof bytes);
        bool told = (length == 2 || length == 4) && ((bytes[0] & 3) == 3) == (length == 4);
        if (i == SHARE_MOST || !told || qemu_plugin_insn_vaddr(insn) != pc + size) {
            free(block);
            share_stop(SHARE_STRANGE_CODE);
            return;
        }
        memcpy(code + size, bytes, length);
        size += length;
        void *position = (void *)(uintptr_t)i;
        if (open) {
            block->last = SHARE_MOST + i;
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_passed, QEMU_CB_NO_REGS, position);
        }
        open = may_access(bytes) && is_open(bytes);
        if (may_access(bytes)) {
            /* After an open one the mark counts; at the end of a block only what comes next. */
            block->last = open ? UINT64_MAX : i;
            qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_CB_NO_REGS, QEMU_MEM_READ_WRITE,
                                             position);
        }
        block->leaves = leaves(bytes);
    }
    block->fall_through = pc + size;
    block->id = atomic_fetch_add(&blocks, 1);
    if (!PERFVEC_IDLE) {
        if (job.maps)
            maps_see(pc, qemu_plugin_insn_haddr(first));
        quiet_end();
        if (!ring_has(3 + sizeof code / 8)) {
            free(block);
            return;
        }
        define(block, code, size);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_CB_NO_REGS, block);
}

static void on_thread_exit(qemu_plugin_id id, unsigned vcpu) {
    (void)id, (void)vcpu;
    ring_end();
}

static void on_syscall(qemu_plugin_id id, unsigned vcpu, int64_t number, uint64_t a, uint64_t b,
                       uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
    (void)id, (void)vcpu, (void)f, (void)g, (void)h;
    if (number == SYS_MUNMAP || (number == SYS_MMAP && c & PROT_EXEC))
        maps_changed();
    /* Even if nothing is measured any more: the program must still run. */
    if (number == SYS_EXECVE)
        exec_follow(job.sysroot, AT_FDCWD, a, b, c, 0);
    else if (number == SYS_EXECVEAT)
        exec_follow(job.sysroot, (int)a, b, c, d, (int)e);
}

/* A call that succeeds does not return. */
static void on_return(qemu_plugin_id id, unsigned vcpu, int64_t number, int64_t answer) {
    (void)id, (void)vcpu;
    if (number == SYS_CLONE)
        share_forked(answer >= 0);
    if (number == SYS_EXECVE || number == SYS_EXECVEAT)
        exec_failed();
}

static void in_child(void) {
    share_fork(job.children, atomic_load(&blocks));
}

static void on_exit_of_guest(qemu_plugin_id id, void *user) {
    (void)id, (void)user;
    share_end();
}

static int refuse(const char *problem) {
    fprintf(stderr, "perfvec: %s\n", problem);
    return 1;
}

int qemu_plugin_install(qemu_plugin_id id, const struct qemu_plugin_host *host, int argc,
                        char **argv) {
    int memory = -1;
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "probe", 5))
            _exit(PROBE_ANSWER); /* perfvec asks whether this QEMU loads this plugin */
        else if (!strncmp(argv[i], "memory=", 7))
            memory = atoi(argv[i] + 7);
        else if (!strncmp(argv[i], "sysroot=", 8))
            job.sysroot = argv[i] + 8;
        else if (!strcmp(argv[i], "children=0"))
            job.children = false;
        else if (!strncmp(argv[i], "quiet=", 6) &&
                 sscanf(argv[i] + 6, "%" SCNu64 ":%" SCNu64 ":%" SCNu64 ":%" SCNu64,
                        &quiet_plan.period, &quiet_plan.unit, &quiet_plan.reach,
                        &quiet_plan.seed) == 4 &&
                 quiet_plan.unit && quiet_plan.unit <= quiet_plan.period)
            continue;
        else if (!strcmp(argv[i], "maps=1"))
            job.maps = true;
        else
            return refuse("unknown plugin argument; start QEMU through perfvec run");
    }
    if (strcmp(host->target_name, "riscv64") || host->system_emulation)
        return refuse("the plugin is for qemu-riscv64 (user mode)");
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    if (PERFVEC_IDLE)
        return 0;
    const char *problem = share_open(memory);
    if (problem)
        return refuse(problem);
    if (pthread_atfork(share_forks, NULL, in_child))
        return refuse("pthread_atfork() failed for lack of memory");
    qemu_plugin_register_vcpu_exit_cb(id, on_thread_exit);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    qemu_plugin_register_vcpu_syscall_ret_cb(id, on_return);
    qemu_plugin_register_atexit_cb(id, on_exit_of_guest, NULL);
    return 0;
}
