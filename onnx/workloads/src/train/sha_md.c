/* SHA-256 and CRC-32 (bitwise and by table) over generated messages.
 * args: seed bytes rounds */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t K[64], H[8], crc_table[256];

static uint32_t ror(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void constants(void) {
    for (int p = 2, k = 0; k < 64; p++) {
        int prime = 1;
        for (int d = 2; d * d <= p; d++)
            prime &= p % d != 0;
        if (prime) {
            double c = cbrt(p), q = sqrt(p);
            K[k] = (uint32_t)((c - floor(c)) * 4294967296.0);
            if (k < 8)
                H[k] = (uint32_t)((q - floor(q)) * 4294967296.0);
            k++;
        }
    }
}

static void block(uint32_t *h, const uint8_t *m) {
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)m[4 * i] << 24 | m[4 * i + 1] << 16 | m[4 * i + 2] << 8 | m[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7]
            + (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(v, h, 32);
    for (int i = 0; i < 64; i++) {
        uint32_t t = v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25))
            + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[i] + w[i];
        uint32_t u = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22))
            + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 28);
        v[4] += t;
        v[0] = t + u;
    }
    for (int i = 0; i < 8; i++)
        h[i] += v[i];
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 4096, rounds = argc > 3 ? atoi(argv[3]) : 10;
    uint8_t *m = malloc(n);
    constants();
    for (int i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
        crc_table[i] = c;
    }
    uint32_t sum = 0;
    for (int r = 0; r < rounds; r++) {
        uint32_t h[8], crc = ~0u;
        for (int i = 0; i < n; i++)
            m[i] = (uint8_t)(s = s * 5 + 1 + (s >> 11));
        memcpy(h, H, 32);
        for (int i = 0; i + 64 <= n; i += 64)
            block(h, m + i);
        for (int i = 0; i < n; i++)
            crc = crc_table[(crc ^ m[i]) & 255] ^ crc >> 8;
        sum = sum * 9 + (h[0] ^ h[7] ^ crc);
    }
    printf("checksum %08x\n", sum);
    return 0;
}
