#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "qemu_api.h"
#include "ring.h"

uint64_t guest_base;

#define PATH_SIZE 4096

/* The program's own file; empty where QEMU does not tell. */
static char self[PATH_SIZE];
/* Linux's limits for scripts. */
#define FIRST_LINE 256
#define SCRIPT_DEPTH 5
#define MOST_ARGUMENTS (1u << 20)

/* A growing list of strings, ended by NULL. */
struct list {
    char **items;
    size_t count, capacity;
    bool failed;
};

static void add(struct list *l, char *text) {
    if (l->count + 1 >= l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 64;
        char **items = realloc(l->items, capacity * sizeof *items);
        if (!items) {
            l->failed = true;
            return;
        }
        l->items = items;
        l->capacity = capacity;
    }
    l->items[l->count++] = text;
    l->items[l->count] = NULL;
    if (!text)
        l->failed = true;
}

/* Copies guest memory from any address; returns how many bytes could be read. */
static size_t peek(uint64_t address, void *to, size_t size) {
    struct iovec here = {to, size}, there = {(void *)(uintptr_t)(guest_base + address), size};
    ssize_t n = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
    return n < 0 ? 0 : (size_t)n;
}

/* A string of the guest, to be freed; NULL where it cannot be read. */
static char *string_at(uint64_t address) {
    size_t length = 0;
    char *text = NULL;
    for (;;) {
        /* Up to the end of a page: the next one may not be there. */
        size_t part = 4096 - (address + length) % 4096;
        char *longer = realloc(text, length + part);
        if (longer)
            text = longer;
        if (!longer || peek(address + length, text + length, part) != part) {
            free(text);
            return NULL;
        }
        if (memchr(text + length, 0, part))
            return text;
        length += part;
    }
}

/* A NULL-terminated array of strings of the guest. */
static void strings_at(uint64_t address, struct list *l) {
    for (uint64_t pointer; address && l->count < MOST_ARGUMENTS && !l->failed; address += 8) {
        if (peek(address, &pointer, sizeof pointer) != sizeof pointer)
            l->failed = true;
        else if (!pointer)
            return;
        else
            add(l, string_at(pointer));
    }
}

static bool is_program(const char *path) {
    struct stat found;
    return !stat(path, &found) && S_ISREG(found.st_mode) && !access(path, X_OK);
}

/* Resolves `path` like QEMU's open(): an absolute one is looked for in the sysroot first. */
static bool locate(const char *sysroot, const char *path, char out[PATH_SIZE]) {
    int n = path[0] == '/' && sysroot ? snprintf(out, PATH_SIZE, "%s%s", sysroot, path) : -1;
    if (n > 0 && n < PATH_SIZE && is_program(out))
        return true;
    n = snprintf(out, PATH_SIZE, "%s", path);
    return n < PATH_SIZE && is_program(out);
}

/* Reads the first bytes of a file; returns how many. */
static size_t beginning(const char *path, char out[FIRST_LINE]) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, FIRST_LINE);
    if (fd >= 0)
        close(fd);
    return n < 0 ? 0 : (size_t)n;
}

static bool is_riscv64(const char *head, size_t size) {
    /* ELF, 64 bits, little-endian, machine 243. */
    return size >= 20 && !memcmp(head, "\177ELF\2\1", 6) && (head[18] & 0xFF) == 243 && !head[19];
}

/* The interpreter of a script and its argument, both NULL where there is none. */
static void first_line(char head[FIRST_LINE], size_t size, char **interpreter, char **argument) {
    *interpreter = *argument = NULL;
    if (size < 3 || memcmp(head, "#!", 2))
        return;
    head[size < FIRST_LINE ? size : FIRST_LINE - 1] = 0;
    char *line = head + 2;
    line[strcspn(line, "\n")] = 0;
    for (size_t n = strlen(line); n && strchr(" \t", line[n - 1]);)
        line[--n] = 0;
    line += strspn(line, " \t");
    char *end = line + strcspn(line, " \t");
    if (!*line)
        return;
    *interpreter = line;
    if (*end) {
        *end++ = 0;
        *argument = end + strspn(end, " \t");
    }
}

/*
 * Puts what runs `path` in front of the arguments: for a script its interpreter, as Linux does.
 * Returns whether the last interpreter is a RISC-V program; `out` is then its path and `argv0` its
 * argument 0.
 */
