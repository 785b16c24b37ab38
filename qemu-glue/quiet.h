/*
 * Passing over what perfvec does not want: with sampling at a fixed rate and bounded warming, all
 * that is too far from the next unit. The thread then counts the instructions of whole blocks. It
 * still writes each block's words, but takes them back as soon as the next one shows that the block
 * was whole; a block that was not is told, since only perfvec knows how much of it retired.
 *
 * Where units lie is a function of the settings alone, so nothing is asked: this side draws them as
 * src/sampling/plan.rs does, and perfvec refuses what it would have wanted.
 */
#ifndef PERFVEC_QUIET_H
#define PERFVEC_QUIET_H

#include "ring.h"

/* What is known of a translated block. */
struct block {
    uint64_t id, pc;
    uint64_t fall_through; /* where it goes on unless its last instruction says otherwise */
    uint64_t last;         /* writer.last after all of its accesses; UINT64_MAX for any */
    uint32_t count;        /* instructions */
    bool leaves;           /* ends in a control transfer or a system call */
};

/* Settings; a period of 0 passes over nothing. All in instructions, as src/sampling/plan.rs has them. */
struct quiet_plan {
    uint64_t period, unit, seed;
    uint64_t reach; /* those before a unit that are wanted too */
};

extern struct quiet_plan quiet_plan;

/* This thread's state. */
struct quiet {
    bool on;
    bool planned;             /* the rest is set */
    const struct block *block; /* the one that runs */
    uint64_t base;   /* while on: where the words start that may be taken back */
    uint64_t unseen; /* while on: instructions passed over */
    uint64_t index;  /* instructions retired before `block`, at most */
    uint64_t doubt;  /* how many fewer these may be: blocks may have ended early */
    uint64_t random, start, period_end; /* of the current or next unit */
};

extern __thread struct quiet quiet __attribute__((tls_model("initial-exec")));

/* Before a block's words: decides whether it is passed over. */
void quiet_block(const struct block *block);

/* All that happened is told. */
void quiet_end(void);

#endif
