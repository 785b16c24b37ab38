/* libdeflate: compress and restore, with its own checksums.
 * args: bytes level */
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    size_t n = argc > 1 ? strtoul(argv[1], 0, 0) : 8000, got;
    int level = argc > 2 ? atoi(argv[2]) : 6;
    char *in = malloc(n), *out = malloc(n * 2), *back = malloc(n);
    unsigned w = 1;
    for (size_t i = 0; i < n; i++) {
        w = w * 171 % 30269;
        in[i] = i % 96 < 60 ? "lorem ipsum dolor sit amet "[(i + w / 9000) % 27] : (char)(w % 40 + 50);
    }
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    size_t z = libdeflate_gzip_compress(c, in, n, out, n * 2);
    if (!z || libdeflate_gzip_decompress(d, out, z, back, n, &got) || got != n || memcmp(in, back, n))
        return 1;
    printf("checksum %zu %08x\n", z, libdeflate_crc32(0, out, z));
    return 0;
}
