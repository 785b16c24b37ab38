/* AES-like rounds with lookup tables, CBC chaining, then Keccak-f[1600].
 * args: blocks permutations */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint8_t sbox[256];
static uint32_t T[4][256];

static uint8_t mul(uint8_t a, uint8_t b) {
    uint8_t r = 0;
    for (; b; b >>= 1, a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0)))
        if (b & 1)
            r ^= a;
    return r;
}

static void tables(void) {
    uint8_t p = 1, q = 1;
    do {
        p = mul(p, 3);
        q = mul(q, 0xf6);
        uint8_t x = q ^ (uint8_t)(q << 1 | q >> 7) ^ (uint8_t)(q << 2 | q >> 6)
            ^ (uint8_t)(q << 3 | q >> 5) ^ (uint8_t)(q << 4 | q >> 4);
        sbox[p] = x ^ 0x63;
    } while (p != 1);
    sbox[0] = 0x63;
    for (int i = 0; i < 256; i++) {
        uint8_t s = sbox[i];
        uint32_t t = (uint32_t)mul(s, 2) << 24 | s << 16 | s << 8 | mul(s, 3);
        for (int k = 0; k < 4; k++, t = t >> 8 | t << 24)
            T[k][i] = t;
    }
}

static uint64_t rol(uint64_t x, unsigned n) { return n ? x << n | x >> (64 - n) : x; }

static void keccak(uint64_t a[25]) {
    uint8_t lfsr = 1;
    for (int round = 0; round < 24; round++) {
        uint64_t c[5], b[25];
        for (int x = 0; x < 5; x++)
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (int x = 0; x < 5; x++) {
            uint64_t d = c[(x + 4) % 5] ^ rol(c[(x + 1) % 5], 1);
            for (int y = 0; y < 25; y += 5)
                a[x + y] ^= d;
        }
        b[0] = a[0];
        for (int t = 0, x = 1, y = 0; t < 24; t++) {
            int nx = y, ny = (2 * x + 3 * y) % 5;
            b[nx + 5 * ny] = rol(a[x + 5 * y], (unsigned)((t + 1) * (t + 2) / 2) % 64);
            x = nx, y = ny;
        }
        for (int y = 0; y < 25; y += 5)
            for (int x = 0; x < 5; x++)
                a[x + y] = b[x + y] ^ (~b[(x + 1) % 5 + y] & b[(x + 2) % 5 + y]);
        for (int j = 0; j < 7; j++) {
            if (lfsr & 1)
                a[0] ^= 1ull << ((1 << j) - 1);
            lfsr = (uint8_t)(lfsr << 1 ^ (lfsr & 0x80 ? 0x71 : 0));
        }
    }
}

int main(int argc, char **argv) {
    int blocks = argc > 1 ? atoi(argv[1]) : 1000, perms = argc > 2 ? atoi(argv[2]) : 100;
    uint32_t s[4] = {1, 2, 3, 4}, rk[44];
    tables();
    for (int i = 0; i < 44; i++)
        rk[i] = i * 0x9e3779b9u;
    for (int b = 0; b < blocks; b++) {
        s[0] ^= b;
        for (int r = 0; r < 10; r++) {
            uint32_t t[4];
            for (int i = 0; i < 4; i++)
                t[i] = T[0][s[i] >> 24] ^ T[1][s[(i + 1) & 3] >> 16 & 255]
                    ^ T[2][s[(i + 2) & 3] >> 8 & 255] ^ T[3][s[(i + 3) & 3] & 255] ^ rk[4 * r + i];
            for (int i = 0; i < 4; i++)
                s[i] = t[i];
        }
    }
    uint64_t a[25] = {s[0], s[1]};
    for (int i = 0; i < perms; i++)
        keccak(a);
    printf("checksum %08x%08x %016llx\n", s[2], s[3], (unsigned long long)a[3]);
    return 0;
}
