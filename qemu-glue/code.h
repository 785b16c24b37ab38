/*
 * What the guest's code is: instructions and translation blocks, interned for the whole process.
 *
 * QEMU translates the same code again whenever it empties its code cache, and never says when a
 * block is gone. Equal blocks are therefore found again, so that memory grows with the distinct
 * code of the guest only. Entries never move and are complete before the first execution of their
 * block, so that execution reads them without a lock.
 */
#ifndef PERFVEC_CODE_H
#define PERFVEC_CODE_H

#include <stddef.h>
#include <stdint.h>

/* Most instructions of a block: twice as many as QEMU puts into one. Guest threads run on small
 * stacks, so this bounds what is kept there too. */
#define CODE_MAX_BLOCK 1024

/* What the expansion must know of an instruction; from perfvec_static_inst_decode(). */
enum {
    CODE_MEMORY = 1,            /* may access memory */
    CODE_ALWAYS = 2,            /* retires only with an access: without one it faulted */
    CODE_LOAD_RESERVED = 4,     /* its address is the one of a store-conditional that fails */
    CODE_STORE_CONDITIONAL = 8, /* accesses nothing when it fails, but retires */
};

struct code_inst {
    uint64_t pc;
    uint8_t bytes[6]; /* RISC-V has encodings of 2 and 4 bytes today */
    uint8_t size;
    uint8_t kind; /* CODE_... */
};

struct code_block {
    struct code_block *next; /* in its bucket */
    uint64_t hash;
    uint32_t size;     /* instructions */
    uint32_t accesses; /* of these, with CODE_MEMORY */
    uint32_t highest;  /* the highest number among them */
    uint32_t reserves; /* whether there is a load-reserved or a store-conditional */
    uint32_t insts[];  /* their numbers */
};

/* The number of an instruction, dense from 0; UINT32_MAX where there is no room for another. */
uint32_t code_inst_number(uint64_t pc, const uint8_t *bytes, size_t size);

/* An instruction by its number. */
const struct code_inst *code_inst(uint32_t number);

/* The block of these instructions; NULL without memory. */
const struct code_block *code_block(const uint32_t *insts, size_t size);

#endif
