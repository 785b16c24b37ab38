/* An emulator of a small 8-bit processor with flags, stack and zero page runs
 * a generated program: decode, memory, indirect dispatch.
 * args: seed instructions */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { uint8_t a, x, y, s, p, ram[65536]; uint16_t pc; } cpu;
static cpu c;

static uint8_t fetch(void) { return c.ram[c.pc++]; }
static uint8_t flags(uint8_t v) {
    c.p = (uint8_t)((c.p & 0x7d) | (v & 0x80) | (v == 0) << 1);
    return v;
}
static uint16_t address(int mode) {
    uint16_t z = fetch();
    switch (mode) {
    case 0: return z;
    case 1: return (uint8_t)(z + c.x);
    case 2: return (uint16_t)(z | fetch() << 8);
    case 3: return (uint16_t)((z | fetch() << 8) + c.y);
    case 4: return (uint16_t)(c.ram[z] | c.ram[(uint8_t)(z + 1)] << 8);
    default: return (uint16_t)(c.pc - 1);
    }
}

static void op_load(int m) { c.a = flags(c.ram[address(m)]); }
static void op_store(int m) { c.ram[address(m) | 0x8000] = c.a; }
static void op_add(int m) {
    unsigned r = c.a + c.ram[address(m)] + (c.p & 1);
    c.p = (uint8_t)((c.p & 0xfe) | r >> 8);
    c.a = flags((uint8_t)r);
}
static void op_xor(int m) { c.a = flags(c.a ^ c.ram[address(m)]); }
static void op_shift(int m) {
    uint16_t at = address(m) | 0x8000;
    c.p = (uint8_t)((c.p & 0xfe) | c.ram[at] >> 7);
    c.ram[at] = flags((uint8_t)(c.ram[at] << 1));
}
static void op_index(int m) {
    if (m & 1)
        c.x = flags((uint8_t)(c.x + 1));
    else
        c.y = flags((uint8_t)(c.y - 1));
}
static void op_branch(int m) {
    int8_t d = (int8_t)fetch();
    if ((c.p >> (m & 1 ? 1 : 7) & 1) == (m >> 2 & 1))
        c.pc = (uint16_t)(c.pc + d);
}
static void op_stack(int m) {
    if (m & 1)
        c.ram[0x100 + c.s--] = c.a;
    else
        c.a = flags(c.ram[0x100 + ++c.s]);
}

static void (*const table[8])(int) = {op_load, op_store, op_add, op_xor, op_shift, op_index,
                                      op_branch, op_stack};

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    long n = argc > 2 ? atol(argv[2]) : 100000;
    for (int i = 0; i < 32768; i++) {
        s = s * 1103515245u + 12345u;
        c.ram[i] = (uint8_t)(s >> 17);
    }
    for (long i = 0; i < n; i++) {
        c.pc &= 0x7fff;
        uint8_t op = fetch();
        table[op & 7](op >> 3 & 7);
    }
    uint32_t sum = c.a * 16777619u + c.x * 257u + c.pc;
    for (int i = 0x8000; i < 65536; i++)
        sum = sum * 31 + c.ram[i];
    printf("checksum %08x\n", sum);
    return 0;
}