static bool resolve(const char *sysroot, const char *path, struct list *front, char **argv0,
                    char out[PATH_SIZE]) {
    struct list lines = {0};
    char name[PATH_SIZE];
    if (!locate(sysroot, path, out))
        return false;
    snprintf(name, sizeof name, "%s", path);
    for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
        char head[FIRST_LINE], *interpreter, *argument;
        size_t size = beginning(out, head);
        if (is_riscv64(head, size)) {
            /* The innermost script came first. */
            for (size_t i = lines.count; i-- > 0;)
                add(front, lines.items[i]);
            free(lines.items);
            return !lines.failed;
        }
        first_line(head, size, &interpreter, &argument);
        if (!interpreter)
            break;
        add(&lines, strdup(name));
        if (argument)
            add(&lines, strdup(argument));
        snprintf(name, sizeof name, "%s", interpreter);
        *argv0 = strdup(interpreter);
        if (!locate(sysroot, interpreter, out))
            break;
    }
    free(lines.items);
    return false;
}

/* Records what becomes of this process, if it is measured. */
static void note(int problem, const char *path) {
    if (!process)
        return;
    if (path) {
        size_t length = strnlen(path, sizeof process->becomes - 1);
        memcpy(process->becomes, path, length);
        process->becomes[length] = 0;
    }
    atomic_store(&process->problem, (uint64_t)problem);
}

static void run(const char *path, char *argv0, const struct list *front, const struct list *args,
                const struct list *environment) {
    struct list all = {0};
    char plugin[PATH_SIZE + 512];
    int fd = process ? share_descriptor() : -1;
    if (front->failed || args->failed || environment->failed)
        goto failed;
    const char *text = share->head.text;
    for (uint32_t i = 0; i < share->head.argc; i++, text += strlen(text) + 1)
        add(&all, (char *)text);
    if (all.count < 3)
        goto failed;
    /* The last two are -plugin and its text, which ends in "memory=". */
    snprintf(plugin, sizeof plugin, "%s%d", all.items[all.count - 1], fd);
    all.items[all.count - 1] = plugin;
    if (fd < 0)
        all.count -= 2;
    if (argv0) {
        add(&all, "-0");
        add(&all, argv0);
    }
    add(&all, (char *)path);
    for (size_t i = 0; i < front->count; i++)
        add(&all, front->items[i]);
    for (size_t i = 1; i < args->count; i++)
        add(&all, args->items[i]);
    static char *const nothing[] = {NULL};
    if (!all.failed)
        execve(all.items[0], all.items, environment->items ? environment->items : nothing);
failed:
    note(SHARE_NOT_FOLLOWED, NULL);
    if (fd >= 0)
        close(fd);
    free(all.items);
}

void exec_know_self(void) {
    static bool asked;
    if (asked)
        return;
    asked = true;
    char *path = qemu_plugin_path_to_binary ? (char *)qemu_plugin_path_to_binary() : NULL;
    /* It may be relative to a folder that the program leaves later. */
    char *whole = path ? realpath(path, NULL) : NULL;
    if (whole && strlen(whole) < sizeof self)
        strcpy(self, whole);
    free(whole);
    free(path);
}

/* Whether a path is a process's own name for its program. To the kernel that is QEMU. */
static bool is_self(const char *path) {
    char by_number[64];
    snprintf(by_number, sizeof by_number, "/proc/%d/exe", (int)getpid());
    return !strcmp(path, "/proc/self/exe") || !strcmp(path, "/proc/thread-self/exe") ||
           !strcmp(path, by_number);
}

void exec_follow(const char *sysroot, int dirfd, uint64_t path_at, uint64_t argv, uint64_t envp,
                 int flags) {
    char path[PATH_SIZE], found[PATH_SIZE];
    char *given = string_at(path_at), *argv0 = NULL;
    if (!given || strlen(given) >= PATH_SIZE - 64)
        return;
    if (dirfd == AT_FDCWD || given[0] == '/')
        snprintf(path, sizeof path, "%s", given);
    else if (!*given && flags & AT_EMPTY_PATH)
        snprintf(path, sizeof path, "/proc/self/fd/%d", dirfd);
    else
        snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dirfd, given);
    free(given);
    if (*self && is_self(path))
        snprintf(path, sizeof path, "%s", self);
    note(SHARE_LEFT, path);
    struct list front = {0}, args = {0}, environment = {0};
    strings_at(argv, &args);
    if (args.count)
        argv0 = args.items[0];
    if (resolve(sysroot, path, &front, &argv0, found)) {
        strings_at(envp, &environment);
        run(found, argv0, &front, &args, &environment);
    }
    /* The exec failed or is left to QEMU. A program that searches PATH fails once per folder, so the
     * lists are freed; a few strings in them are not. */
    for (size_t i = 0; i < environment.count; i++)
        free(environment.items[i]);
    free(environment.items);
    free(args.items);
    free(front.items);
}

void exec_failed(void) {
    note(SHARE_WHOLE, "");
}
