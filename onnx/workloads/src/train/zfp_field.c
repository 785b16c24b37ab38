/* zfp: compress fields of floats and doubles in 1 to 3 dimensions and restore them.
 * args: side dimensions mode(0 rate, 1 accuracy, 2 reversible) double(0, 1) */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <zfp.h>

int main(int argc, char **argv) {
    int side = argc > 1 ? atoi(argv[1]) : 20, dims = argc > 2 ? atoi(argv[2]) : 3;
    int mode = argc > 3 ? atoi(argv[3]) : 1, wide = argc > 4 ? atoi(argv[4]) : 0;
    size_t n = 1;
    for (int d = 0; d < dims; d++)
        n *= side;
    float *f = malloc(n * sizeof *f), *g = calloc(n, sizeof *g);
    double *a = malloc(n * sizeof *a), *b = calloc(n, sizeof *b), wave = 1, step = 0;
    unsigned s = 3, sum = 0;
    for (size_t i = 0; i < n; i++) {
        /* A wave by a recurrence, which costs less than a sine, and some noise. */
        s = s * 1664525u + 1013904223u;
        step -= wave * 0.01, wave += step;
        a[i] = wave + (i / side % side) * 0.03 + (s >> 8) / 16777216.0 * 0.01;
        f[i] = (float)a[i];
    }
    void *from = wide ? (void *)a : f, *to = wide ? (void *)b : g;
    zfp_type type = wide ? zfp_type_double : zfp_type_float;
    zfp_field *field = dims == 1 ? zfp_field_1d(from, type, n)
                     : dims == 2 ? zfp_field_2d(from, type, side, side)
                                 : zfp_field_3d(from, type, side, side, side);
    zfp_stream *stream = zfp_stream_open(NULL);
    if (mode == 0)
        zfp_stream_set_rate(stream, 11, type, dims, 0);
    else if (mode == 1)
        zfp_stream_set_accuracy(stream, 1e-3);
    else
        zfp_stream_set_reversible(stream);
    size_t room = zfp_stream_maximum_size(stream, field);
    void *bytes = malloc(room);
    bitstream *bits = stream_open(bytes, room);
    zfp_stream_set_bit_stream(stream, bits);
    zfp_stream_rewind(stream);
    size_t size = zfp_compress(stream, field);
    if (!size)
        return 1;
    zfp_stream_rewind(stream);
    zfp_field_set_pointer(field, to);
    if (!zfp_decompress(stream, field))
        return 2;
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double e = fabs(wide ? a[i] - b[i] : (double)(f[i] - g[i]));
        worst = e > worst ? e : worst;
        sum = sum * 31 + (unsigned)((wide ? b[i] : g[i]) * 1e6 + 1e7);
    }
    printf("checksum %08x %zu %.3e\n", sum, size, worst);
    return 0;
}
