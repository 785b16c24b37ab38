/*
 * Writing a thread's words into its ring. Everything here belongs to the calling thread; callbacks
 * of a vCPU run on the host thread of its guest thread.
 */
#ifndef PERFVEC_RING_H
#define PERFVEC_RING_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "share.h"

/* Where this thread writes. */
struct writer {
    _Atomic uint64_t *ring;
    uint64_t head;  /* words written */
    uint64_t limit; /* up to here there is room without asking */
    uint64_t last;  /* position of the block's last access, or SHARE_MOST more for a mark */
    struct share_thread *thread;
    _Atomic uint64_t *told; /* where `head` is told: thread->head, or thread->reach while quiet */
};

/* Initial-exec: a plugin is loaded once and needs few bytes of what glibc keeps for that. */
extern __thread struct writer writer __attribute__((tls_model("initial-exec")));

/* Maps perfvec's memory and makes this process's record. Answers NULL, or what failed. */
const char *share_open(int fd);

/* perfvec's memory. */
extern struct share *share;

/* This process's record. */
extern struct share_process *process;

/* Nothing of this process is measured any more. */
extern atomic_bool stopped;

/* Around fork() in the parent: it is about to happen, and whether a child was made. */
void share_forks(void);
void share_forked(bool done);

/* This process is a new child of fork(): gives it a record of its own, or stops measuring it. */
void share_fork(bool follow, uint64_t first_block);

/* Stops measuring this process, for one of the SHARE_... reasons. */
void share_stop(int problem);

/* A file descriptor for perfvec's memory that an exec keeps; -1 where there is none. */
int share_descriptor(void);

/* Makes room for `words` words; false where this thread cannot write. */
bool ring_room(uint64_t words);

/* The thread ends. */
void ring_end(void);

/* The process ends by itself, and with it all of its threads. */
void share_end(void);

static inline bool ring_has(uint64_t words) {
    return writer.head + words <= writer.limit || ring_room(words);
}

/* Wakes perfvec where it waits for words of this thread. */
void ring_wake(void);

/* After ring_has(): adds a word, seen by perfvec from now on, or while quiet if the thread dies. */
static inline void ring_put(uint64_t word) {
    atomic_store_explicit(&writer.ring[writer.head & (SHARE_RING - 1)], word, memory_order_relaxed);
    writer.head++;
    atomic_store_explicit(writer.told, writer.head, memory_order_release);
}

/* The same for bytes, the last word filled up with zeros. */
static inline void ring_put_bytes(const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, (const char *)bytes + i, size - i < 8 ? size - i : 8);
        ring_put(word);
    }
}

#endif
