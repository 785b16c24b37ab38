/* Levenshtein and local alignment over generated strings (two DP kernels).
 * args: seed length variant(0 edit, 1 local alignment) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int min3(int a, int b, int c) {
    int m = a < b ? a : b;
    return m < c ? m : c;
}

static int edit(const char *a, const char *b, int n, int m, int *row) {
    for (int j = 0; j <= m; j++)
        row[j] = j;
    for (int i = 1; i <= n; i++) {
        int diag = row[0];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int up = row[j];
            row[j] = min3(up + 1, row[j - 1] + 1, diag + (a[i - 1] != b[j - 1]));
            diag = up;
        }
    }
    return row[m];
}

static int align(const char *a, const char *b, int n, int m, int *row) {
    int best = 0;
    for (int j = 0; j <= m; j++)
        row[j] = 0;
    for (int i = 1; i <= n; i++) {
        int diag = 0;
        for (int j = 1; j <= m; j++) {
            int up = row[j], s = diag + (a[i - 1] == b[j - 1] ? 3 : -2);
            if (up - 2 > s)
                s = up - 2;
            if (row[j - 1] - 2 > s)
                s = row[j - 1] - 2;
            row[j] = s < 0 ? 0 : s;
            if (row[j] > best)
                best = row[j];
            diag = up;
        }
    }
    return best;
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 11;
    int n = argc > 2 ? atoi(argv[2]) : 600, v = argc > 3 ? atoi(argv[3]) : 0;
    char *a = malloc(n), *b = malloc(n);
    int *row = malloc(sizeof(int) * (n + 1));
    for (int i = 0; i < n; i++) {
        s = (s * 1597 + 51749) % 244944;
        a[i] = "acgt"[s >> 6 & 3];
        b[i] = s % 10 ? a[i * 9 / 10] : "acgt"[s >> 9 & 3];
    }
    printf("checksum %d\n", (v ? align : edit)(a, b, n, n, row));
    return 0;
}
