/* Integer arithmetic of every width, bit manipulation, calls through pointers, and switches. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t (*binary)(uint64_t, uint64_t);

#define OP(name, type, expr) \
    __attribute__((noinline)) uint64_t name(uint64_t x, uint64_t y) \
    { type a = (type)x, b = (type)y; return (uint64_t)(type)(expr); }

OP(div64, int64_t, b ? a / b : 0)
OP(rem64, int64_t, b ? a % b : 0)
OP(divu64, uint64_t, b ? a / b : 0)
OP(remu64, uint64_t, b ? a % b : 0)
OP(div32, int32_t, b ? a / b : 0)
OP(rem32, int32_t, b ? a % b : 0)
OP(divu32, uint32_t, b ? a / b : 0)
OP(remu32, uint32_t, b ? a % b : 0)
OP(mul64, uint64_t, a * b)
OP(mul32, int32_t, a * b)
OP(mulh64, int64_t, ((__int128)a * b) >> 64)
OP(mulhu64, uint64_t, ((unsigned __int128)a * b) >> 64)
OP(mulhsu64, int64_t, ((__int128)(int64_t)a * (unsigned __int128)(uint64_t)b) >> 64)
OP(rotl64, uint64_t, a << (b & 63) | a >> (-b & 63))
OP(rotr64, uint64_t, a >> (b & 63) | a << (-b & 63))
OP(rotl32, uint32_t, a << (b & 31) | a >> (-b & 31))
OP(rotr32, uint32_t, a >> (b & 31) | a << (-b & 31))
OP(rot7, uint64_t, a >> 7 | b << 57)
OP(sra32, int32_t, a >> (b & 31))
OP(srl32, uint32_t, a >> (b & 31))
OP(sll32, uint32_t, a << (b & 31))
OP(min64, int64_t, a < b ? a : b)
OP(max64, int64_t, a > b ? a : b)
OP(minu64, uint64_t, a < b ? a : b)
OP(maxu64, uint64_t, a > b ? a : b)
OP(andn64, uint64_t, a & ~b)
OP(orn64, uint64_t, a | ~b)
OP(xnor64, uint64_t, ~(a ^ b))
OP(bset64, uint64_t, a | 1ULL << (b & 63))
OP(bclr64, uint64_t, a & ~(1ULL << (b & 63)))
OP(binv64, uint64_t, a ^ 1ULL << (b & 63))
OP(bext64, uint64_t, a >> (b & 63) & 1)
OP(bits_imm, uint64_t, ((a | 1ULL << 40) ^ 1ULL << 50) & ~(1ULL << 33) & ~(b >> 45 & 1))
OP(clz64, uint64_t, a ? __builtin_clzll(a) : 64)
OP(ctz64, uint64_t, a ? __builtin_ctzll(a) : 64)
OP(clz32, uint32_t, a ? __builtin_clz(a) : 32)
OP(ctz32, uint32_t, a ? __builtin_ctz(a) : 32)
OP(pop64, uint64_t, __builtin_popcountll(a))
OP(pop32, uint32_t, __builtin_popcount(a))
OP(swap64, uint64_t, __builtin_bswap64(a) + __builtin_bswap32((uint32_t)b))
OP(widen, uint64_t, (int64_t)(int8_t)a + (int64_t)(int16_t)b + (uint16_t)(a >> 3) + (uint32_t)(b * 3))
OP(index16, uint64_t, a + (b << 1) + ((uint64_t)(uint32_t)a << 1))
OP(index32, uint64_t, a + (b << 2) + ((uint64_t)(uint32_t)a << 2))
OP(index64, uint64_t, a + (b << 3) + ((uint64_t)(uint32_t)a << 3))

static binary table[] = {
    div64, rem64, divu64, remu64, div32, rem32, divu32, remu32, mul64, mul32, mulh64, mulhu64,
    mulhsu64, rotl64, rotr64, rotl32, rotr32, rot7, sra32, srl32, sll32, min64, max64, minu64,
    maxu64, andn64, orn64, xnor64, bset64, bclr64, binv64, bext64, bits_imm, clz64, ctz64, clz32,
    ctz32, pop64, pop32, swap64, widen, index16, index32, index64,
};

struct mixed { int8_t a; uint8_t b; int16_t c; uint16_t d; int32_t e; uint32_t f; int64_t g; };

static uint64_t walk(struct mixed *m, int n)
{
    uint64_t sum = 0;
    for (int i = 0; i < n; i++, m++) {
        sum += m->a + m->b + m->c + m->d + m->e + m->f + m->g;
        m->a++, m->b--, m->c += 2, m->d ^= 5, m->e <<= 1, m->f >>= 1, m->g = -m->g;
        switch (sum % 9) {
        case 0: sum += 3; break;
        case 1: sum ^= 17; break;
        case 2: sum -= 90; break;
        case 3: sum *= 7; break;
        case 5: sum = ~sum; break;
        case 7: sum <<= 2; break;
        default: sum |= 4;
        }
    }
    return sum;
}

uint64_t integers(uint64_t seed)
{
    struct mixed m[20];
    memset(m, (int)seed, sizeof m);
    uint64_t sum = walk(m, 20);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        sum = table[i](sum, seed + i) + 1;
    return sum;
}
