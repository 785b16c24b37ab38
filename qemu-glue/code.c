#include "code.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "perfvec.h"

/* Numbers live in chunks that never move: 4096 chunks of 4096 are as many as a trace may hold. */
#define CHUNK_BITS 12
#define CHUNK (1u << CHUNK_BITS)
#define CHUNKS 4096u
#define EMPTY UINT32_MAX

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct code_inst *chunks[CHUNKS];
static uint32_t inst_count;
/* Open addressing, a power of two, at most half full. */
static uint32_t *inst_slots;
static uint32_t inst_capacity;
/* Chained, a power of two. */
static struct code_block **buckets;
static uint32_t bucket_count, block_count;

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

const struct code_inst *code_inst(uint32_t number) {
    return &chunks[number >> CHUNK_BITS][number & (CHUNK - 1)];
}

static uint64_t hash_inst(const struct code_inst *inst) {
    uint64_t bytes = 0;
    memcpy(&bytes, inst->bytes, sizeof inst->bytes);
    return mix(mix(0, inst->pc), bytes);
}

static int same_inst(const struct code_inst *a, const struct code_inst *b) {
    return a->pc == b->pc && a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

/* The slot that holds an equal instruction, or the empty one where it belongs. */
static uint32_t *find_slot(const struct code_inst *inst) {
    uint32_t at = (uint32_t)hash_inst(inst) & (inst_capacity - 1);
    while (inst_slots[at] != EMPTY && !same_inst(code_inst(inst_slots[at]), inst))
        at = (at + 1) & (inst_capacity - 1);
    return &inst_slots[at];
}

static int grow_slots(void) {
    uint32_t *old = inst_slots, old_capacity = inst_capacity;
    uint32_t capacity = old_capacity ? old_capacity * 2 : CHUNK * 2;
    uint32_t *slots = malloc(capacity * sizeof *slots);
    if (!slots)
        return 0;
    memset(slots, 0xFF, capacity * sizeof *slots);
    inst_slots = slots;
    inst_capacity = capacity;
    for (uint32_t i = 0; i < old_capacity; i++)
        if (old[i] != EMPTY)
            *find_slot(code_inst(old[i])) = old[i];
    free(old);
    return 1;
}

static uint8_t kind_of(const struct code_inst *inst) {
    perfvec_static_inst decoded = {.struct_size = sizeof decoded};
    if (perfvec_static_inst_decode(PERFVEC_ISA_RISCV64, inst->pc, inst->bytes, inst->size, &decoded))
        return 0; /* whoever interns it is told why */
    if (!(decoded.flags & (PERFVEC_INST_LOAD | PERFVEC_INST_STORE)))
        return 0;
    /* A masked vector access may touch nothing, and QEMU reports no access for a prefetch or a
     * cache-block operation (major opcode MISC-MEM). */
    const uint32_t may_touch_nothing = PERFVEC_INST_VECTOR | PERFVEC_INST_UNKNOWN |
                                       PERFVEC_INST_PREFETCH | PERFVEC_INST_STORE_CONDITIONAL;
    uint8_t kind = CODE_MEMORY;
    if (!(decoded.flags & may_touch_nothing) && (inst->bytes[0] & 0x7F) != 0x0F)
        kind |= CODE_ALWAYS;
    if (decoded.flags & PERFVEC_INST_LOAD_RESERVED)
        kind |= CODE_LOAD_RESERVED;
    if (decoded.flags & PERFVEC_INST_STORE_CONDITIONAL)
        kind |= CODE_STORE_CONDITIONAL;
    return kind;
}

static uint32_t add_inst(const struct code_inst *inst, uint32_t *slot) {
    struct code_inst **chunk = &chunks[inst_count >> CHUNK_BITS];
    if (inst_count == CHUNKS * CHUNK)
        return EMPTY;
    if (!*chunk && !(*chunk = calloc(CHUNK, sizeof **chunk)))
        return EMPTY;
    struct code_inst *new = &(*chunk)[inst_count & (CHUNK - 1)];
    *new = *inst;
    new->kind = kind_of(new);
    return *slot = inst_count++;
}

uint32_t code_inst_number(uint64_t pc, const uint8_t *bytes, size_t size) {
    struct code_inst inst = {.pc = pc};
    if (size > sizeof inst.bytes)
        size = sizeof inst.bytes;
    memcpy(inst.bytes, bytes, size);
    inst.size = (uint8_t)size;
    uint32_t number = EMPTY;
    pthread_mutex_lock(&lock);
    if (inst_count * 2 < inst_capacity || grow_slots()) {
        uint32_t *slot = find_slot(&inst);
        number = *slot != EMPTY ? *slot : add_inst(&inst, slot);
    }
    pthread_mutex_unlock(&lock);
    return number;
}

static int grow_buckets(void) {
    uint32_t count = bucket_count ? bucket_count * 2 : 1024;
    struct code_block **new = calloc(count, sizeof *new);
    if (!new)
        return 0;
    for (uint32_t i = 0; i < bucket_count; i++) {
        for (struct code_block *b = buckets[i], *next; b; b = next) {
            struct code_block **bucket = &new[b->hash & (count - 1)];
            next = b->next;
            b->next = *bucket;
            *bucket = b;
        }
    }
    free(buckets);
    buckets = new;
    bucket_count = count;
    return 1;
}

static struct code_block *find_block(uint64_t hash, const uint32_t *insts, size_t size) {
    struct code_block *b = buckets[hash & (bucket_count - 1)];
    while (b && (b->hash != hash || b->size != size || memcmp(b->insts, insts, size * 4)))
        b = b->next;
    return b;
}

static struct code_block *add_block(uint64_t hash, const uint32_t *insts, size_t size) {
    struct code_block *b = malloc(sizeof *b + size * sizeof *insts);
    if (!b)
        return NULL;
    struct code_block **bucket = &buckets[hash & (bucket_count - 1)];
    *b = (struct code_block){.next = *bucket, .hash = hash, .size = (uint32_t)size};
    memcpy(b->insts, insts, size * sizeof *insts);
    for (size_t i = 0; i < size; i++) {
        uint8_t kind = code_inst(insts[i])->kind;
        b->accesses += (kind & CODE_MEMORY) != 0;
        b->reserves |= kind & (CODE_LOAD_RESERVED | CODE_STORE_CONDITIONAL);
        if (insts[i] > b->highest)
            b->highest = insts[i];
    }
    *bucket = b;
    block_count++;
    return b;
}

const struct code_block *code_block(const uint32_t *insts, size_t size) {
    uint64_t hash = size;
    for (size_t i = 0; i < size; i++)
        hash = mix(hash, insts[i]);
    struct code_block *block = NULL;
    pthread_mutex_lock(&lock);
    if (block_count < bucket_count || grow_buckets()) {
        block = find_block(hash, insts, size);
        if (!block)
            block = add_block(hash, insts, size);
    }
    pthread_mutex_unlock(&lock);
    return block;
}
