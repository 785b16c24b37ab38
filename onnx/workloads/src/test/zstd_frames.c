/* Zstandard: compress and restore generated source-code-like frames.
 * args: bytes level frames */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

int main(int argc, char **argv) {
    size_t n = argc > 1 ? (size_t)atol(argv[1]) : 10000;
    int level = argc > 2 ? atoi(argv[2]) : 3, frames = argc > 3 ? atoi(argv[3]) : 1;
    char *in = malloc(n + 80), *back = malloc(n);
    size_t room = ZSTD_compressBound(n);
    char *out = malloc(room);
    unsigned hash = 0;
    for (int f = 0; f < frames; f++) {
        size_t at = 0;
        for (unsigned line = 1; at < n; line++) {
            unsigned q = (line + 1000u * (unsigned)f) * (line ^ 0x5bd1u);
            at += (size_t)sprintf(in + at, "%*sif (x%u %s %u) call_%c(y, %u);\n", (int)(q % 9), "",
                                  q % 17, q & 64 ? "<" : "!=", q % 101, 'a' + (int)(q / 7 % 20), line);
        }
        size_t z = ZSTD_compress(out, room, in, n, level);
        if (ZSTD_isError(z) || ZSTD_decompress(back, n, out, z) != n || memcmp(in, back, n))
            return 1;
        for (size_t i = 0; i < z; i++)
            hash = (hash << 1 | hash >> 31) + (unsigned char)out[i];
    }
    printf("checksum %08x\n", hash);
    return 0;
}
