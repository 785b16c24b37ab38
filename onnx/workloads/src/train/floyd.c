/* All-pairs shortest paths: a dense triple loop with a data-dependent min.
 * args: n */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 80;
    int *d = malloc(sizeof(int) * n * n);
    for (int i = 0; i < n * n; i++)
        d[i] = i / n == i % n ? 0 : 1 + (i * 7919 % 10007) % 500;
    for (int k = 0; k < n; k++)
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                if (d[i * n + k] + d[k * n + j] < d[i * n + j])
                    d[i * n + j] = d[i * n + k] + d[k * n + j];
    unsigned s = 0;
    for (int i = 0; i < n * n; i++)
        s = s * 31 + d[i];
    printf("checksum %08x\n", s);
    return 0;
}
