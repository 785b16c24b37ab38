#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "quiet.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* perfvec is woken after this many new words. */
#define PART (SHARE_RING / 4)

__thread struct writer writer __attribute__((tls_model("initial-exec")));
struct share *share;
struct share_process *process;
atomic_bool stopped;

static int descriptor = -1;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void futex_wake(_Atomic uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void ring_the_bell(void) {
    atomic_fetch_add(&share->head.bell, 1);
    futex_wake(&share->head.bell);
}

/* Takes a free entry of an array, the lowest; NULL where there is none. */
#define CLAIM(array, count, top)                                                                        \
    ({                                                                                             \
        __typeof__(&(array)[0]) found = NULL;                                                      \
        for (unsigned i = 0; i < (count) && !found; i++) {                                         \
            uint64_t unused = SHARE_FREE;                                                          \
            if (atomic_load_explicit(&(array)[i].state, memory_order_relaxed) != SHARE_FREE ||     \
                !atomic_compare_exchange_strong(&(array)[i].state, &unused, SHARE_CLAIMED))        \
                continue;                                                                          \
            found = &(array)[i];                                                                   \
            for (uint64_t used = atomic_load(&(top)); used <= i;)                                  \
                atomic_compare_exchange_weak(&(top), &used, i + 1);                                \
        }                                                                                          \
        found;                                                                                     \
    })

static bool start_record(uint64_t before, uint64_t first_block, const char *program) {
    struct share_process *p = CLAIM(share->processes, SHARE_PROCESSES, share->head.process_top);
    if (!p) {
        atomic_fetch_add(&share->head.crowded, 1);
        return false;
    }
    p->image = atomic_fetch_add(&share->head.images, 1) + 1;
    p->pid = (uint64_t)getpid();
    p->before = before;
    p->first_block = first_block;
    p->start = now();
    p->end = 0;
    atomic_store(&p->problem, SHARE_WHOLE);
    memcpy(p->program, program, sizeof p->program);
    p->becomes[0] = 0;
    process = p;
    atomic_store_explicit(&p->state, SHARE_RUNS, memory_order_release);
    ring_the_bell();
    return true;
}

/* The image that this process ran before it called exec, if it did. */
static struct share_process *image_before(void) {
    uint64_t top = atomic_load(&share->head.process_top);
    for (uint64_t i = 0; i < top && i < SHARE_PROCESSES; i++) {
        struct share_process *p = &share->processes[i];
        if (atomic_load(&p->state) == SHARE_RUNS && p->pid == (uint64_t)getpid())
            return p;
    }
    return NULL;
}

/* Moves the descriptor away from the numbers that the program uses. */
static void hide_descriptor(int fd) {
    struct rlimit limit;
    int high = 1000;
    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < 1024)
        high = limit.rlim_cur > 24 ? (int)limit.rlim_cur - 24 : 3;
    descriptor = fcntl(fd, F_DUPFD_CLOEXEC, high);
    if (descriptor >= 0)
        close(fd);
    else if (!fcntl(fd, F_SETFD, FD_CLOEXEC))
        descriptor = fd;
}

static bool is_ours(int fd) {
    struct stat found;
    uint64_t magic = 0;
    return fd >= 0 && !fstat(fd, &found) && found.st_size == (off_t)sizeof *share &&
           pread(fd, &magic, sizeof magic, 0) == sizeof magic && magic == SHARE_MAGIC;
}

int share_descriptor(void) {
    char path[64];
    int fd = -1;
    /* The program may have closed it, or have put something else in its place. */
    if (is_ours(descriptor))
        fd = fcntl(descriptor, F_DUPFD, 3);
    if (fd < 0) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)share->head.owner,
                 (int)share->head.fd);
        fd = open(path, O_RDWR);
    }
    return fd;
}

