/* The guest of tests/hosts/qemu.rs: does what its first argument says. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Atomic long shared;
static sigjmp_buf again;

static void *work(void *unused) {
    for (int i = 0; i < 20000; i++)
        shared++;
    return unused;
}

/* Enough different code, data and branches for several segments and intervals. */
static long compute(void) {
    static unsigned table[4096];
    unsigned x = 12345;
    for (int i = 0; i < 60000; i++) {
        x = x * 1664525 + 1013904223;
        unsigned *slot = &table[x >> 20];
        *slot += x & 1 ? x / 3 : x ^ *slot;
    }
    long sum = 0;
    for (int i = 0; i < 4096; i++)
        sum += table[i];
    return sum;
}

static void on_fault(int number) {
    siglongjmp(again, number);
}

/* Stores that fault in the middle of a block, between ones that do not. */
static void faults(void) {
    volatile int caught = 0;
    volatile int before, after;
    signal(SIGSEGV, on_fault);
    for (volatile long i = 0; i < 50; i++) {
        before = (int)i;
        if (!sigsetjmp(again, 1)) {
            *(volatile int *)(8 * i) = before;
            after = before;
        } else {
            caught++;
        }
    }
    printf("caught %d\n", caught);
    (void)after;
}

/* Each second store-conditional fails, since the first one used the reservation up. */
static void atomics(void) {
    long value = 5, first, second, failures = 0;
    for (int i = 0; i < 20; i++) {
        __asm__ volatile("lr.d t0, (%2)\n\t"
                         "addi t0, t0, 1\n\t"
                         "sc.d %0, t0, (%2)\n\t"
                         "sc.d %1, t0, (%2)\n\t"
                         "ld t1, (%2)\n\t"
                         "amoadd.d t2, t1, (%2)"
                         : "=&r"(first), "=&r"(second)
                         : "r"(&value)
                         : "t0", "t1", "t2", "memory");
        failures += second != 0;
    }
    printf("failures %ld\n", failures);
}

static void threads(void) {
    pthread_t all[3];
    for (int i = 0; i < 3; i++)
        if (pthread_create(&all[i], NULL, work, NULL))
            exit(1);
    for (int i = 0; i < 3; i++)
        pthread_join(all[i], NULL);
    printf("shared %ld\n", shared);
}

/* The child runs code that its parent never did, and ends with 5. */
static int forks(void) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        printf("child %d\n", compute() != 0);
        return 5;
    }
    waitpid(child, &status, 0);
    printf("parent %d\n", WEXITSTATUS(status));
    return 4;
}

static void echo(void) {
    char line[256];
    while (fgets(line, sizeof line, stdin))
        printf("got %s", line);
}

static void spin(void) {
    puts("ready");
    fflush(stdout);
    for (;;)
        work(NULL);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "compute"))
        printf("sum %ld\n", compute());
    else if (!strcmp(what, "faults"))
        faults();
    else if (!strcmp(what, "atomics"))
        atomics();
    else if (!strcmp(what, "threads"))
        threads();
    else if (!strcmp(what, "fork"))
        return forks();
    else if (!strcmp(what, "echo"))
        echo();
    else if (!strcmp(what, "exit"))
        return atoi(argv[2]);
    else if (!strcmp(what, "abort"))
        compute(), abort();
    else if (!strcmp(what, "spin"))
        spin();
    return 0;
}
