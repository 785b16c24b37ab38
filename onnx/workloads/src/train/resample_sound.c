/* libsamplerate: change the rate of generated sound, with a ratio that drifts.
 * args: converter(0 best to 4 linear) frames channels permille */
#include <math.h>
#include <samplerate.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int kind = argc > 1 ? atoi(argv[1]) : 2, frames = argc > 2 ? atoi(argv[2]) : 2000;
    int channels = argc > 3 ? atoi(argv[3]) : 2;
    double ratio = (argc > 4 ? atoi(argv[4]) : 1088) / 1000.0;
    enum { BLOCK = 256, ROOM = 4096 };
    int error;
    SRC_STATE *state = src_new(kind, channels, &error);
    if (!state)
        return 1;
    float *in = malloc(sizeof *in * BLOCK * channels), *out = malloc(sizeof *out * ROOM * channels);
    short *pcm = malloc(sizeof *pcm * ROOM * channels);
    unsigned s = 5, sum = 0;
    long made = 0;
    for (int at = 0; at < frames; at += BLOCK) {
        float phase = 0.01f * (at % 97);
        for (int i = 0; i < BLOCK * channels; i++) {
            s = s * 1664525u + 1013904223u;
            phase += 0.02f + 0.0001f * (i % 31);
            if (phase > 1)
                phase -= 2;
            in[i] = 0.7f * phase + ((s >> 16) - 32768) * 2e-6f;
        }
        SRC_DATA d = {.data_in = in, .data_out = out, .input_frames = BLOCK, .output_frames = ROOM,
            .end_of_input = at + BLOCK >= frames, .src_ratio = ratio};
        while (d.input_frames > 0) {
            if (src_process(state, &d))
                return 2;
            src_float_to_short_array(out, pcm, (int)d.output_frames_gen * channels);
            for (int i = 0; i < d.output_frames_gen * channels; i++)
                sum = sum * 31 + (unsigned short)pcm[i];
            made += d.output_frames_gen;
            d.data_in += d.input_frames_used * channels;
            d.input_frames -= d.input_frames_used;
            if (!d.input_frames_used && !d.output_frames_gen)
                break;
        }
        ratio *= at / BLOCK % 2 ? 1.01 : 0.993;
    }
    src_delete(state);
    printf("checksum %08x %ld\n", sum, made);
    return 0;
}
