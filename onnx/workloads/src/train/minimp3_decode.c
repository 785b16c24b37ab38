/* minimp3: decode MP3 frames whose side information is sensible and whose
 * coefficients are random bits.
 * args: seed frames bits(per granule and channel) */
#include <minimp3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 417, FRAMES = 400 };

static unsigned s;
static unsigned char data[FRAME * FRAMES];
static unsigned at;

static unsigned rnd(unsigned n) {
    s ^= s << 13, s ^= s >> 17, s ^= s << 5;
    return s % n;
}

static void bits(unsigned value, int count) {
    for (int i = count - 1; i >= 0; i--, at++)
        data[at / 8] |= (value >> i & 1) << (7 - at % 8);
}

/* One frame of MPEG-1 layer III, 128 kbit/s, 44.1 kHz, two channels. */
static void frame(int number, unsigned length) {
    static const unsigned char tables[] = {1, 2, 5, 6, 7, 9, 10, 12, 13, 15, 16, 24};
    at = number * FRAME * 8;
    bits(0xfffb9000 | rnd(2) << 6 | rnd(4) << 4, 32);
    bits(0, 9 + 3 + 8);
    int blocks = number % 8 == 3;
    for (int g = 0; g < 4; g++) {
        bits(length, 12);
        bits(20 + rnd(90), 9);
        bits(140 + rnd(40), 8);
        bits(rnd(12), 4);
        bits(blocks, 1);
        if (blocks) {
            bits(2, 2), bits(rnd(2), 1);
            bits(tables[rnd(12)], 5), bits(tables[rnd(12)], 5);
            bits(rnd(8), 3), bits(rnd(8), 3), bits(rnd(8), 3);
        } else {
            bits(tables[rnd(12)], 5), bits(tables[rnd(12)], 5), bits(tables[rnd(12)], 5);
            bits(4 + rnd(6), 4), bits(2 + rnd(5), 3);
        }
        bits(rnd(8), 3);
    }
    while (at < (number + 1u) * FRAME * 8)
        bits(rnd(256), 8);
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 5;
    int frames = argc > 2 ? atoi(argv[2]) : 20, length = argc > 3 ? atoi(argv[3]) : 700, samples = 0;
    if (frames > FRAMES)
        frames = FRAMES;
    for (int i = 0; i < frames; i++)
        frame(i, length);
    static mp3dec_t decoder;
    static mp3d_sample_t pcm[MINIMP3_MAX_SAMPLES_PER_FRAME];
    unsigned sum = 0;
    mp3dec_init(&decoder);
    for (int from = 0; from < frames * FRAME;) {
        mp3dec_frame_info_t info;
        int n = mp3dec_decode_frame(&decoder, data + from, frames * FRAME - from, pcm, &info);
        if (!info.frame_bytes)
            break;
        for (int i = 0; i < n * info.channels; i++)
            sum = sum * 31 + (unsigned)pcm[i];
        samples += n;
        from += info.frame_bytes;
    }
    printf("checksum %08x %d\n", sum, samples);
    return 0;
}
