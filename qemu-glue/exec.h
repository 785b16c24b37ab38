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

/* The call failed, and the program goes on. */
void exec_failed(void);

#endif
