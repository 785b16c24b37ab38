/*
 * Where a vCPU's stream goes: a perfvec session, a recorder, or nowhere.
 *
 * A sink belongs to one thread at a time. Guest signals are blocked inside it, and in the threads
 * that the library starts there: QEMU's signal handlers only work on threads of vCPUs.
 */
#ifndef PERFVEC_SINK_H
#define PERFVEC_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "code.h"
#include "perfvec.h"

struct sink;

/* Loads what all sinks share, the model. Answers NULL, or what failed. */
const char *sink_prepare(void);

/* A sink for a vCPU; NULL, and a line in the log, where that fails. */
struct sink *sink_open(unsigned vcpu);

/* Interns; nonzero, and a line in the log, where that fails. */
int sink_intern(struct sink *s, const struct code_inst *inst, uint32_t *id);

/* Takes retirements over; nonzero, and a line in the log, where that fails. */
int sink_retire(struct sink *s, const perfvec_retirement *r, size_t n);

/* Tells the counters how the program does, and keeps a checkpoint of the results now and then. */
void sink_tick(struct sink *s);

/* Keeps a checkpoint of exactly what was retired so far. */
void sink_checkpoint(struct sink *s);

/* Ends the stream, writes the results and frees the sink. */
void sink_finish(struct sink *s);

#endif
