/* Two dictionary coders: LZSS with hash chains, LZW with growing codes; round trips.
 * args: seed bytes depth coder(0 lzss, 1 lzw, 2 both) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 8192, HASHES = 4096, CODES = 4096 };
static int head[HASHES], chain[WINDOW];

static size_t lzss(const uint8_t *in, int n, uint8_t *out, int depth) {
    uint8_t *p = out, *flags = p++;
    int bit = 0;
    *flags = 0;
    memset(head, 0xff, sizeof head);
    for (int i = 0; i < n;) {
        int best = 0, from = 0, tries = depth;
        uint32_t h = 0;
        if (i + 3 < n) {
            h = (in[i] * 33u ^ in[i + 1] * 1009u ^ in[i + 2] * 31337u) & (HASHES - 1);
            for (int c = head[h]; c >= 0 && i - c < WINDOW && tries--; c = chain[c % WINDOW]) {
                int l = 0;
                while (l < 66 && i + l < n && in[c + l] == in[i + l])
                    l++;
                if (l > best) {
                    best = l;
                    from = i - c;
                }
                if (chain[c % WINDOW] >= c)
                    break;
            }
        }
        if (bit == 8) {
            flags = p++;
            *flags = 0;
            bit = 0;
        }
        if (best > 3) {
            *flags |= (uint8_t)(1 << bit);
            *p++ = (uint8_t)(from >> 8);
            *p++ = (uint8_t)from;
            *p++ = (uint8_t)(best - 3);
        } else {
            best = 1;
            *p++ = in[i];
        }
        bit++;
        for (int k = i + best; i < k; i++)
            if (i + 3 < n) {
                h = (in[i] * 33u ^ in[i + 1] * 1009u ^ in[i + 2] * 31337u) & (HASHES - 1);
                chain[i % WINDOW] = head[h];
                head[h] = i;
            }
    }
    return (size_t)(p - out);
}

static int unlzss(const uint8_t *p, size_t n, uint8_t *out) {
    const uint8_t *end = p + n;
    uint8_t *o = out;
    while (p < end)
        for (int flags = *p++ | 256; flags > 1 && p < end; flags >>= 1) {
            if (flags & 1) {
                const uint8_t *from = o - (p[0] << 8 | p[1]);
                for (int l = p[2] + 3; l; l--)
                    *o++ = *from++;
                p += 3;
            } else
                *o++ = *p++;
        }
    return (int)(o - out);
}

static struct { uint16_t first, sibling; uint8_t c; } dict[CODES];

static size_t lzw(const uint8_t *in, int n, uint8_t *out) {
    uint64_t acc = 0;
    int bits = 0, width = 9, used = 257, cur = in[0];
    uint8_t *p = out;
    memset(dict, 0, sizeof dict);
    for (int i = 1; i <= n; i++) {
        int k = 0;
        if (i < n)
            for (k = dict[cur].first; k && dict[k].c != in[i];)
                k = dict[k].sibling;
        if (k) {
            cur = k;
            continue;
        }
        acc |= (uint64_t)cur << bits;
        for (bits += width; bits >= 8; bits -= 8, acc >>= 8)
            *p++ = (uint8_t)acc;
        if (i == n)
            break;
        if (used == CODES - 1) {
            memset(dict, 0, sizeof dict);
            used = 257;
            width = 9;
        } else {
            dict[used].c = in[i];
            dict[used].sibling = dict[cur].first;
            dict[cur].first = (uint16_t)used++;
            width += used > 1 << width;
        }
        cur = in[i];
    }
    *p++ = (uint8_t)acc;
    return (size_t)(p - out);
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 5000, depth = argc > 3 ? atoi(argv[3]) : 8;
    int coder = argc > 4 ? atoi(argv[4]) : 2;
    static const char *const words[] = {"alpha ", "beta ", "gamma\n", "of the ", "and ", "int ",
        "return ", "0x", "{\n", "}\n", "; ", "((", "x", "yy", "for ", "if "};
    uint8_t *in = malloc(n + 16), *out = malloc(2 * n + 64), *back = malloc(n + 600);
    for (int i = 0; i < n;) {
        s = s * 1664525u + 1013904223u;
        const char *w = words[(s >> 28) & (s >> 22 | 3)];
        size_t l = strlen(w);
        memcpy(in + i, w, l);
        i += (int)l;
        if (s >> 16 & 1)
            in[i - 1] = (uint8_t)(s >> 8 & 127);
    }
    uint64_t sum = 0;
    if (coder != 1) {
        size_t c = lzss(in, n, out, depth);
        int m = unlzss(out, c, back);
        sum = c * 1000 + (uint64_t)(m >= n && !memcmp(in, back, (size_t)n));
    }
    if (coder)
        for (int from = 0; from < n; from += 20000) {
            size_t c = lzw(in + from, n - from < 20000 ? n - from : 20000, out);
            for (size_t i = 0; i < c; i += 7)
                sum = sum * 131 + out[i];
        }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
