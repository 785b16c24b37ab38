/* liblzma: LZMA encode and decode of generated tables of numbers.
 * args: seed bytes preset */
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    size_t n = argc > 2 ? strtoul(argv[2], 0, 0) : 5000, at = 0;
    char *in = malloc(n + 64), *back = malloc(n);
    for (int row = 0; at < n; row++) {
        s = s * 2862933u + 30370493u;
        at += (size_t)sprintf(in + at, "%05d,%u,%s,%04x\n", row, s >> 25, s & 64 ? "open" : "closed",
                              row * 16 + (s >> 29));
    }
    lzma_options_lzma options;
    lzma_lzma_preset(&options, argc > 3 ? strtoul(argv[3], 0, 0) : 1);
    options.dict_size = 1 << 16;
    lzma_stream e = LZMA_STREAM_INIT, d = LZMA_STREAM_INIT;
    uint8_t *z = malloc(n * 2 + 1000);
    if (lzma_alone_encoder(&e, &options) != LZMA_OK)
        return 1;
    e.next_in = (uint8_t *)in, e.avail_in = n, e.next_out = z, e.avail_out = n * 2 + 1000;
    if (lzma_code(&e, LZMA_FINISH) != LZMA_STREAM_END || lzma_alone_decoder(&d, 1 << 26) != LZMA_OK)
        return 2;
    d.next_in = z, d.avail_in = e.total_out, d.next_out = (uint8_t *)back, d.avail_out = n;
    if (lzma_code(&d, LZMA_FINISH) != LZMA_STREAM_END || memcmp(in, back, n))
        return 3;
    unsigned sum = 0;
    for (size_t i = 0; i < e.total_out; i++)
        sum = sum * 37 + z[i];
    printf("checksum %08x %zu\n", sum, (size_t)e.total_out);
    lzma_end(&e);
    lzma_end(&d);
    return 0;
}
