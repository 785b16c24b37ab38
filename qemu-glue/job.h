/*
 * What the plugin was asked for, and the files through which it answers.
 *
 * Everything goes into one directory (out=DIR):
 *
 *   status               counters of the running program, see struct job_status; read it any time
 *   vcpu.N.safetensors   program vector of vCPU N, also while running (a checkpoint)
 *   vcpu.N.plan          what its session chose to measure: 64-bit numbers of
 *                        perfvec_session_plan(); not there where the rate is fixed
 *   vcpu.N.intervals     its interval series, see struct job_interval
 *   maps                 which files the guest's code comes from, see maps.c
 *   log                  what the library and the plugin have to tell, one line each
 *   finished             made last, when the program exited and everything was written
 */
#ifndef PERFVEC_JOB_H
#define PERFVEC_JOB_H

#include <stdint.h>

#include "perfvec.h"

#define JOB_MAX_VCPUS 1024

enum job_mode {
    JOB_ESTIMATE,  /* feed a session (model=FILE) */
    JOB_RECORD,    /* feed a recorder (record=FILE) */
    JOB_DISCARD,   /* for measurements: expand blocks and drop them (bench=expand) */
    JOB_CALLBACKS, /* for measurements: callbacks that do nothing (bench=callbacks) */
};

struct job {
    enum job_mode mode;
    const char *out;     /* directory of the answers; NULL for none */
    const char *record;  /* trace of vCPU 0; the others get ".N" before the extension */
    const char *program; /* told to the trace */
    const char *model, *microarchs;
    uint32_t backend;
    perfvec_config config;
};

/* All little-endian; 64-bit fields are written whole. */
struct job_status {
    char magic[8]; /* "pvSTATUS" */
    uint64_t reserved[3];
    struct job_counters {
        uint64_t retired;
        uint64_t measured; /* retirements that `cycles` was estimated from, 0 for none yet */
        double cycles;     /* estimate for `retired`, on the first microarchitecture */
        uint64_t reserved;
    } vcpus[JOB_MAX_VCPUS];
};

/* Head of a record in vcpu.N.intervals; `len` doubles follow: the interval's program vector. */
struct job_interval {
    uint64_t index, first, retirements, measured, len;
};

extern struct job job;

/* Takes over the plugin's arguments. Answers NULL, or what is wrong with them. */
const char *job_parse(int argc, char **argv);

/* Makes the directory's files. Answers NULL, or what failed. */
const char *job_open(void);

/* The counters of a vCPU; never NULL. */
struct job_counters *job_counters(unsigned vcpu);

/* A file of the directory, or NULL where there is none: `name` may hold one %u for `vcpu`. */
const char *job_path(char *buffer, unsigned size, const char *name, unsigned vcpu);

/* Tells the user one line; callable from any thread. */
void job_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Marks everything as written. */
void job_finished(void);

#endif
