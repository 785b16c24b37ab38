/*
 * A shell and a few tools in one program, as small systems have them, to be called by names of their
 * own or as "shell TOOL": a sysroot of RISC-V programs for the tests. Each pipe, recipe and command
 * is a process, by fork() or posix_spawn().
 *
 *   sh [-c TEXT | FILE [ARGUMENT]]   lines of commands with |, > FILE, "exec", "cd", "exit", $1
 *   make [-C FOLDER]                 runs the recipes of a Makefile in order, with $(MAKE)
 *   cat [FILE], seq N, wc            the usual, wc counts lines
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MOST 32

static int fail(const char *what) {
    perror(what);
    return 127;
}

/* Splits at blanks; `$1` becomes `argument`. */
static int words(char *text, char **out, char *argument) {
    int n = 0;
    for (char *word = strtok(text, " \t"); word && n < MOST - 1; word = strtok(NULL, " \t"))
        out[n++] = strcmp(word, "$1") ? word : argument;
    out[n] = NULL;
    return n;
}

/* Becomes a command, with its output in a file where "> FILE" says so. */
static int become(char *text, char *argument) {
    char *list[MOST], path[256], *to = strchr(text, '>');
    if (to) {
        char *file[2];
        *to = 0;
        words(to + 1, file, argument);
        int fd = open(file[0], O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd < 0 || dup2(fd, 1) < 0)
            return fail(file[0]);
        close(fd);
    }
    if (!words(text, list, argument))
        return 0;
    snprintf(path, sizeof path, strchr(list[0], '/') ? "%s" : "/bin/%s", list[0]);
    execve(path, list, environ);
    return fail(path);
}

static int code(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A line of commands in a pipe; the code of the last one. */
static int line(char *text, char *argument) {
    int from = 0, status = 0, n = 0;
    pid_t last = -1;
    for (char *next; text; text = next, n++) {
        int ends[2] = {0, 1};
        next = strchr(text, '|');
        if (next)
            *next++ = 0;
        if (next && pipe(ends))
            return fail("pipe");
        last = fork();
        if (!last) {
            if (from && (dup2(from, 0) < 0 || close(from)))
                _exit(fail("dup2"));
            if (next && (dup2(ends[1], 1) < 0 || close(ends[1]) || close(ends[0])))
                _exit(fail("dup2"));
            _exit(become(text, argument));
        }
        if (from)
            close(from);
        if (next)
            close(ends[1]);
        from = ends[0];
    }
    for (int each; n-- > 0;)
        if (wait(&each) == last)
            status = code(each);
    return status;
}

static int run_text(char *text, char *argument) {
    int status = 0;
    for (char *end; text && *text; text = end) {
        end = strchr(text, '\n');
        if (end)
            *end++ = 0;
        text += strspn(text, " \t");
        if (!*text || *text == '#')
            continue;
        if (!strncmp(text, "exit ", 5))
            return atoi(text + 5);
        if (!strncmp(text, "exec ", 5))
            return become(text + 5, argument);
        if (!strncmp(text, "cd ", 3))
            status = chdir(text + 3) ? fail(text + 3) : 0;
        else
            status = line(text, argument);
    }
    return status;
}

static char *contents(const char *name) {
    static char text[16384];
    FILE *file = fopen(name, "r");
    if (!file)
        exit(fail(name));
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static int sh(int argc, char **argv) {
    if (argc > 2 && !strcmp(argv[1], "-c"))
        return run_text(argv[2], argc > 3 ? argv[3] : "");
    return run_text(contents(argv[1]), argc > 2 ? argv[2] : "");
}

static int make(int argc, char **argv) {
    if (argc > 2 && chdir(argv[2]))
        return fail(argv[2]);
    char *text = contents("Makefile");
    for (char *end; text; text = end) {
        char recipe[1024], *own = strstr(text, "$(MAKE)");
        end = strchr(text, '\n');
        if (end)
            *end++ = 0;
        if (*text != '\t')
            continue;
        if (own && (!end || own < end))
            snprintf(recipe, sizeof recipe, "%.*s%s%s", (int)(own - text - 1), text + 1, argv[0],
                     own + strlen("$(MAKE)"));
        else
            snprintf(recipe, sizeof recipe, "%s", text + 1);
        char *const list[] = {"sh", "-c", recipe, NULL};
        pid_t pid;
        int status, failed = posix_spawn(&pid, "/bin/sh", NULL, NULL, list, environ);
        if (failed) {
            errno = failed;
            return fail("/bin/sh");
        }
        if (waitpid(pid, &status, 0) != pid || code(status))
            return 2;
    }
    return 0;
}

static int cat(const char *name) {
    FILE *file = name ? fopen(name, "r") : stdin;
    if (!file)
        return fail(name);
    for (int c; (c = getc(file)) != EOF;)
        putchar(c);
    return 0;
}

static int wc(void) {
    int lines = 0;
    for (int c; (c = getchar()) != EOF;)
        lines += c == '\n';
    printf("%d\n", lines);
    return 0;
}

int main(int argc, char **argv) {
    const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    int status;
    if (!strcmp(name, "sh"))
        status = argc > 1 ? sh(argc, argv) : 2;
    else if (!strcmp(name, "make"))
        status = make(argc, argv);
    else if (!strcmp(name, "cat"))
        status = cat(argc > 1 ? argv[1] : NULL);
    else if (!strcmp(name, "wc"))
        status = wc();
    else if (!strcmp(name, "seq")) {
        for (int i = 1; i <= atoi(argc > 1 ? argv[1] : "0"); i++)
            printf("%d\n", i);
        status = 0;
    } else if (argc > 1)
        return main(argc - 1, argv + 1);
    else
        status = 2;
    fflush(stdout);
    return status;
}
