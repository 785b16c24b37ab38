/* Block and stream work: DES with its tables, Keccak, ChaCha20, SipHash, Blowfish-like key
 * mixing, xorshift generators, bit permutations. args: seed bytes rounds part(0-4, 5 all) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t u64;
static uint32_t rotl(uint32_t v, int n) { return v << (n & 31) | v >> (-n & 31); }
static u64 rotl64(u64 v, int n) { return n ? v << n | v >> (64 - n) : v; }

static void keccak(u64 *a) {
    static const uint8_t shift[24] = {1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25,
        43, 62, 18, 39, 61, 20, 44};
    static const uint8_t lane[24] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12,
        2, 20, 14, 22, 9, 6, 1};
    uint8_t lfsr = 1;
    for (int r = 0; r < 24; r++) {
        u64 c[5], t;
        for (int x = 0; x < 5; x++)
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (int x = 0; x < 5; x++) {
            t = c[(x + 4) % 5] ^ rotl64(c[(x + 1) % 5], 1);
            for (int y = 0; y < 25; y += 5)
                a[y + x] ^= t;
        }
        t = a[1];
        for (int i = 0; i < 24; i++) {
            u64 k = a[lane[i]];
            a[lane[i]] = rotl64(t, shift[i]);
            t = k;
        }
        for (int y = 0; y < 25; y += 5) {
            memcpy(c, a + y, sizeof c);
            for (int x = 0; x < 5; x++)
                a[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
        }
        for (int j = 0; j < 7; j++) {
            if (lfsr & 1)
                a[0] ^= 1ull << ((1 << j) - 1);
            lfsr = (uint8_t)(lfsr << 1 ^ (lfsr & 128 ? 0x71 : 0));
        }
    }
}

static u64 sponge(const uint8_t *p, int n) {
    u64 a[25] = {0}, w;
    for (int i = 0; i + 136 <= n; i += 136) {
        for (int k = 0; k < 17; k++) {
            memcpy(&w, p + i + 8 * k, 8);
            a[k] ^= w;
        }
        keccak(a);
    }
    return a[0] ^ a[7];
}

#define QUARTER(a, b, c, d) \
    (a += b, d = rotl(d ^ a, 16), c += d, b = rotl(b ^ c, 12), a += b, d = rotl(d ^ a, 8), \
     c += d, b = rotl(b ^ c, 7))

static void chacha(uint8_t *p, int n, uint32_t key) {
    uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (int i = 4; i < 16; i++)
        in[i] = key * (uint32_t)i;
    for (int at = 0; at + 64 <= n; at += 64, in[12]++) {
        uint32_t x[16];
        memcpy(x, in, sizeof x);
        for (int r = 0; r < 10; r++) {
            QUARTER(x[0], x[4], x[8], x[12]);
            QUARTER(x[1], x[5], x[9], x[13]);
            QUARTER(x[2], x[6], x[10], x[14]);
            QUARTER(x[3], x[7], x[11], x[15]);
            QUARTER(x[0], x[5], x[10], x[15]);
            QUARTER(x[1], x[6], x[11], x[12]);
            QUARTER(x[2], x[7], x[8], x[13]);
            QUARTER(x[3], x[4], x[9], x[14]);
        }
        for (int i = 0; i < 16; i++) {
            uint32_t v = x[i] + in[i];
            p[at + 4 * i] ^= (uint8_t)v, p[at + 4 * i + 1] ^= (uint8_t)(v >> 8);
            p[at + 4 * i + 2] ^= (uint8_t)(v >> 16), p[at + 4 * i + 3] ^= (uint8_t)(v >> 24);
        }
    }
}

static u64 siphash(const uint8_t *p, size_t n, u64 k0, u64 k1) {
    u64 v0 = k0 ^ 0x736f6d6570736575ull, v1 = k1 ^ 0x646f72616e646f6dull;
    u64 v2 = k0 ^ 0x6c7967656e657261ull, v3 = k1 ^ 0x7465646279746573ull, m;
#define ROUND \
    (v0 += v1, v1 = rotl64(v1, 13) ^ v0, v0 = rotl64(v0, 32), v2 += v3, v3 = rotl64(v3, 16) ^ v2, \
     v0 += v3, v3 = rotl64(v3, 21) ^ v0, v2 += v1, v1 = rotl64(v1, 17) ^ v2, v2 = rotl64(v2, 32))
    u64 last = (u64)n << 56;
    for (; n >= 8; n -= 8, p += 8) {
        memcpy(&m, p, 8);
        v3 ^= m;
        ROUND, ROUND;
        v0 ^= m;
    }
    while (n--)
        last |= (u64)p[n] << 8 * n;
    v3 ^= last, ROUND, ROUND, v0 ^= last, v2 ^= 255, ROUND, ROUND, ROUND, ROUND;
    return v0 ^ v1 ^ v2 ^ v3;
}

static uint32_t box[4][256], sub[18];

static void feistel(uint32_t *l, uint32_t *r) {
    for (int i = 0; i < 16; i++) {
        *l ^= sub[i];
        uint32_t f = box[0][*l >> 24] + box[1][*l >> 16 & 255];
        *r ^= (f ^ box[2][*l >> 8 & 255]) + box[3][*l & 255];
        uint32_t t = *l;
        *l = *r, *r = t;
    }
    *l ^= sub[16], *r ^= sub[17];
}

static uint32_t keyed(uint32_t key, uint8_t *p, int n) {
    uint32_t l = key, r = ~key;
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 256; k++)
            box[i][k] = key = key * 1664525u + 1013904223u;
    for (int i = 0; i < 18; i++)
        sub[i] = key ^ rotl(key, i);
    for (int i = 0; i < 256; i += 2) {
        feistel(&l, &r);
        box[i % 4][i] = l, box[i % 4][i + 1] = r;
    }
    for (int i = 0; i + 8 <= n; i += 8) {
        uint32_t w[2];
        memcpy(w, p + i, 8);
        w[0] ^= l, w[1] ^= r;
        feistel(w, w + 1);
        l = w[0], r = w[1];
        memcpy(p + i, w, 8);
    }
    return l ^ r;
}

static u64 permuted(u64 v, const uint8_t *order) { /* bit by bit, as DES tables do */
    u64 out = 0;
    for (int i = 0; i < 64; i++)
        out = out << 1 | (v >> order[i] & 1);
    return out;
}

