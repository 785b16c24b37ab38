/* Substring search: KMP, Boyer-Moore-Horspool, Rabin-Karp and strstr.
 * args: seed text-length patterns alphabet */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int kmp(const char *t, int n, const char *p, int m) {
    int fail[64], hits = 0;
    fail[0] = 0;
    for (int i = 1, k = 0; i < m; i++) {
        while (k && p[k] != p[i])
            k = fail[k - 1];
        fail[i] = k += p[k] == p[i];
    }
    for (int i = 0, k = 0; i < n; i++) {
        while (k && (k == m || p[k] != t[i]))
            k = fail[k - 1];
        k += p[k] == t[i];
        hits += k == m;
    }
    return hits;
}

static int horspool(const char *t, int n, const char *p, int m) {
    int skip[256], hits = 0;
    for (int i = 0; i < 256; i++)
        skip[i] = m;
    for (int i = 0; i < m - 1; i++)
        skip[(unsigned char)p[i]] = m - 1 - i;
    for (int i = 0; i + m <= n; i += skip[(unsigned char)t[i + m - 1]])
        hits += !memcmp(t + i, p, m);
    return hits;
}

static int rabin(const char *t, int n, const char *p, int m) {
    uint32_t hp = 0, h = 0, top = 1;
    int hits = 0;
    for (int i = 0; i < m; i++) {
        hp = hp * 257 + p[i];
        h = h * 257 + t[i];
        if (i)
            top *= 257;
    }
    for (int i = m; i <= n; i++) {
        hits += h == hp && !memcmp(t + i - m, p, m);
        if (i < n)
            h = (h - t[i - m] * top) * 257 + t[i];
    }
    return hits;
}

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 20000, k = argc > 3 ? atoi(argv[3]) : 5;
    unsigned sigma = argc > 4 ? strtoul(argv[4], 0, 0) : 4, sum = 0;
    char *t = malloc(n + 1);
    for (int i = 0; i < n; i++) {
        s = s * 65539u + 7;
        t[i] = 'a' + (s >> 17) % sigma;
    }
    t[n] = 0;
    for (int i = 0; i < k; i++) {
        char p[64];
        int m = 4 + i * 3 % 17;
        memcpy(p, t + (i * 7919) % (n - 20), m);
        p[m] = 0;
        if (i & 1)
            p[m / 2] = 'a';
        int a = kmp(t, n, p, m), b = horspool(t, n, p, m), c = rabin(t, n, p, m), d = 0;
        for (const char *q = t; (q = strstr(q, p)); q++)
            d++;
        sum = sum * 31 + a + b * 2 + c * 3 + d * 5;
    }
    printf("checksum %08x\n", sum);
    return 0;
}
