/*
 * The part of QEMU's TCG plugin interface that the glue uses, declared here because distributions
 * install QEMU without its header.
 *
 * QEMU loads a plugin only when the number that it exports as qemu_plugin_version lies in the
 * range that this QEMU accepts, so one shared object is built per generation (PERFVEC_QEMU_API):
 *
 *   generation  QEMU                    differences in what is used here
 *   1           4.2 to 8.2 (Debian 12)  qemu_plugin_insn_data() answers a pointer
 *   2           9.0                     the same; QEMU no longer accepts 1
 *   3           9.1 and newer           qemu_plugin_insn_data() copies into a buffer
 *
 * `perfvec run` asks the QEMU at hand which one it loads (the argument `probe`).
 */
#ifndef PERFVEC_QEMU_API_H
#define PERFVEC_QEMU_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if PERFVEC_QEMU_API < 1 || PERFVEC_QEMU_API > 3
#error "build with -DPERFVEC_QEMU_API=1, 2 or 3"
#endif

typedef uint64_t qemu_plugin_id;

/* Only read until `system_emulation`; what follows in QEMU's struct is left out. */
struct qemu_plugin_host {
    const char *target_name;
    struct {
        int lowest, current;
    } version;
    bool system_emulation;
};

struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum { QEMU_CB_NO_REGS = 0 };
enum { QEMU_MEM_READ_WRITE = 3 };

/* Exit status of a QEMU that loaded the plugin with the argument `probe`. */
enum { PROBE_ANSWER = 86 };

/* What the plugin exports. */
__attribute__((visibility("default"))) extern int qemu_plugin_version;
__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id id, const struct qemu_plugin_host *host, int argc, char **argv);

/* What QEMU exports. Callbacks of a vCPU run on the host thread of its guest thread. */
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id id,
                                           void (*f)(qemu_plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                          void (*f)(unsigned vcpu, void *user), int registers,
                                          void *user);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*f)(unsigned vcpu, void *user), int registers,
                                            void *user);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
                                      void (*f)(unsigned vcpu, uint32_t info, uint64_t address,
                                                void *user),
                                      int registers, int accesses, void *user);
void qemu_plugin_register_vcpu_exit_cb(qemu_plugin_id id, void (*f)(qemu_plugin_id, unsigned vcpu));
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id id,
                                          void (*f)(qemu_plugin_id, unsigned vcpu, int64_t number,
                                                    uint64_t, uint64_t, uint64_t, uint64_t,
                                                    uint64_t, uint64_t, uint64_t, uint64_t));
void qemu_plugin_register_vcpu_syscall_ret_cb(qemu_plugin_id id,
                                              void (*f)(qemu_plugin_id, unsigned vcpu,
                                                        int64_t number, int64_t answer));
void qemu_plugin_register_atexit_cb(qemu_plugin_id id, void (*f)(qemu_plugin_id, void *user),
                                    void *user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
/* The program's file, to be freed; QEMU before 7.0 has no such function. */
__attribute__((weak)) const char *qemu_plugin_path_to_binary(void);
/* Where QEMU itself sees the instruction. */
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

#if PERFVEC_QEMU_API < 3
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
#else
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *out, size_t size);
#endif

/* The encoding of an instruction in memory order; answers its length, at most `size`. */
size_t qemu_encoding(const struct qemu_plugin_insn *insn, uint8_t *out, size_t size);

#endif