static u64 bitwise(u64 v, int n) {
    uint8_t order[64], sbox[8][64];
    u64 key = v * 0x9e3779b97f4a7c15ull;
    for (int i = 0; i < 64; i++)
        order[i] = (uint8_t)((i * 37 + 11) & 63);
    for (int i = 0; i < 512; i++)
        sbox[i / 64][i % 64] = (uint8_t)((i * 29 ^ i >> 3) & 15);
    for (int b = 0; b < n; b++) {
        v = permuted(v, order);
        uint32_t l = (uint32_t)(v >> 32), r = (uint32_t)v;
        for (int round = 0; round < 16; round++) {
            uint32_t f = 0, x = rotl(r, 1);
            for (int k = 0; k < 8; k++)
                f = f << 4 | sbox[k][(rotl(x, 4 * k) ^ (uint32_t)(key >> round)) & 63];
            f = rotl(f, 11) ^ l;
            l = r, r = f;
            key = rotl64(key, round & 1 ? 2 : 1);
        }
        v = (u64)r << 32 | l;
    }
    return v;
}

int main(int argc, char **argv) {
    u64 s = argc > 1 ? strtoull(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 1024, rounds = argc > 3 ? atoi(argv[3]) : 5;
    int part = argc > 4 ? atoi(argv[4]) : 5;
    uint8_t *p = calloc(n, 1);
    for (int r = 0; r < rounds; r++) {
        switch (part < 5 ? part : r % 5) {
        case 0: s ^= sponge(p, n); break;
        case 1: chacha(p, n, (uint32_t)s); break;
        case 2:
            for (int i = 0; i + 40 < n; i += 1 + i % 23)
                s += siphash(p + i, (size_t)(i % 40), s, (u64)i);
            break;
        case 3: s += keyed((uint32_t)s, p, n); break;
        default: s ^= bitwise(s, n / 64);
        }
        for (int i = 0; i < n; i += 64)
            p[i] ^= (uint8_t)(s >> i % 57);
    }
    printf("checksum %016llx\n", (unsigned long long)(s ^ sponge(p, n)));
    return 0;
}
