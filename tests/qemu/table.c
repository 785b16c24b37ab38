/* The guest of tests/hosts/table.rs: what once gave a wrong number or lost a result. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static volatile unsigned sink;

static void compute(long n) {
    for (long i = 0; i < n; i++)
        sink = sink * 1664525 + 1013904223;
}

/* What used to take the results with it. */
static void limits(void) {
    struct rlimit none = {0, 0}, few = {3, 3};
    setrlimit(RLIMIT_FSIZE, &none);
    setrlimit(RLIMIT_NOFILE, &few);
    for (int fd = 3; fd < 1100; fd++)
        close(fd);
    compute(50000);
    if (chroot("/proc") || setuid(65534))
        puts("no rights to drop");
    compute(50000);
    puts("limited");
}

static void *link_of_chain(void *left) {
    long n = (long)left;
    pthread_t next;
    prctl(PR_SET_NAME, n == 1 ? "last" : "link");
    compute(20);
    if (n > 1) {
        if (pthread_create(&next, NULL, link_of_chain, (void *)(n - 1)))
            abort();
        pthread_join(next, NULL);
    }
    return NULL;
}

/* Each thread starts the next one and waits for it, so that all of them live at one time. */
static void chain(long n) {
    pthread_attr_t small;
    pthread_t first;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    pthread_setattr_default_np(&small);
    if (pthread_create(&first, NULL, link_of_chain, (void *)n))
        abort();
    pthread_join(first, NULL);
}

static void *short_life(void *unused) {
    compute(2000);
    return unused;
}

/* One after the other. */
static void queue(long n) {
    for (long i = 0; i < n; i++) {
        pthread_t one;
        if (pthread_create(&one, NULL, short_life, NULL))
            abort();
        pthread_join(one, NULL);
    }
}

/* Tells that it is here, and goes on when it is told to. */
static void hold(void) {
    puts("ready");
    fflush(stdout);
    getchar();
}

static int wait_for(pid_t child) {
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int in_child(long n) {
    compute(n);
    return 5;
}

/* fork(), vfork() with exec, and exec of a script: what the children did counts. */
static int children(const char *self, const char *script) {
    int codes[3];
    fflush(stdout);
    pid_t child = fork();
    if (!child)
        _exit(in_child(300000));
    codes[0] = wait_for(child);
    child = vfork();
    if (!child) {
        execl(self, "another-name", "work", "200000", "6", (char *)NULL);
        _exit(99);
    }
    codes[1] = wait_for(child);
    child = vfork();
    if (!child) {
        execl(script, script, "7", (char *)NULL);
        _exit(99);
    }
    codes[2] = wait_for(child);
    printf("children %d %d %d\n", codes[0], codes[1], codes[2]);
    return 0;
}

/* The parent is gone before the work begins. */
static int background(void) {
    fflush(stdout);
    if (daemon(1, 1))
        abort();
    usleep(200000);
    compute(400000);
    return 0;
}

static int failed_exec(const char *self) {
    char *const args[] = {"x", NULL};
    execv("/nonexistent/program", args);
    int first = errno;
    syscall(SYS_execve, 16L, args, NULL);
    int second = errno;
    compute(1000);
    printf("%s: %d %d\n", self ? "execs" : "", first == ENOENT, second == EFAULT);
    return 0;
}

/* Faults that a handler repairs, or skips. */
static char *page;
static volatile int skip;
static volatile long faults;

static void on_fault(int number, siginfo_t *info, void *context) {
    ucontext_t *u = context;
    (void)number, (void)info;
    faults++;
    if (skip)
        u->uc_mcontext.__gregs[REG_PC] += (unsigned long)skip;
    else
        mprotect(page, 8192, PROT_READ | PROT_WRITE);
}

static void handle(int number) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(number, &action, NULL);
}

static void forbid(int protection) {
    mprotect(page + 4096, 4096, protection);
}

static void prepare(void) {
    page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        abort();
    memset(page, 1, 8192);
    handle(SIGSEGV);
    handle(SIGBUS);
}

#define TIMES 50

static void scalar_faults(void) {
    prepare();
    for (int i = 0; i < TIMES; i++) {
        long value;
        forbid(PROT_NONE);
        __asm__ volatile("addi t0, zero, 1\n\tld %0, 0(%1)\n\taddi t0, t0, 1\n\tsd t0, 8(%1)"
                         : "=&r"(value)
                         : "r"(page + 4096)
                         : "t0", "memory");
        sink += (unsigned)value;
        /* Over the end of a page. */
        forbid(PROT_NONE);
        __asm__ volatile("ld %0, 0(%1)" : "=&r"(value) : "r"(page + 4092) : "memory");
        sink += (unsigned)value;
    }
}

/* The reservation holds, but the page may no longer be written. */
static void conditional_faults(void) {
    prepare();
    for (int i = 0; i < TIMES; i++) {
        long failed = 0;
        forbid(PROT_READ);
        __asm__ volatile("lr.d t0, (%1)\n\taddi t0, t0, 1\n\tsc.d %0, t0, (%1)\n\tadd t1, t0, t0\n\t"
                         "amoadd.d t1, t0, (%1)"
                         : "=&r"(failed)
                         : "r"(page + 4096)
                         : "t0", "t1", "memory");
        sink += (unsigned)failed;
    }
}