const char *share_open(int fd) {
    static char problem[256];
    if (!is_ours(fd))
        return "memory= is not a descriptor of perfvec's shared memory; start QEMU through perfvec run";
    /* MAP_NORESERVE: most of it is never used. */
    share = mmap(NULL, sizeof *share, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (share == MAP_FAILED) {
        snprintf(problem, sizeof problem,
                 "no %zu MiB of address space for the program's stream (%s); raise ulimit -v",
                 sizeof *share >> 20, strerror(errno));
        return problem;
    }
    hide_descriptor(fd);
    if (atomic_load(&share->head.closed)) {
        share_stop(SHARE_WHOLE);
        return NULL;
    }
    struct share_process *old = image_before();
    if (!old && getppid() == (pid_t)share->head.owner)
        /* Without perfvec nothing reads the stream. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    static const char unknown[sizeof old->program];
    bool done = start_record(old ? old->image : 0, 0, old ? old->becomes : unknown);
    if (old) {
        old->end = now();
        atomic_store(&old->problem, SHARE_WHOLE);
        atomic_store_explicit(&old->state, SHARE_EXECED, memory_order_release);
        ring_the_bell();
    }
    if (!done)
        share_stop(SHARE_WHOLE);
    return NULL;
}

/* Whether this thread is inside of fork(). */
static __thread bool forking;

void share_forks(void) {
    if (!process)
        return;
    forking = true;
    atomic_fetch_add(&share->head.forking, 1);
}

void share_forked(bool done) {
    if (forking && !done)
        atomic_fetch_sub(&share->head.forking, 1);
    forking = false;
}

static void start_child(bool follow, uint64_t first_block) {
    writer = (struct writer){0};
    quiet = (struct quiet){0};
    if (atomic_load(&stopped) || !process) {
        process = NULL;
        return;
    }
    /* The parent's record can only be gone where this process slept through its whole end. */
    struct share_process *parent = process;
    process = NULL;
    if (!start_record(parent->image, first_block, parent->program))
        share_stop(SHARE_WHOLE);
    else if (!follow) {
        share_stop(SHARE_NOT_WANTED);
        share_end();
    }
}

void share_fork(bool follow, uint64_t first_block) {
    start_child(follow, first_block);
    share_forked(false);
}

void share_stop(int problem) {
    if (problem && process)
        atomic_store(&process->problem, (uint64_t)problem);
    atomic_store(&stopped, true);
}

static bool ring_start(void) {
    struct share_thread *thread = CLAIM(share->threads, SHARE_THREADS, share->head.thread_top);
    if (!thread)
        return false;
    _Atomic uint64_t *ring = share->rings[thread - share->threads];
    /* Out of memory is an error here; at the first write it would be a fatal signal. Kernels before
     * 5.14 lack the call. */
    if (madvise(ring, sizeof share->rings[0], MADV_POPULATE_WRITE) && errno != EINVAL) {
        atomic_store(&thread->state, SHARE_FREE);
        return false;
    }
    thread->image = process->image;
    thread->tid = (uint64_t)syscall(SYS_gettid);
    thread->start = now();
    thread->end = 0;
    memset(thread->name, 0, sizeof thread->name);
    atomic_store(&thread->head, 0);
    atomic_store(&thread->tail, 0);
    atomic_store(&thread->sleeping, 0);
    atomic_store(&thread->full, 0);
    atomic_store(&thread->reach, 0);
    writer = (struct writer){.ring = ring, .limit = PART, .thread = thread, .told = &thread->head};
    atomic_store_explicit(&thread->state, SHARE_RUNS, memory_order_release);
    ring_the_bell();
    return true;
}

/* Waits until perfvec has read something; without perfvec there is nothing to go on for. */
static void wait_for_room(uint64_t words) {
    const struct timespec pause = {.tv_nsec = 100000000};
    struct share_thread *thread = writer.thread;
    while (writer.head + words > atomic_load(&thread->tail) + SHARE_RING) {
        atomic_store(&thread->full, 1);
        if (writer.head + words <= atomic_load(&thread->tail) + SHARE_RING)
            return;
        if (!syscall(SYS_futex, &thread->full, FUTEX_WAIT, 1, &pause, NULL, 0) || errno != ETIMEDOUT)
            continue;
        if (atomic_load(&share->head.closed)) {
            share_stop(SHARE_WHOLE);
            return;
        }
        if (kill((pid_t)share->head.owner, 0) && errno == ESRCH)
            kill(getpid(), SIGKILL);
    }
}

void ring_wake(void) {
    struct share_thread *thread = writer.thread;
    if (atomic_load(&thread->sleeping)) {
        atomic_store(&thread->sleeping, 0);
        futex_wake(&thread->sleeping);
    }
}

bool ring_room(uint64_t words) {
    if (!writer.thread) {
        if (!ring_start()) {
            share_stop(SHARE_NO_ROOM);
            return false;
        }
        return true;
    }
    struct share_thread *thread = writer.thread;
    ring_wake();
    wait_for_room(words);
    if (atomic_load(&stopped))
        return false;
    uint64_t end = atomic_load(&thread->tail) + SHARE_RING;
    writer.limit = writer.head + PART < end ? writer.head + PART : end;
    return true;
}

void ring_end(void) {
    struct share_thread *thread = writer.thread;
    if (!thread)
        return;
    quiet_end();
    writer = (struct writer){0};
    quiet = (struct quiet){0};
    /* The first thread is called like QEMU unless the program named it. */
    char name[16] = "";
    if (!prctl(PR_GET_NAME, name) && strncmp(name, "qemu-riscv64", 12))
        memcpy(thread->name, name, sizeof name);
    thread->end = now();
    atomic_store(&thread->state, SHARE_ENDED);
    if (atomic_exchange(&thread->sleeping, 0))
        futex_wake(&thread->sleeping);
}

void share_end(void) {
    ring_end();
    if (!process)
        return;
    process->end = now();
    atomic_store_explicit(&process->state, SHARE_ENDED, memory_order_release);
    /* From now on another process may take the record. */
    process = NULL;
    ring_the_bell();
}
