/* libwebp: encode a generated picture (lossy or lossless) and decode it.
 * args: width height quality(100 and above: lossless) style */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <webp/decode.h>
#include <webp/encode.h>

int main(int argc, char **argv) {
    int w = argc > 1 ? atoi(argv[1]) : 32, h = argc > 2 ? atoi(argv[2]) : 32;
    int quality = argc > 3 ? atoi(argv[3]) : 75, style = argc > 4 ? atoi(argv[4]) : 0;
    uint8_t *rgb = malloc(w * h * 3), *out = NULL;
    unsigned noise = 77;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            noise = noise * 1140671485u + 12820163u;
            uint8_t *p = rgb + (y * w + x) * 3;
            p[0] = style ? (x / 6 + y / 5) % 3 * 80 : (uint8_t)(128 + 100 * sin(x * 0.2 + y * 0.05));
            p[1] = style ? (x * y / 40 & 1) * 200 : (uint8_t)(x * 255 / w);
            p[2] = style ? p[0] ^ p[1] : (uint8_t)(y * 200 / h + (noise >> 28));
        }
    size_t n = quality >= 100 ? WebPEncodeLosslessRGB(rgb, w, h, w * 3, &out)
                              : WebPEncodeRGB(rgb, w, h, w * 3, (float)quality, &out);
    if (!n)
        return 1;
    int w2, h2;
    uint8_t *back = WebPDecodeRGB(out, n, &w2, &h2);
    if (!back || w2 != w || h2 != h)
        return 2;
    unsigned sum = 0;
    for (int i = 0; i < w * h * 3; i++)
        sum = sum * 31 + back[i];
    printf("checksum %08x %zu\n", sum, n);
    return 0;
}
