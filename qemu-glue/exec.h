/*
 * Following exec: a RISC-V program, or a script for one, is started under this QEMU with this
 * plugin again, with no binfmt_misc. QEMU itself would hand it to the kernel, which refuses it.
 */
#ifndef PERFVEC_EXEC_H
#define PERFVEC_EXEC_H

#include <stdint.h>

/* Where guest address 0 lies in this process. */
extern uint64_t guest_base;

/* The program calls execve() or execveat(), with guest addresses. Returns if QEMU must make
 * the call itself: the program is not for RISC-V, or cannot be started. */
void exec_follow(const char *sysroot, int dirfd, uint64_t path, uint64_t argv, uint64_t envp,
                 int flags);

/* Finds out what this process runs, for exec of its own name of that, /proc/self/exe. Not before
 * its first instruction is translated, and by one thread at a time; the first call counts. */
void exec_know_self(void);

/* The call failed, and the program goes on. */
void exec_failed(void);

#endif
