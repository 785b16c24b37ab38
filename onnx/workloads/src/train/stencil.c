/* Jacobi relaxation, 5-point in 2D or 7-point in 3D, float.
 * args: n dims sweeps */
#include <stdio.h>
#include <stdlib.h>

static void sweep2(int n, const float *a, float *b) {
    for (int i = 1; i < n - 1; i++)
        for (int j = 1; j < n - 1; j++) {
            const float *c = a + i * n + j;
            b[i * n + j] = 0.2f * (c[0] + c[-1] + c[1] + c[-n] + c[n]);
        }
}

static void sweep3(int n, const float *a, float *b) {
    int m = n * n;
    for (int i = 1; i < n - 1; i++)
        for (int j = 1; j < n - 1; j++)
            for (int k = 1; k < n - 1; k++) {
                const float *c = a + i * m + j * n + k;
                b[i * m + j * n + k] = 0.4f * c[0]
                    + 0.1f * (c[-1] + c[1] + c[-n] + c[n] + c[-m] + c[m]);
            }
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 128, d = argc > 2 ? atoi(argv[2]) : 2;
    int sweeps = argc > 3 ? atoi(argv[3]) : 10;
    size_t size = d == 2 ? (size_t)n * n : (size_t)n * n * n;
    float *a = calloc(size, 4), *b = calloc(size, 4);
    for (size_t i = 0; i < size; i += 97)
        a[i] = (float)(i % 1009);
    for (int s = 0; s < sweeps; s++) {
        (d == 2 ? sweep2 : sweep3)(n, a, b);
        float *t = a;
        a = b, b = t;
    }
    double sum = 0;
    for (size_t i = 0; i < size; i += 31)
        sum += a[i];
    printf("checksum %.4f\n", sum);
    return 0;
}
