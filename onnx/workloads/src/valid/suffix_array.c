/* Suffix array by prefix doubling with counting sorts, then LCP.
 * args: length alphabet */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 3000, sigma = argc > 2 ? atoi(argv[2]) : 4;
    int max = n > 300 ? n + 1 : 301;
    int *sa = malloc(sizeof(int) * n), *rank = malloc(sizeof(int) * n), *tmp = malloc(sizeof(int) * n);
    int *count = malloc(sizeof(int) * max), *out = malloc(sizeof(int) * n), *first = malloc(sizeof(int) * n);
    long thue = 0;
    for (int i = 0; i < n; i++) {
        thue = __builtin_popcountl(i * 5L) + i / 200;
        first[i] = rank[i] = (int)(thue % sigma);
    }
    for (int k = 0; k < n; k = k ? k * 2 : 1) {
        for (int i = 0, p = 0; i < n; i++)
            if (k == 0)
                tmp[i] = i;
            else {
                if (i < k)
                    tmp[p++] = n - k + i;
                if (i == k - 1)
                    for (int j = 0; j < n; j++)
                        if (sa[j] >= k)
                            tmp[p++] = sa[j] - k;
                if (i >= k - 1)
                    break;
            }
        memset(count, 0, sizeof(int) * max);
        for (int i = 0; i < n; i++)
            count[rank[i]]++;
        for (int i = 1; i < max; i++)
            count[i] += count[i - 1];
        for (int i = n - 1; i >= 0; i--)
            sa[--count[rank[tmp[i]]]] = tmp[i];
        int r = 0;
        out[sa[0]] = 0;
        for (int i = 1; i < n; i++) {
            int a = sa[i - 1], b = sa[i];
            int x = a + k < n ? rank[a + k] : -1, y = b + k < n ? rank[b + k] : -1;
            r += rank[a] != rank[b] || (k && x != y);
            out[b] = r;
        }
        memcpy(rank, out, sizeof(int) * n);
        if (r == n - 1)
            break;
    }
    long sum = 0;
    for (int i = 0, h = 0; i < n; i++) {
        if (rank[i] == 0)
            continue;
        int j = sa[rank[i] - 1];
        while (i + h < n && j + h < n && first[i + h] == first[j + h])
            h++;
        sum = sum * 3 + h;
        if (h)
            h--;
    }
    printf("checksum %lx\n", sum);
    return 0;
}
