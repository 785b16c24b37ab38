/* Image kernels on bytes: int8 convolution, median filter, histogram
 * equalisation, 8x8 integer DCT, connected components.
 * args: width height passes */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int W, H;

static void convolve(const uint8_t *a, uint8_t *b) {
    static const int8_t k[25] = {1, 4, 6, 4, 1, 4, 16, 24, 16, 4, 6, 24, -36, 24, 6, 4, 16, 24, 16, 4,
                                 1, 4, 6, 4, 1};
    for (int y = 2; y < H - 2; y++)
        for (int x = 2; x < W - 2; x++) {
            int s = 0;
            for (int j = 0; j < 25; j++)
                s += k[j] * a[(y + j / 5 - 2) * W + x + j % 5 - 2];
            s >>= 8;
            b[y * W + x] = s < 0 ? 0 : s > 255 ? 255 : s;
        }
}

static void median(const uint8_t *a, uint8_t *b) {
    for (int y = 1; y < H - 1; y++)
        for (int x = 1; x < W - 1; x++) {
            uint8_t v[9];
            for (int j = 0; j < 9; j++) {
                uint8_t p = a[(y + j / 3 - 1) * W + x + j % 3 - 1];
                int i = j;
                for (; i && v[i - 1] > p; i--)
                    v[i] = v[i - 1];
                v[i] = p;
            }
            b[y * W + x] = v[4];
        }
}

static long dct(const uint8_t *a) {
    static const int c[8] = {64, 89, 83, 75, 64, 50, 36, 18};
    long energy = 0;
    for (int by = 0; by + 8 <= H; by += 8)
        for (int bx = 0; bx + 8 <= W; bx += 8) {
            int t[64];
            for (int y = 0; y < 8; y++)
                for (int u = 0; u < 8; u++) {
                    int s = 0;
                    for (int x = 0; x < 8; x++) {
                        int ph = (2 * x + 1) * u % 32, sg = ph > 8 && ph < 24 ? -1 : 1;
                        s += sg * c[(ph < 16 ? ph : 32 - ph) % 8] * a[(by + y) * W + bx + x];
                    }
                    t[y * 8 + u] = s >> 6;
                }
            for (int i = 0; i < 64; i++)
                energy += t[i] / (1 + i / 8 + i % 8);
        }
    return energy;
}

static int components(const uint8_t *a, int *label) {
    int n = 0;
    for (int i = 0; i < W * H; i++) {
        label[i] = i;
        int up = i >= W && a[i - W] >> 6 == a[i] >> 6, left = i % W && a[i - 1] >> 6 == a[i] >> 6;
        for (int k = 0; k < 2; k++) {
            if (!(k ? left : up))
                continue;
            int p = k ? i - 1 : i - W, q = i;
            while (label[p] != p)
                p = label[p] = label[label[p]];
            while (label[q] != q)
                q = label[q];
            if (p < q)
                label[q] = p;
            else
                label[p] = q;
        }
    }
    for (int i = 0; i < W * H; i++)
        n += label[i] == i;
    return n;
}

int main(int argc, char **argv) {
    W = argc > 1 ? atoi(argv[1]) : 64, H = argc > 2 ? atoi(argv[2]) : 64;
    int passes = argc > 3 ? atoi(argv[3]) : 2;
    uint8_t *a = malloc(W * H), *b = malloc(W * H);
    int *label = malloc(sizeof(int) * W * H), hist[256];
    unsigned lcg = 42;
    for (int i = 0; i < W * H; i++) {
        lcg = lcg * 16843009u + 826366247u;
        a[i] = (uint8_t)(((i / W) ^ (i % W)) * 3 + (lcg >> 27));
    }
    long sum = 0;
    for (int p = 0; p < passes; p++) {
        memcpy(b, a, W * H);
        convolve(a, b);
        median(b, a);
        memset(hist, 0, sizeof hist);
        for (int i = 0; i < W * H; i++)
            hist[a[i]]++;
        for (int i = 1; i < 256; i++)
            hist[i] += hist[i - 1];
        for (int i = 0; i < W * H; i++)
            a[i] = (uint8_t)((long)hist[a[i]] * 255 / (W * H));
        sum = sum * 7 + dct(a) + components(a, label);
    }
    printf("checksum %ld\n", sum);
    return 0;
}
