#include "vcpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "sink.h"

/* Retirements handed on at a time. */
#define BATCH 4096
#define UNKNOWN_ID UINT32_MAX

struct access {
    uint32_t position;
    uint64_t address;
};

struct vcpu {
    /* The block that runs, and its accesses so far. */
    const struct code_block *block;
    uint32_t access_count;
    struct access accesses[CODE_MAX_BLOCK];
    /* Address of the last load-reserved. */
    uint64_t reserved;
    /* Ids that the sink gave, by the number of the instruction. */
    uint32_t *ids;
    uint32_t id_capacity;
    /* Retirements not handed on yet; room for a whole block past the batch. */
    uint32_t count;
    perfvec_retirement retirements[BATCH + CODE_MAX_BLOCK];
    uint64_t retired;
    unsigned index;
    int failed;
    struct sink *sink;
};

static _Atomic(struct vcpu *) vcpus[JOB_MAX_VCPUS];

static void give_up(struct vcpu *v) {
    v->failed = 1;
    v->count = 0;
}

static struct vcpu *start(unsigned index) {
    if (index >= JOB_MAX_VCPUS)
        return NULL;
    struct vcpu *v = calloc(1, sizeof *v);
    if (!v) {
        job_log("no memory for vCPU %u; it is not measured", index);
        return NULL;
    }
    v->index = index;
    if (job.mode != JOB_DISCARD && !(v->sink = sink_open(index)))
        give_up(v);
    atomic_store_explicit(&vcpus[index], v, memory_order_release);
    return v;
}

static struct vcpu *get(unsigned index) {
    if (index >= JOB_MAX_VCPUS)
        return NULL;
    return atomic_load_explicit(&vcpus[index], memory_order_acquire);
}

static void flush(struct vcpu *v) {
    v->retired += v->count;
    if (v->sink && v->count && sink_retire(v->sink, v->retirements, v->count))
        give_up(v);
    v->count = 0;
    /* Only this thread writes it; the atomic store is for the reader in another process. */
    __atomic_store_n(&job_counters(v->index)->retired, v->retired, __ATOMIC_RELAXED);
}

static int grow_ids(struct vcpu *v, uint32_t highest) {
    uint32_t capacity = v->id_capacity ? v->id_capacity : 4096;
    while (capacity <= highest)
        capacity *= 2;
    uint32_t *ids = realloc(v->ids, capacity * sizeof *ids);
    if (!ids) {
        job_log("no memory for the instructions of vCPU %u; its stream ends here", v->index);
        give_up(v);
        return 0;
    }
    memset(ids + v->id_capacity, 0xFF, (capacity - v->id_capacity) * sizeof *ids);
    v->ids = ids;
    v->id_capacity = capacity;
    return 1;
}

static int intern(struct vcpu *v, uint32_t number) {
    if (!v->sink) {
        v->ids[number] = number;
        return 1;
    }
    if (sink_intern(v->sink, code_inst(number), &v->ids[number])) {
        give_up(v);
        return 0;
    }
    return 1;
}

/*
 * Brings the accesses in line with the instructions that retired, and answers how many did: a
 * failing store-conditional gets the address of its reservation, and a load or store without an
 * access faulted, or was left to be run again, together with everything after it.
 */
static uint32_t settle(struct vcpu *v, const struct code_block *b) {
    struct access found[CODE_MAX_BLOCK];
    uint32_t count = v->access_count, used = 0, kept = 0, end = b->size;
    memcpy(found, v->accesses, count * sizeof *found);
    for (uint32_t i = 0; i < b->size; i++) {
        uint8_t kind = code_inst(b->insts[i])->kind;
        if (!(kind & CODE_MEMORY))
            continue;
        uint64_t address = v->reserved;
        if (used < count && found[used].position == i)
            address = found[used++].address;
        else if (kind & CODE_ALWAYS) {
            end = i;
            break;
        } else if (!(kind & CODE_STORE_CONDITIONAL))
            continue;
        if (kind & CODE_LOAD_RESERVED)
            v->reserved = address;
        v->accesses[kept++] = (struct access){i, address};
    }
    v->access_count = kept;
    return end;
}

static void expand(struct vcpu *v) {
    const struct code_block *b = v->block;
    if (!b)
        return;
    v->block = NULL;
    uint32_t size = b->size;
    if (v->access_count != b->accesses || b->reserves)
        size = settle(v, b);
    if (b->highest >= v->id_capacity && !grow_ids(v, b->highest))
        return;
    perfvec_retirement *r = v->retirements + v->count;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t number = b->insts[i];
        if (v->ids[number] == UNKNOWN_ID && !intern(v, number))
            return;
        r[i] = (perfvec_retirement){.inst = v->ids[number]};
    }
    for (uint32_t i = 0; i < v->access_count; i++)
        r[v->accesses[i].position].address = v->accesses[i].address;
    v->count += size;
    if (v->count >= BATCH) {
        flush(v);
        if (v->sink && !v->failed)
            sink_tick(v->sink);
    }
}

void vcpu_block(unsigned index, const struct code_block *block) {
    struct vcpu *v = get(index);
    if (!v && !(v = start(index)))
        return;
    if (v->failed)
        return;
    expand(v);
    v->block = block;
    v->access_count = 0;
}

void vcpu_access(unsigned index, uint32_t position, uint64_t address) {
    struct vcpu *v = get(index);
    if (!v || !v->block)
        return;
    uint32_t n = v->access_count;
    /* Of an instruction with several accesses the first one counts: of an atomic its read. */
    if (n == CODE_MAX_BLOCK || (n && v->accesses[n - 1].position == position))
        return;
    v->accesses[n] = (struct access){position, address};
    v->access_count = n + 1;
}

void vcpu_exit(unsigned index) {
    struct vcpu *v = get(index);
    if (!v || v->failed)
        return;
    expand(v);
    flush(v);
}

void vcpu_checkpoint(unsigned index) {
    vcpu_exit(index);
    struct vcpu *v = get(index);
    if (v && v->sink && !v->failed)
        sink_checkpoint(v->sink);
}

void vcpu_finish_all(void) {
    for (unsigned i = 0; i < JOB_MAX_VCPUS; i++) {
        struct vcpu *v = get(i);
        if (!v)
            continue;
        vcpu_exit(i);
        if (v->sink)
            sink_finish(v->sink);
        v->sink = NULL;
        v->failed = 1;
    }
}
