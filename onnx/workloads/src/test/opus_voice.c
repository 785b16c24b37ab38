/* Opus: encode and decode synthetic speech-like or tonal audio.
 * args: frames bitrate application(0 voice, 1 audio) */
#include <math.h>
#include <opus.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int frames = argc > 1 ? atoi(argv[1]) : 3, rate = argc > 2 ? atoi(argv[2]) : 16000, err;
    int audio = argc > 3 ? atoi(argv[3]) : 0;
    OpusEncoder *e = opus_encoder_create(16000, 1, audio ? OPUS_APPLICATION_AUDIO
                                         : OPUS_APPLICATION_VOIP, &err);
    OpusDecoder *d = opus_decoder_create(16000, 1, &err);
    opus_encoder_ctl(e, OPUS_SET_BITRATE(rate));
    opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(3));
    float pcm[320], back[320], pitch = 0;
    unsigned char packet[1500];
    unsigned sum = 0;
    for (int f = 0; f < frames; f++) {
        for (int i = 0; i < 320; i++) {
            pitch += 0.04f + 0.01f * (float)(f % 5);
            pcm[i] = 0.4f * sinf(pitch) + (f & 1 ? 0.2f * sinf(7.3f * pitch) : 0.f);
        }
        int n = opus_encode_float(e, pcm, 320, packet, sizeof packet);
        if (n < 0 || opus_decode_float(d, packet, n, back, 320, 0) != 320)
            return 1;
        for (int i = 0; i < n; i++)
            sum = sum * 101 + packet[i];
    }
    printf("checksum %08x %d\n", sum, (int)(back[100] * 1000));
    return 0;
}
