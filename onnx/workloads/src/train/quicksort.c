/* Hand-written introsort-like quicksort, or libc qsort through a callback.
 * args: seed n variant(0 own, 1 qsort of records, 2 qsort of strings) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { int key; char name[20]; } record;

static void sort(int *a, int lo, int hi) {
    while (hi - lo > 12) {
        int m = a[lo + (hi - lo) / 2], i = lo, j = hi;
        while (i <= j) {
            while (a[i] < m) i++;
            while (a[j] > m) j--;
            if (i <= j) {
                int t = a[i];
                a[i++] = a[j], a[j--] = t;
            }
        }
        if (j - lo < hi - i) {
            sort(a, lo, j);
            lo = i;
        } else {
            sort(a, i, hi);
            hi = j;
        }
    }
    for (int i = lo + 1; i <= hi; i++) {
        int x = a[i], j = i - 1;
        for (; j >= lo && a[j] > x; j--)
            a[j + 1] = a[j];
        a[j + 1] = x;
    }
}

static int by_key(const void *a, const void *b) {
    int x = ((const record *)a)->key, y = ((const record *)b)->key;
    return x < y ? -1 : x > y;
}
static int by_name(const void *a, const void *b) {
    return strcmp(((const record *)a)->name, ((const record *)b)->name);
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 7, sum = 0;
    int n = argc > 2 ? atoi(argv[2]) : 20000, v = argc > 3 ? atoi(argv[3]) : 0;
    int *a = malloc(n * sizeof *a);
    record *r = v ? malloc(n * sizeof *r) : 0;
    for (int i = 0; i < n; i++) {
        s = s * 69069 + 1;
        a[i] = s >> 3;
        if (r) {
            r[i].key = a[i];
            for (int k = 0; k < 7; k++)
                r[i].name[k] = 'a' + (s >> k * 3 & 7);
            r[i].name[7] = 0;
        }
    }
    if (v == 0)
        sort(a, 0, n - 1);
    else
        qsort(r, n, sizeof *r, v == 1 ? by_key : by_name);
    for (int i = 0; i < n; i++)
        sum = sum * 31 + (r ? (uint32_t)r[i].key : (uint32_t)a[i]);
    printf("checksum %08x\n", sum);
    return 0;
}
