#include "sink.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "job.h"

struct sink {
    unsigned vcpu;
    /* One of these. */
    perfvec_session *session;
    perfvec_recorder *recorder;
    FILE *intervals;
    int intervals_failed;
    /* Nanoseconds of the monotonic clock. */
    uint64_t next_estimate, next_checkpoint, checkpoint_pause;
};

#define MILLISECOND UINT64_C(1000000)
/* Between two looks at the running CPI. */
#define ESTIMATE_PAUSE (250 * MILLISECOND)
/* Between two checkpoints: this at first, then twice as long every time, up to the last. */
#define FIRST_PAUSE (4 * MILLISECOND)
#define LAST_PAUSE (1000 * MILLISECOND)

static perfvec_model *model;
static perfvec_microarchs *microarchs;

static sigset_t enter(void) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    return before;
}

static void leave(sigset_t before) {
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * MILLISECOND + (uint64_t)t.tv_nsec;
}

/* Logs a failed call of the sink's handle; answers whether it failed. */
static int failed(const struct sink *s, perfvec_status status) {
    if (status)
        job_log("vCPU %u: %s", s->vcpu,
                s->session ? perfvec_session_last_error(s->session)
                           : perfvec_recorder_last_error(s->recorder));
    return status != PERFVEC_OK;
}

static void on_log(void *user, int level, const char *message) {
    (void)user;
    job_log("%s%s", level == PERFVEC_LOG_WARNING ? "warning: " : "", message);
}

const char *sink_prepare(void) {
    if (job.mode != JOB_ESTIMATE)
        return NULL;
    sigset_t before = enter();
    /* Errors are logged where they are met. */
    perfvec_status status = perfvec_log_set(on_log, NULL, PERFVEC_LOG_WARNING);
    if (!status)
        status = perfvec_model_load(job.model, job.backend, &model);
    if (!status && job.microarchs)
        status = perfvec_microarchs_load(job.microarchs, &microarchs);
    job.config.targets = microarchs;
    leave(before);
    return status ? perfvec_last_error() : NULL;
}

static void on_interval(void *user, const perfvec_interval *interval) {
    struct sink *s = user;
    struct job_interval head = {interval->index, interval->first, interval->retirements,
                                interval->measured, interval->len};
    if (s->intervals_failed)
        return;
    if (fwrite(&head, sizeof head, 1, s->intervals) != 1 ||
        fwrite(interval->vector, sizeof(double), interval->len, s->intervals) != interval->len) {
        s->intervals_failed = 1;
        job_log("vCPU %u: the interval series could not be written; it ends here", s->vcpu);
    }
}

static perfvec_status open_session(struct sink *s) {
    perfvec_status status = perfvec_session_create(model, &job.config, &s->session);
    if (status || !job.config.interval)
        return status;
    char path[4096];
    if (job_path(path, sizeof path, "vcpu.%u.intervals", s->vcpu))
        s->intervals = fopen(path, "wbe");
    if (!s->intervals) {
        job_log("%s cannot be written; there is no interval series", path);
        return PERFVEC_OK;
    }
    return perfvec_session_set_interval_callback(s->session, on_interval, s);
}

/* The trace of a vCPU: the first one's is record=, the others have ".N" before the extension. */
static int trace_path(char *buffer, size_t size, unsigned vcpu) {
    const char *name = strrchr(job.record, '/');
    name = name ? name + 1 : job.record;
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        dot = name + strlen(name);
    int length = vcpu ? snprintf(buffer, size, "%.*s.%u%s", (int)(dot - job.record), job.record,
                                 vcpu, dot)
                      : snprintf(buffer, size, "%s", job.record);
    return length > 0 && (size_t)length < size;
}

static perfvec_status open_recorder(struct sink *s) {
    char path[4096], metadata[64];
    snprintf(metadata, sizeof metadata, "{\"vcpu\": \"%u\"}", s->vcpu);
    perfvec_trace_header header = {
        .struct_size = sizeof header,
        .isa = PERFVEC_ISA_RISCV64,
        .host = "qemu",
        .program = job.program,
        .metadata_json = metadata,
    };
    if (!trace_path(path, sizeof path, s->vcpu))
        return PERFVEC_ERR_INVALID_ARGUMENT;
    return perfvec_recorder_create(path, &header, &s->recorder);
}

