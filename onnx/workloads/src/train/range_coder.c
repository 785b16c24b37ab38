/* Adaptive binary arithmetic coder with context mixing of two orders.
 * args: seed bytes */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint16_t p1[256 * 256], p2[1 << 16];

typedef struct { uint32_t lo, hi, x; uint8_t *io; } coder;

static int step(coder *c, int bit, int decode, unsigned ctx1, unsigned ctx2) {
    uint32_t p = (p1[ctx1] + p2[ctx2]) >> 1;
    uint32_t mid = c->lo + (uint32_t)(((uint64_t)(c->hi - c->lo) * (p | 1)) >> 16);
    if (decode)
        bit = c->x <= mid;
    if (bit) {
        c->hi = mid;
        p1[ctx1] += (65535 - p1[ctx1]) >> 4;
        p2[ctx2] += (65535 - p2[ctx2]) >> 5;
    } else {
        c->lo = mid + 1;
        p1[ctx1] -= p1[ctx1] >> 4;
        p2[ctx2] -= p2[ctx2] >> 5;
    }
    while (((c->lo ^ c->hi) & 0xff000000u) == 0) {
        if (decode)
            c->x = c->x << 8 | *c->io++;
        else
            *c->io++ = c->hi >> 24;
        c->lo <<= 8;
        c->hi = c->hi << 8 | 255;
    }
    return bit;
}

static void model(uint8_t *data, int n, coder *c, int decode) {
    memset(p1, 0x80, sizeof p1);
    memset(p2, 0x80, sizeof p2);
    unsigned last = 0, last2 = 0;
    for (int i = 0; i < n; i++) {
        unsigned node = 1;
        for (int k = 7; k >= 0; k--) {
            unsigned h = ((last * 31 + last2) * 0x9E5 + node * 0x3D) & 0xffff;
            node = node * 2 + step(c, data[i] >> k & 1, decode, last << 8 | node, h);
        }
        if (decode)
            data[i] = (uint8_t)node;
        last2 = last;
        last = node & 255;
    }
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 5000;
    uint8_t *in = malloc(n), *out = calloc(n, 1), *z = calloc(n * 2 + 64, 1);
    for (int i = 0; i < n; i++) {
        s = 36969 * (s & 65535) + (s >> 16);
        in[i] = i < 2 || s % 5 == 0 ? s & 127 : (uint8_t)(in[i - 1] * 3 + in[i - 2]) & 31;
    }
    coder e = {0, 0xffffffffu, 0, z};
    model(in, n, &e, 0);
    *e.io = e.hi >> 24;
    long size = e.io - z;
    coder d = {0, 0xffffffffu, (uint32_t)z[0] << 24 | z[1] << 16 | z[2] << 8 | z[3], z + 4};
    model(out, n, &d, 1);
    printf("checksum %ld %d\n", size, memcmp(in, out, n));
    return 0;
}
