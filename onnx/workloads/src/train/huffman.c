/* Own LZ77 + Huffman coder and decoder over skewed bytes.
 * args: seed bytes skew */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *bits;
static size_t pos;

static void put(uint32_t code, int len) {
    while (len--) {
        bits[pos >> 3] |= (code >> len & 1) << (pos & 7);
        pos++;
    }
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 20000, skew = argc > 3 ? atoi(argv[3]) : 3;
    uint8_t *in = malloc(n), *out = malloc(n);
    for (int i = 0; i < n; i++) {
        s = s * 747796405u + 2891336453u;
        uint32_t r = s >> 8 & 255;
        for (int k = 1; k < skew; k++)
            r = r * (s >> (8 + k) & 255) >> 8;
        in[i] = (i > 300 && (s & 7) == 0) ? in[i - 1 - (s >> 20) % 255] : (uint8_t)r;
    }
    /* code lengths by repeatedly joining the two lightest trees */
    int weight[511], up[511], len[256] = {0}, nodes = 256;
    memset(weight, 0, sizeof weight);
    for (int i = 0; i < n; i++)
        weight[in[i]]++;
    for (int i = 0; i < 511; i++)
        up[i] = -1;
    for (;;) {
        int a = -1, b = -1;
        for (int i = 0; i < nodes; i++) {
            if (up[i] >= 0 || !weight[i])
                continue;
            if (a < 0 || weight[i] < weight[a])
                b = a, a = i;
            else if (b < 0 || weight[i] < weight[b])
                b = i;
        }
        if (b < 0)
            break;
        up[a] = up[b] = nodes;
        weight[nodes++] = weight[a] + weight[b];
    }
    for (int i = 0; i < 256; i++)
        if (weight[i])
            for (int p = up[i]; p >= 0; p = up[p])
                len[i]++;
    uint32_t code[256], next = 0, first[32] = {0}, count[32] = {0};
    uint8_t sorted[256];
    int k = 0;
    for (int l = 1; l < 32; l++) {
        first[l] = next - k;
        for (int i = 0; i < 256; i++)
            if (len[i] == l) {
                code[i] = next++;
                sorted[k++] = (uint8_t)i;
                count[l]++;
            }
        next <<= 1;
    }
    bits = calloc((size_t)n * 3, 1);
    for (int i = 0; i < n; i++)
        put(code[in[i]], len[in[i]]);
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        uint32_t c = 0, seen = 0;
        int l = 0;
        do {
            c = c << 1 | (bits[at >> 3] >> (at & 7) & 1);
            at++, l++;
            seen += count[l];
        } while (c - first[l] >= seen);
        out[i] = sorted[c - first[l]];
    }
    printf("checksum %zu %d\n", pos, memcmp(in, out, n));
    return memcmp(in, out, n) != 0;
}
