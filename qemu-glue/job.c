#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct job job;

static char problem[512];
/* Used while there is no directory to share it in. */
static struct job_status own_status;
static struct job_status *status = &own_status;

static int parse_number(const char *text, uint64_t highest, uint64_t *out) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || value > highest)
        return 0;
    *out = value;
    return 1;
}

static int set_number(const char *key, uint64_t value) {
    perfvec_config *c = &job.config;
    if (!strcmp(key, "threads"))
        c->threads = (uint32_t)value;
    else if (!strcmp(key, "interval"))
        c->interval = value;
    else if (!strcmp(key, "sample"))
        c->sampling = PERFVEC_SAMPLING_FIXED_RATE, c->period = value;
    else if (!strcmp(key, "unit"))
        c->unit = (uint32_t)value;
    else if (!strcmp(key, "seed"))
        c->seed = value;
    else if (!strcmp(key, "warming"))
        c->warming = value;
    else if (!strcmp(key, "backend"))
        job.backend = (uint32_t)value;
    else
        return 0;
    return 1;
}

/* Its range is checked where a session is created. */
static int set_target(uint32_t sampling, double *target, const char *value) {
    char *end;
    *target = strtod(value, &end);
    job.config.sampling = sampling;
    return end != value && !*end;
}

/* Numbers between colons. */
static int set_plan(const char *value) {
    static uint64_t plan[PERFVEC_PLAN_MAX];
    perfvec_config *c = &job.config;
    c->sampling = PERFVEC_SAMPLING_PLAN;
    c->plan = plan;
    for (c->plan_len = 0; *value; c->plan_len++) {
        char *end;
        if (c->plan_len == PERFVEC_PLAN_MAX || *value < '0' || *value > '9')
            return 0;
        plan[c->plan_len] = strtoull(value, &end, 10);
        if (*end && *end != ':')
            return 0;
        value = *end ? end + 1 : end;
    }
    return 1;
}

static int set_text(const char *key, const char *value) {
    if (!strcmp(key, "sample_error"))
        return set_target(PERFVEC_SAMPLING_TARGET_ERROR, &job.config.half_width, value);
    if (!strcmp(key, "sample_overhead"))
        return set_target(PERFVEC_SAMPLING_TARGET_OVERHEAD, &job.config.overhead, value);
    if (!strcmp(key, "sample_plan"))
        return set_plan(value);
    if (!strcmp(key, "out"))
        job.out = value;
    else if (!strcmp(key, "record"))
        job.record = value, job.mode = JOB_RECORD;
    else if (!strcmp(key, "program"))
        job.program = value;
    else if (!strcmp(key, "model"))
        job.model = value;
    else if (!strcmp(key, "microarchs"))
        job.microarchs = value;
    else if (!strcmp(key, "bench") && !strcmp(value, "expand"))
        job.mode = JOB_DISCARD;
    else if (!strcmp(key, "bench") && !strcmp(value, "callbacks"))
        job.mode = JOB_CALLBACKS;
    else
        return 0;
    return 1;
}

const char *job_parse(int argc, char **argv) {
    if (perfvec_config_init(&job.config, sizeof job.config))
        return perfvec_last_error();
    for (int i = 0; i < argc; i++) {
        char *key = argv[i], *value = strchr(key, '=');
        uint64_t number;
        if (value) {
            *value++ = 0;
            uint64_t highest =
                strcmp(key, "threads") && strcmp(key, "unit") ? UINT64_MAX : UINT32_MAX;
            if (set_text(key, value) ||
                (parse_number(value, highest, &number) && set_number(key, number)))
                continue;
            value[-1] = '=';
        }
        snprintf(problem, sizeof problem,
                 "\"%s\" is not an argument of the perfvec plugin; qemu-glue/README.md lists them",
                 key);
        return problem;
    }
    if (job.mode == JOB_ESTIMATE && !job.out)
        return "the perfvec plugin needs out=DIR for its results, or record=FILE";
    if (job.config.sampling == PERFVEC_SAMPLING_TARGET_ERROR && !job.microarchs)
        return "sample_error= needs microarchs=FILE, the table whose estimates are to be so narrow";
    return NULL;
}

const char *job_path(char *buffer, unsigned size, const char *name, unsigned vcpu) {
    if (!job.out)
        return NULL;
    int used = snprintf(buffer, size, "%s/", job.out);
    if (used < 0 || (unsigned)used >= size)
        return NULL;
    int rest = snprintf(buffer + used, size - (unsigned)used, name, vcpu);
    return rest < 0 || (unsigned)(used + rest) >= size ? NULL : buffer;
}

static const char *failed(const char *path) {
    snprintf(problem, sizeof problem, "%.400s: %s", path, strerror(errno));
    return problem;
}

const char *job_open(void) {
    char path[4096];
    if (!job.out)
        return NULL;
    if (mkdir(job.out, 0777) && errno != EEXIST)
        return failed(job.out);
    if (!job_path(path, sizeof path, "status", 0))
        return "the name of the directory out= is too long";
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return failed(path);
    void *map = MAP_FAILED;
    if (!ftruncate(fd, sizeof *status))
        map = mmap(NULL, sizeof *status, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const char *error = map == MAP_FAILED ? failed(path) : NULL;
    close(fd);
    if (error)
        return error;
    status = map;
    memcpy(status->magic, "pvSTATUS", sizeof status->magic);
    return NULL;
}

struct job_counters *job_counters(unsigned vcpu) {
    return &status->vcpus[vcpu % JOB_MAX_VCPUS];
}

void job_log(const char *format, ...) {
    char line[1024], path[4096];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    if (length < 0)
        return;
    if (length > (int)sizeof line - 2)
        length = sizeof line - 2;
    for (int i = 0; i < length; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    line[length] = '\n';
    int fd = STDERR_FILENO;
    if (job_path(path, sizeof path, "log", 0))
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    /* Where even this fails nobody can be told. */
    if (fd >= 0 && write(fd, line, (size_t)length + 1) < 0)
        length = 0;
    if (fd >= 0 && fd != STDERR_FILENO)
        close(fd);
}

void job_finished(void) {
    char path[4096];
    if (!job_path(path, sizeof path, "finished", 0))
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        job_log("%s: %s", path, strerror(errno));
    else
        close(fd);
}
