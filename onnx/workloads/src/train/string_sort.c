/* String sorting: multikey quicksort, MSD radix, qsort with strcmp, then front coding.
 * args: seed strings rounds method(0 multikey, 1 radix, 2 qsort, 3 in turn) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef const char *str;

static void swap(str *a, str *b) {
    str t = *a;
    *a = *b;
    *b = t;
}

static void insertion(str *a, int n, int d) {
    for (int i = 1; i < n; i++)
        for (int j = i; j && strcmp(a[j - 1] + d, a[j] + d) > 0; j--)
            swap(a + j, a + j - 1);
}

static void multikey(str *a, int n, int d) {
    while (n > 8) {
        int v = (uint8_t)a[n / 2][d], lt = 0, i = 0, gt = n - 1;
        while (i <= gt) {
            int c = (uint8_t)a[i][d];
            if (c < v)
                swap(a + lt++, a + i++);
            else if (c > v)
                swap(a + i, a + gt--);
            else
                i++;
        }
        multikey(a, lt, d);
        multikey(a + gt + 1, n - gt - 1, d);
        if (!v)
            return;
        a += lt;
        n = gt - lt + 1;
        d++;
    }
    insertion(a, n, d);
}

static void radix(str *a, str *tmp, int n, int d) {
    if (n < 24) {
        insertion(a, n, d);
        return;
    }
    int at[257] = {0}, from[257];
    for (int i = 0; i < n; i++)
        at[(uint8_t)a[i][d] + 1]++;
    for (int c = 0; c < 256; c++)
        at[c + 1] += at[c];
    memcpy(from, at, sizeof at);
    for (int i = 0; i < n; i++)
        tmp[at[(uint8_t)a[i][d]]++] = a[i];
    memcpy(a, tmp, sizeof *a * (size_t)n);
    for (int c = 1; c < 256; c++)
        if (from[c + 1] - from[c] > 1)
            radix(a + from[c], tmp, from[c + 1] - from[c], d + 1);
}

static int compare(const void *x, const void *y) { return strcmp(*(str const *)x, *(str const *)y); }

static size_t front_code(str *a, int n, char *out) {
    char *p = out;
    str before = "";
    for (int i = 0; i < n; i++) {
        int same = 0;
        while (before[same] && before[same] == a[i][same])
            same++;
        *p++ = (char)same;
        p = stpcpy(p, a[i] + same) + 1;
        before = a[i];
    }
    return (size_t)(p - out);
}

int main(int argc, char **argv) {
    static const char *const part[] = {"http://", "www.", "user", "/home/", "data", "lib", "index",
        "x", "the", "over", "un", "re", "ing", "tion", "zz", "0"};
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 1000, rounds = argc > 3 ? atoi(argv[3]) : 1;
    int method = argc > 4 ? atoi(argv[4]) : 3;
    char *text = malloc((size_t)n * 64), *coded = malloc((size_t)n * 64), *p = text;
    str *a = malloc(sizeof *a * n), *tmp = malloc(sizeof *a * n);
    for (int i = 0; i < n; i++) {
        a[i] = p;
        for (int k = 0; k < 4 && (k < 2 || s >> 30); k++) {
            s = s * 1597334677u + 12345;
            p = stpcpy(p, part[(s >> 28) & (s >> 24)]);
        }
        *p++ = (char)('a' + (s >> 9) % 26);
        *p++ = (char)('a' + (s >> 17) % 26);
        *p++ = 0;
    }
    uint64_t sum = 0;
    for (int r = 0; r < rounds; r++) {
        switch (method < 3 ? method : r % 3) {
        case 0: multikey(a, n, 0); break;
        case 1: radix(a, tmp, n, 0); break;
        default: qsort(a, (size_t)n, sizeof *a, compare);
        }
        sum = sum * 7 + front_code(a, n, coded) + (uint8_t)a[n / 3][2];
        for (int i = n - 1; i > 0; i--) { /* shuffle again */
            s = s * 1597334677u + 12345;
            swap(a + i, a + (s >> 4) % (uint32_t)(i + 1));
        }
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
