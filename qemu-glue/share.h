/*
 * The memory through which the plugin hands a program's stream to perfvec: perfvec makes it before
 * the program starts, and everything that was put there is perfvec's, whatever becomes of the
 * program. src/bin/perfvec/guest/share.rs is its other side; both say the same numbers.
 *
 *   head        magic, owner, the bell, and the command line that a followed exec starts
 *   processes   one record for each image that a process ran: fork and exec make a new one
 *   threads     one record for each live thread of all of them
 *   rings       the words of each thread
 *
 * All fields are 64-bit words. A word of a ring is one of:
 *
 *   block    00 id               a block starts; ids are dense within a process
 *   special  01 kind payload     SHARE_DEFINE: `payload` bytes of code at the pc of the next word
 *                                follow; they are the block with the next id, which the word after
 *                                the pc holds. SHARE_PASSED: instructions before `payload` retired.
 *                                SHARE_MAPPED: `payload` bytes of text follow, see maps.c.
 *                                SHARE_UNSEEN: `payload` instructions of whole blocks retired that
 *                                are not told, see quiet.h; the block before this word is whole
 *   access   1 position address  an instruction of the block accessed memory; 9 and 54 bits
 *
 * A block is defined in some ring before any ring has it start, in the order of time.
 */
#ifndef PERFVEC_SHARE_H
#define PERFVEC_SHARE_H

#include <stdatomic.h>
#include <stdint.h>

#define SHARE_MAGIC UINT64_C(0x3245524148535650) /* "PVSHARE2" */
#define SHARE_PROCESSES 4096u
#define SHARE_THREADS 8192u
#define SHARE_RING 16384u /* words, a power of two */
#define SHARE_TEXT 65536u /* bytes of the command line, each argument with its NUL */
#define SHARE_MOST 512u   /* instructions in a block: QEMU puts no more into one */

#define SHARE_SPECIAL (UINT64_C(1) << 62)
#define SHARE_KIND 56 /* where the kind of a special word starts */
#define SHARE_ACCESS (UINT64_C(1) << 63)
#define SHARE_POSITION 54 /* where the position of an access starts */
enum { SHARE_DEFINE = 1, SHARE_PASSED = 2, SHARE_MAPPED = 3, SHARE_UNSEEN = 4 };

/* States of the records of processes and threads. */
enum { SHARE_FREE = 0, SHARE_CLAIMED = 1, SHARE_RUNS = 2, SHARE_ENDED = 3, SHARE_EXECED = 4 };

/* Why a process is not measured to its end. */
enum {
    SHARE_WHOLE = 0,
    SHARE_NO_ROOM = 1,      /* a thread found no free record, or no memory for its ring */
    SHARE_STRANGE_CODE = 2, /* a block that cannot be described */
    SHARE_LEFT = 3,         /* it became a program that QEMU does not run */
    SHARE_NOT_FOLLOWED = 4, /* it became a RISC-V program that could not be started with the plugin */
    SHARE_NOT_WANTED = 5,   /* a child, with children=0 */
};

struct share_head {
    uint64_t magic;
    uint64_t owner;           /* perfvec's process number */
    _Atomic uint32_t bell;    /* a futex: grows when there is something new */
    uint32_t argc;            /* arguments in `text` */
    _Atomic uint64_t crowded; /* processes that found no free record */
    _Atomic uint64_t images;  /* records made so far */
    _Atomic uint64_t process_top, thread_top; /* those past them were never used */
    uint64_t fd;              /* the number that the owner has this memory under */
    _Atomic uint64_t forking; /* children between fork() and their own record */
    _Atomic uint64_t closed;  /* nobody reads any more */
    uint64_t reserved[502];
    char text[SHARE_TEXT];
};

struct share_process {
    _Atomic uint64_t state;
    uint64_t image; /* counts up from 1, and is not used again as the record is */
    uint64_t pid;
    uint64_t before;      /* the image that it was before exec or fork; 0 for the first */
    uint64_t first_block; /* smaller ids are blocks of `before` */
    uint64_t start, end;  /* CLOCK_MONOTONIC, nanoseconds */
    _Atomic uint64_t problem;
    char program[224]; /* the beginning of its path, where exec or fork made it */
    char becomes[224]; /* what it calls exec for */
};

struct share_thread {
    _Atomic uint64_t state;
    uint64_t image; /* of its process */
    uint64_t tid;
    uint64_t start, end;
    char name[16];
    _Atomic uint64_t head; /* words written so far */
    /* The rest is perfvec's. */
    _Atomic uint64_t tail;     /* words read so far */
    _Atomic uint32_t sleeping; /* a futex: perfvec waits for words */
    uint32_t pad;
    _Atomic uint32_t full; /* a futex: the thread waits for room */
    uint32_t pad2;
    /* The thread's again: the end of the words that it may still take back. Where it dies, they
     * hold what it did after those before `head`. */
    _Atomic uint64_t reach;
    uint64_t reserved[4];
};

struct share {
    struct share_head head;
    struct share_process processes[SHARE_PROCESSES];
    struct share_thread threads[SHARE_THREADS];
    uint64_t pad[512 - (sizeof(struct share_head) / 8 + 64 * SHARE_PROCESSES + 16 * SHARE_THREADS) % 512];
    _Atomic uint64_t rings[SHARE_THREADS][SHARE_RING];
};

_Static_assert(sizeof(struct share_head) == 4096 + SHARE_TEXT, "layout of the head");
_Static_assert(sizeof(struct share_process) == 512, "layout of a process");
_Static_assert(sizeof(struct share_thread) == 128, "layout of a thread");

#endif
