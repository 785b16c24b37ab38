/* LZ4, fast and high-compression modes, over sampled sensor-like bytes.
 * args: bytes rounds level(0 fast, otherwise HC) */
#include <lz4.h>
#include <lz4hc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 60000, rounds = argc > 2 ? atoi(argv[2]) : 3;
    int level = argc > 3 ? atoi(argv[3]) : 0, room = LZ4_compressBound(n);
    char *in = malloc(n), *out = malloc(room), *back = malloc(n);
    long phase = 0, total = 0;
    for (int i = 0; i < n; i++) {
        phase += 37 + (i >> 10);
        in[i] = (char)(phase % 1021 < 700 ? phase / 96 & 31 : phase >> 2);
    }
    for (int r = 0; r < rounds; r++) {
        in[r * 101 % n] ^= 0x55;
        int z = level ? LZ4_compress_HC(in, out, n, room, level)
                      : LZ4_compress_fast(in, out, n, room, 1 + r);
        if (z <= 0 || LZ4_decompress_safe(out, back, z, n) != n || memcmp(in, back, n))
            return 1;
        total = total * 7 + z + out[z / 2];
    }
    printf("checksum %ld\n", total);
    return 0;
}
