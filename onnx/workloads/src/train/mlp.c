/* A small neural network: float forward and backward passes, tanh, softmax.
 * args: inputs hidden samples epochs */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int in = argc > 1 ? atoi(argv[1]) : 16, hid = argc > 2 ? atoi(argv[2]) : 24;
    int n = argc > 3 ? atoi(argv[3]) : 60, epochs = argc > 4 ? atoi(argv[4]) : 10;
    const int outs = 4;
    float *w1 = malloc(4 * in * hid), *w2 = malloc(4 * hid * outs), *x = malloc(4 * in * n);
    float *h = malloc(4 * hid), *dh = malloc(4 * hid), o[4], loss = 0;
    for (int i = 0; i < in * hid; i++)
        w1[i] = 0.3f * sinf(i * 12.9898f);
    for (int i = 0; i < hid * outs; i++)
        w2[i] = 0.3f * cosf(i * 78.233f);
    for (int i = 0; i < in * n; i++)
        x[i] = (i * i % 17) / 17.0f - 0.5f;
    for (int e = 0; e < epochs; e++) {
        loss = 0;
        for (int s = 0; s < n; s++) {
            const float *xs = x + s * in;
            float max = -1e9f, z = 0;
            for (int j = 0; j < hid; j++) {
                float a = 0;
                for (int i = 0; i < in; i++)
                    a += w1[j * in + i] * xs[i];
                h[j] = tanhf(a);
                dh[j] = 0;
            }
            for (int k = 0; k < outs; k++) {
                o[k] = 0;
                for (int j = 0; j < hid; j++)
                    o[k] += w2[k * hid + j] * h[j];
                if (o[k] > max)
                    max = o[k];
            }
            for (int k = 0; k < outs; k++)
                z += o[k] = expf(o[k] - max);
            loss -= logf(o[s % outs] / z);
            for (int k = 0; k < outs; k++) {
                float g = 0.05f * (o[k] / z - (k == s % outs));
                for (int j = 0; j < hid; j++) {
                    dh[j] += g * w2[k * hid + j];
                    w2[k * hid + j] -= g * h[j];
                }
            }
            for (int j = 0; j < hid; j++) {
                float g = dh[j] * (1 - h[j] * h[j]);
                for (int i = 0; i < in; i++)
                    w1[j * in + i] -= g * xs[i];
            }
        }
    }
    printf("checksum %.5f\n", loss);
    return 0;
}
