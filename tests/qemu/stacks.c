/* The guest of tests/profile.rs: what calls what, and how it returns, is known. */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define APART __attribute__((noipa))

static jmp_buf back;
static volatile unsigned sink;
static volatile int jump = 1;

APART void spin(unsigned n) {
    while (n--)
        sink += n;
}

APART void deep(int n) {
    if (n)
        deep(n - 1);
    else if (jump)
        longjmp(back, 1);
    sink++;
}

APART void jumps(void) {
    if (!setjmp(back))
        deep(20);
    else
        spin(3000);
}

APART unsigned fib(unsigned n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

APART void tail_target(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        sink ^= i;
}

/* Jumps to it; nothing is left to return to. */
APART void tail_caller(unsigned n) {
    sink++;
    tail_target(n);
}

static inline __attribute__((always_inline)) void inlined(unsigned n) {
    while (n--)
        sink -= n;
}

APART void inlines(void) {
    inlined(2000);
}

APART void *in_thread(void *unused) {
    spin(4000);
    return unused;
}

/* Code in no file: a loop that counts its argument down. */
static void compiled(void) {
    static const unsigned code[] = {0xfff50513 /* addi a0, a0, -1 */, 0xfe051ee3 /* bnez a0, -4 */,
                                    0x00008067 /* ret */};
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
    memcpy(page, code, sizeof code);
    __builtin___clear_cache(page, (char *)page + sizeof code);
    ((void (*)(unsigned long))page)(5000);
}

int main(int argc, char **argv) {
    jumps();
    sink += fib(12);
    tail_caller(1000);
    inlines();
    compiled();
    if (argc > 1 && !strcmp(argv[1], "thread")) {
        pthread_t thread;
        pthread_create(&thread, NULL, in_thread, NULL);
        pthread_join(thread, NULL);
    }
    printf("%u\n", sink);
    return 0;
}