struct sink *sink_open(unsigned vcpu) {
    struct sink *s = calloc(1, sizeof *s);
    if (!s) {
        job_log("no memory for vCPU %u; it is not measured", vcpu);
        return NULL;
    }
    s->vcpu = vcpu;
    s->checkpoint_pause = FIRST_PAUSE;
    s->next_estimate = s->next_checkpoint = now() + FIRST_PAUSE;
    sigset_t before = enter();
    perfvec_status status = job.mode == JOB_RECORD ? open_recorder(s) : open_session(s);
    leave(before);
    if (status) {
        job_log("vCPU %u is not measured: %s", vcpu, perfvec_last_error());
        perfvec_session_free(s->session);
        free(s);
        return NULL;
    }
    return s;
}

int sink_intern(struct sink *s, const struct code_inst *inst, uint32_t *id) {
    sigset_t before = enter();
    perfvec_status status =
        s->session ? perfvec_session_intern_encoding(s->session, PERFVEC_ISA_RISCV64, inst->pc,
                                                     inst->bytes, inst->size, id)
                   : perfvec_recorder_intern_encoding(s->recorder, PERFVEC_ISA_RISCV64, inst->pc,
                                                      inst->bytes, inst->size, id);
    leave(before);
    return failed(s, status);
}

int sink_retire(struct sink *s, const perfvec_retirement *r, size_t n) {
    sigset_t before = enter();
    perfvec_status status = s->session ? perfvec_session_retire_many(s->session, r, n)
                                       : perfvec_recorder_retire_many(s->recorder, r, n);
    leave(before);
    return failed(s, status);
}

static void estimate(struct sink *s) {
    perfvec_counts counts = {.struct_size = sizeof counts};
    perfvec_estimate first;
    if (!microarchs || perfvec_session_counts(s->session, &counts) || !counts.measured ||
        perfvec_session_estimate(s->session, microarchs, 0, &first))
        return; /* the table is told what is wrong with it at the end */
    struct job_counters *c = job_counters(s->vcpu);
    uint64_t cycles;
    memcpy(&cycles, &first.cycles, sizeof cycles);
    __atomic_store_n((uint64_t *)&c->cycles, cycles, __ATOMIC_RELAXED);
    __atomic_store_n(&c->measured, counts.measured, __ATOMIC_RELAXED);
}

/* The plan is written anew: it never gets shorter, so a reader sees a beginning of it at least. */
static void save_plan(struct sink *s) {
    uint64_t plan[PERFVEC_PLAN_MAX];
    size_t length;
    char path[4096];
    if (failed(s, perfvec_session_plan(s->session, plan, PERFVEC_PLAN_MAX, &length)) || !length ||
        !job_path(path, sizeof path, "vcpu.%u.plan", s->vcpu))
        return;
    FILE *file = fopen(path, "r+be");
    if (!file)
        file = fopen(path, "wbe");
    int written = file && fwrite(plan, sizeof *plan, length, file) == length;
    if ((file && fclose(file)) || !written)
        job_log("vCPU %u: what was chosen to be measured could not be written", s->vcpu);
}

static void save(struct sink *s) {
    char path[4096];
    save_plan(s);
    if (job_path(path, sizeof path, "vcpu.%u.safetensors", s->vcpu))
        failed(s, perfvec_session_save_vector(s->session, path));
    if (s->intervals)
        fflush(s->intervals);
}

void sink_tick(struct sink *s) {
    if (!s->session)
        return;
    uint64_t time = now();
    sigset_t before = enter();
    if (time >= s->next_estimate) {
        estimate(s);
        s->next_estimate = now() + ESTIMATE_PAUSE;
    }
    if (time >= s->next_checkpoint) {
        save(s);
        s->next_checkpoint = now() + s->checkpoint_pause;
        s->checkpoint_pause *= 2;
        if (s->checkpoint_pause > LAST_PAUSE)
            s->checkpoint_pause = LAST_PAUSE;
    }
    leave(before);
}

void sink_checkpoint(struct sink *s) {
    if (!s->session)
        return;
    sigset_t before = enter();
    if (!failed(s, perfvec_session_sync(s->session)))
        save(s);
    leave(before);
}

static void finish_recorder(struct sink *s) {
    failed(s, perfvec_recorder_finish(s->recorder, NULL));
    perfvec_recorder_free(s->recorder);
}

static void finish_session(struct sink *s) {
    if (!failed(s, perfvec_session_finish(s->session))) {
        estimate(s);
        save(s);
    }
    if (s->intervals && fclose(s->intervals))
        job_log("vCPU %u: the interval series could not be written", s->vcpu);
    perfvec_session_free(s->session);
}

void sink_finish(struct sink *s) {
    sigset_t before = enter();
    if (s->session)
        finish_session(s);
    else
        finish_recorder(s);
    leave(before);
    free(s);
}
