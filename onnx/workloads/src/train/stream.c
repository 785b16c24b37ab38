/* Copy, scale, add and triad over arrays larger than the caches.
 * args: elements rounds */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    long n = argc > 1 ? atol(argv[1]) : 200000;
    int rounds = argc > 2 ? atoi(argv[2]) : 1;
    double *a = calloc(n, 8), *b = calloc(n, 8), *c = calloc(n, 8);
    a[0] = 1.5;
    for (int r = 0; r < rounds; r++) {
        for (long i = 0; i < n; i++)
            c[i] = a[i] + r;
        for (long i = 0; i < n; i++)
            b[i] = 3.0 * c[i];
        for (long i = 0; i < n; i++)
            c[i] = a[i] + b[i];
        for (long i = 0; i < n; i++)
            a[i] = b[i] + 0.25 * c[i];
    }
    printf("checksum %.6e %.6e\n", a[0], a[n - 1]);
    return 0;
}
