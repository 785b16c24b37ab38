/* bzip2: compress and restore a generated DNA-and-prose mixture.
 * args: bytes */
#include <bzlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called by the library, built without stdio, when it finds itself broken. */
void bz_internal_error(int code) {
    exit(code);
}

int main(int argc, char **argv) {
    unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 4000, packed = n + n / 50 + 700, back = n;
    char *a = malloc(n), *b = malloc(packed), *c = malloc(n);
    unsigned long fib0 = 1, fib1 = 1;
    for (unsigned i = 0; i < n; i++) {
        unsigned long f = (fib0 + fib1) & 0xffffff;
        fib0 = fib1, fib1 = f;
        a[i] = i % 512 < 300 ? "GATTACA"[f % 7] : "et in arcadia ego "[(i + (f >> 22)) % 18];
    }
    if (BZ2_bzBuffToBuffCompress(b, &packed, a, n, 1, 0, 0) != BZ_OK)
        return 1;
    if (BZ2_bzBuffToBuffDecompress(c, &back, b, packed, 0, 0) != BZ_OK || memcmp(a, c, n))
        return 2;
    unsigned h = 0;
    for (unsigned i = 0; i < packed; i++)
        h = h * 257 + (unsigned char)b[i];
    printf("checksum %u %08x\n", packed, h);
    return 0;
}