/* vle8.v and vse8.v of 16 bytes, 6 of them before the end of a page; a vector load ends a block
 * once and is in the middle of one once. */
static void vector_faults(void) {
    prepare();
    for (int i = 0; i < TIMES; i++) {
        forbid(PROT_NONE);
        __asm__ volatile("mv a0, %0\n\tli a1, 16\n\t"
                         ".word 0x0C05F2D7\n\t" /* vsetvli t0, a1, e8, m1, ta, ma */
                         ".word 0x02050407\n\t" /* vle8.v v8, (a0) */
                         "addi t0, t0, 1"
                         :
                         : "r"(page + 4090)
                         : "a0", "a1", "t0", "memory");
        forbid(PROT_NONE);
        __asm__ volatile("mv a0, %0\n\t"
                         ".word 0x02050427\n\t" /* vse8.v v8, (a0) */
                         "j 1f\n1:"
                         :
                         : "r"(page + 4090)
                         : "a0", "memory");
    }
}

static void illegal(void) {
    handle(SIGILL);
    handle(SIGTRAP);
    for (int i = 0; i < TIMES; i++) {
        skip = 4;
        __asm__ volatile("addi t0, zero, 1\n\t.word 0xFFFFFFFF\n\taddi t0, t0, 1" ::: "t0");
        skip = 2;
        __asm__ volatile(".option push\n\t.option rvc\n\tc.ebreak\n\t.option pop");
    }
}

static volatile long signals;

static void count(int number) {
    (void)number;
    signals++;
}

/* How often a signal comes: three times the time it takes to come. */
static int counted(int number) {
    signal(number, count);
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < 100 && !signals; i++)
        usleep(100000);
    usleep(500000);
    return (int)signals;
}

static int vector(void) {
    __asm__ volatile(".word 0x0C05F2D7" ::: "t0");
    puts("vectors");
    return 0;
}

#define COUNTER(name)                                                                              \
    ({                                                                                             \
        unsigned long value;                                                                       \
        __asm__ volatile("rd" name " %0" : "=r"(value));                                           \
        value;                                                                                     \
    })

/* What the program's own clocks say of a tenth of a second in which it does nothing. */
static void clocks(void) {
    unsigned long cycle = COUNTER("cycle"), time = COUNTER("time"), instret = COUNTER("instret");
    usleep(100000);
    cycle = COUNTER("cycle") - cycle;
    time = COUNTER("time") - time;
    instret = COUNTER("instret") - instret;
    printf("%lu %lu %lu\n", cycle, time, instret);
}

/* As a compiler at run time does it: n MiB of functions of a page each, each of which runs once. */
static void code(long n) {
    size_t size = (size_t)n << 20;
    unsigned short *at = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        abort();
    for (size_t i = 0; i < size / 2; i++)
        at[i] = i % 2048 == 2047 ? 0x8082 : 0x0285; /* ret; addi t0, t0, 1 */
    __builtin___clear_cache((char *)at, (char *)at + size);
    for (size_t i = 0; i < size / 2; i += 2048)
        ((void (*)(void))(at + i))();
    puts("ran");
}

static int environment(char **variables) {
    for (; *variables; variables++)
        puts(*variables);
    return 0;
}

int main(int argc, char **argv, char **variables) {
    const char *what = argc > 1 ? argv[1] : "";
    long n = argc > 2 ? atol(argv[2]) : 0;
    if (!strcmp(what, "limits"))
        limits();
    else if (!strcmp(what, "chain"))
        chain(n), puts("chained");
    else if (!strcmp(what, "queue"))
        queue(n), puts("queued");
    else if (!strcmp(what, "hold"))
        chain(n), hold();
    else if (!strcmp(what, "later"))
        hold(), queue(n), puts("queued");
    else if (!strcmp(what, "work"))
        return compute(n), atoi(argv[3]);
    else if (!strcmp(what, "script")) /* script FILE CODE, as an interpreter is called */
        return compute(100000), atoi(argv[3]);
    else if (!strcmp(what, "children"))
        return children(argv[0], argv[2]);
    else if (!strcmp(what, "background"))
        return background();
    else if (!strcmp(what, "execs"))
        return failed_exec(argv[0]);
    else if (!strcmp(what, "host"))
        compute(1000), execl("/bin/echo", "echo", "left", (char *)NULL);
    else if (!strcmp(what, "scalar"))
        scalar_faults();
    else if (!strcmp(what, "conditional"))
        conditional_faults();
    else if (!strcmp(what, "vectors"))
        vector_faults();
    else if (!strcmp(what, "illegal"))
        illegal();
    else if (!strcmp(what, "segv"))
        compute(100000), *(volatile int *)8 = 1;
    else if (!strcmp(what, "counted"))
        return counted((int)n);
    else if (!strcmp(what, "spin"))
        for (puts("ready"), fflush(stdout);;)
            compute(1000);
    else if (!strcmp(what, "vector"))
        return vector();
    else if (!strcmp(what, "clocks"))
        clocks();
    else if (!strcmp(what, "code"))
        code(n);
    else if (!strcmp(what, "environment"))
        return environment(variables);
    else if (!strcmp(what, "arguments"))
        for (int i = 2; i < argc; i++)
            for (char *c = argv[i]; *c; c++)
                printf("%02x", (unsigned char)*c);
    if (faults)
        printf("faults %ld\n", faults);
    return 0;
}
