/* zlib: deflate and inflate of generated text, binary records or noise.
 * args: seed bytes level kind(0 words, 1 records, 2 noise with repeats) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static uint32_t state;
static uint32_t next(void) {
    state = state * 22695477u + 1;
    return state >> 16;
}

static void fill(unsigned char *p, size_t n, int kind) {
    static const char *const words[] = {"the ", "instruction ", "cache ", "of ", "and ",
        "branch ", "predictor\n", "load ", "store ", "queue, ", "is ", "retired. "};
    size_t i = 0;
    while (i < n) {
        char buf[32];
        size_t len;
        if (kind == 0)
            len = (size_t)sprintf(buf, "%s", words[next() % 12 * (next() & 1)]);
        else if (kind == 1)
            len = (size_t)sprintf(buf, "%c%c\x01%06u;", (char)next(), 0x40, next() % 5000);
        else
            for (len = 0; len < 24; len++)
                buf[len] = (char)((next() & 3) ? next() : i >> 4);
        if (len > n - i)
            len = n - i;
        memcpy(p + i, buf, len);
        i += len;
    }
}

int main(int argc, char **argv) {
    state = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    size_t n = argc > 2 ? strtoul(argv[2], 0, 0) : 40000;
    int level = argc > 3 ? atoi(argv[3]) : 6, kind = argc > 4 ? atoi(argv[4]) : 0;
    unsigned char *raw = malloc(n), *back = malloc(n);
    uLongf packed = compressBound(n), out = n;
    unsigned char *z = malloc(packed);
    fill(raw, n, kind);
    if (compress2(z, &packed, raw, n, level) != Z_OK)
        return 1;
    if (uncompress(back, &out, z, packed) != Z_OK || out != n || memcmp(raw, back, n))
        return 1;
    printf("checksum %lu %08lx\n", packed, crc32(adler32(1, raw, n), z, packed));
    return 0;
}
