/* libfvad (the voice detector of WebRTC): find speech in generated sound.
 * args: rate(8000, 16000, 32000, 48000) frames mode */
#include <fvad.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int rate = argc > 1 ? atoi(argv[1]) : 16000, frames = argc > 2 ? atoi(argv[2]) : 100;
    Fvad *vad = fvad_new();
    if (!vad || fvad_set_sample_rate(vad, rate) || fvad_set_mode(vad, argc > 3 ? atoi(argv[3]) : 2))
        return 1;
    int size = rate / 1000 * 30;
    /* One second of a buzzing vowel to cut frames from: sines are costly. */
    int16_t *voice = malloc(rate * sizeof *voice), *frame = malloc(size * sizeof *frame);
    static const double formant[] = {1, 4, 9, 17};
    for (int i = 0; i < rate; i++) {
        double t = (double)(i % (rate / 8)) / rate, v = 0;
        if (i >= rate / 8) {
            voice[i] = voice[i - rate / 8];
            continue;
        }
        for (int k = 0; k < 4; k++)
            v += sin(6.2831853 * 125 * formant[k] * t) / (k + 1);
        voice[i] = (int16_t)(5000 * v);
    }
    unsigned s = 77, sum = 0, spoken = 0;
    for (int f = 0; f < frames; f++) {
        int loud = f / 12 % 3 == 1, gain = 100 + f * 37 % 400, at = f * 1237 % (rate - size);
        for (int i = 0; i < size; i++) {
            s = s * 1664525u + 1013904223u;
            int noise = (int)(s >> 24) - 128;
            frame[i] = loud ? voice[at + i] * gain / 512 + noise : noise * (1 + f % 5);
        }
        int voiced = fvad_process(vad, frame, size);
        if (voiced < 0)
            return 2;
        spoken += voiced;
        sum = sum * 3 + voiced;
    }
    fvad_free(vad);
    printf("checksum %08x %u\n", sum, spoken);
    return 0;
}
