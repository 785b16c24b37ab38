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
    uint64_t unseen; /* while on: their first word, which counts what was passed over */
    uint64_t index;  /* instructions retired before `block`, at most */
    uint64_t doubt;  /* how many fewer these may be: blocks may have ended early */
    uint64_t random, start, period_end; /* of the current or next unit */
    uint64_t wanted;                    /* where what that unit wants begins */
};

extern __thread struct quiet quiet __attribute__((tls_model("initial-exec")));

/* Whether all of the block that ran retired, now that `pc` comes after it. */
static inline bool quiet_is_whole(const struct block *block, uint64_t pc) {
    return (block->last == UINT64_MAX || block->last == writer.last) &&
           (block->leaves || block->fall_through == pc);
}

/* While on, after a whole block: takes back its words and counts it. */
static inline void quiet_take_back(const struct block *before) {
    quiet.unseen += before->count;
    atomic_store_explicit(&writer.ring[quiet.base & (SHARE_RING - 1)], quiet.unseen,
                          memory_order_relaxed);
    writer.head = quiet.base + 1;
}

/* What quiet_block() does where it is not sure that this block is passed over like the one before. */
void quiet_change(const struct block *block);

/* Before a block's words: decides whether it is passed over. */
static inline void quiet_block(const struct block *block) {
    const struct block *before = quiet.block;
    if (quiet.on && quiet.index + before->count + block->count <= quiet.wanted &&
        quiet_is_whole(before, block->pc)) {
        quiet.block = block;
        quiet.index += before->count;
        quiet_take_back(before);
    } else
        quiet_change(block);
}

/* All that happened is told. */
void quiet_end(void);

#endif
