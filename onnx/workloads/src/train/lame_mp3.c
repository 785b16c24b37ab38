/* LAME: encode generated music to MP3, at constant or variable rate.
 * args: rate frames quality vbr(0 constant, 1 variable) */
#include <lame.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int rate = argc > 1 ? atoi(argv[1]) : 22050, frames = argc > 2 ? atoi(argv[2]) : 6;
    int quality = argc > 3 ? atoi(argv[3]) : 5, vbr = argc > 4 ? atoi(argv[4]) : 0;
    lame_global_flags *g = lame_init();
    lame_set_in_samplerate(g, rate);
    lame_set_out_samplerate(g, rate);
    lame_set_num_channels(g, 2);
    lame_set_quality(g, quality);
    lame_set_bWriteVbrTag(g, 0);
    if (vbr)
        lame_set_VBR(g, vbr_default), lame_set_VBR_q(g, 4);
    else
        lame_set_brate(g, 64);
    if (lame_init_params(g) < 0)
        return 1;
    enum { BLOCK = 1152 };
    static short left[BLOCK], right[BLOCK];
    static unsigned char out[BLOCK * 2 + 7200];
    unsigned s = 99, sum = 0, size = 0, phase = 0;
    for (int f = 0; f <= frames; f++) {
        for (int i = 0; i < BLOCK; i++) {
            s = s * 1664525u + 1013904223u;
            phase += 1200 + 300 * (f % 5);
            int saw = (int)(phase & 65535) - 32768, hit = f % 4 == 2 ? (int)(s >> 18) - 8192 : 0;
            left[i] = saw / 4 + hit / 2;
            right[i] = (phase * 3 / 2 & 32768 ? 5000 : -5000) + (hit >> 2) + (int)(s >> 26);
        }
        int n = f < frames ? lame_encode_buffer(g, left, right, BLOCK, out, sizeof out)
                           : lame_encode_flush(g, out, sizeof out);
        if (n < 0)
            return 2;
        for (int i = 0; i < n; i++)
            sum = sum * 31 + out[i];
        size += n;
    }
    lame_close(g);
    printf("checksum %08x %u\n", sum, size);
    return 0;
}
