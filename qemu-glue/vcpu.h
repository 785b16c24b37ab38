/*
 * From executed blocks to retirements, one vCPU (guest thread) at a time.
 *
 * A block's instructions are known to have retired only when the next block starts: a load or
 * store that faults leaves its block without having reported its access. So each block waits, with
 * the addresses of its accesses, until it is expanded into retirements.
 *
 * QEMU gives the number of a guest thread that ended to a later one; both then share a stream, as
 * two threads share a hart.
 */
#ifndef PERFVEC_VCPU_H
#define PERFVEC_VCPU_H

#include <stdint.h>

#include "code.h"

/* A block starts. */
void vcpu_block(unsigned vcpu, const struct code_block *block);

/* Instruction `position` of the block that runs accessed memory. */
void vcpu_access(unsigned vcpu, uint32_t position, uint64_t address);

/* The guest thread ended. */
void vcpu_exit(unsigned vcpu);

/* The vCPU is about to do what may end the process without a word: keep what there is. */
void vcpu_checkpoint(unsigned vcpu);

/* The program ended: expand what waits and write all results. */
void vcpu_finish_all(void);

#endif
