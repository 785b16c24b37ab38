/* Merge sort of natural runs with galloping, and a k-way merge by a loser tree of the
 * sorted runs of records. args: seed records rounds disorder */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { uint32_t key; uint16_t len; uint8_t data[10]; } record;
static record *a, *tmp;
static uint64_t compares;

static int less(const record *x, const record *y) {
    compares++;
    if (x->key != y->key)
        return x->key < y->key;
    return memcmp(x->data, y->data, sizeof x->data) < 0;
}

static int gallop(const record *key, const record *base, int n) { /* first not < key */
    int step = 1, lo = 0;
    while (lo + step < n && less(base + lo + step, key)) {
        lo += step;
        step *= 2;
    }
    int hi = lo + step < n ? lo + step + 1 : n;
    while (lo < hi) {
        int m = (lo + hi) / 2;
        if (less(base + m, key))
            lo = m + 1;
        else
            hi = m;
    }
    return lo;
}

static void merge(int lo, int mid, int hi) {
    memcpy(tmp, a + lo, sizeof(record) * (mid - lo));
    record *x = tmp, *xe = tmp + (mid - lo), *y = a + mid, *ye = a + hi, *out = a + lo;
    int wins = 0;
    while (x < xe && y < ye) {
        if (wins > 6) {
            int n = gallop(x, y, (int)(ye - y));
            memmove(out, y, sizeof(record) * n);
            out += n;
            y += n;
            wins = n > 6 ? wins : 0;
            *out++ = *x++;
        } else if (less(y, x)) {
            *out++ = *y++;
            wins++;
        } else {
            *out++ = *x++;
            wins = 0;
        }
    }
    memcpy(out, x, sizeof(record) * (xe - x));
}

static int runs(int n, int *start) { /* descending runs are turned round */
    int k = 0;
    for (int i = 0; i < n;) {
        int j = i + 1;
        start[k++] = i;
        if (j < n && less(a + j, a + j - 1)) {
            while (j < n && less(a + j, a + j - 1))
                j++;
            for (int l = i, r = j - 1; l < r; l++, r--) {
                record t = a[l];
                a[l] = a[r];
                a[r] = t;
            }
        } else
            while (j < n && !less(a + j, a + j - 1))
                j++;
        for (; j < n && j - i < 12; j++) { /* short: extend by insertion */
            record t = a[j];
            int l = j;
            for (; l > i && less(&t, a + l - 1); l--)
                a[l] = a[l - 1];
            a[l] = t;
        }
        i = j;
    }
    start[k] = n;
    return k;
}

static void kway(int *start, int k, int n) {
    int *tree = malloc(sizeof(int) * 2 * k), *at = malloc(sizeof(int) * k);
    for (int i = 0; i < k; i++)
        at[i] = start[i];
    for (int node = 2 * k - 1; node > 0; node--) {
        int l = node >= k ? node - k : tree[2 * node];
        int r = node >= k ? l : tree[2 * node + 1];
        tree[node] = less(a + at[r], a + at[l]) ? r : l;
    }
    for (int i = 0; i < n; i++) {
        int w = tree[1];
        tmp[i] = a[at[w]++];
        for (int node = w + k; node > 1; node /= 2) {
            int l = tree[node & ~1], r = tree[node | 1];
            int none_l = at[l] == start[l + 1], none_r = at[r] == start[r + 1];
            tree[node / 2] = none_l || (!none_r && less(a + at[r], a + at[l])) ? r : l;
        }
    }
    memcpy(a, tmp, sizeof(record) * n);
    free(tree);
    free(at);
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 1000, rounds = argc > 3 ? atoi(argv[3]) : 1;
    uint32_t disorder = argc > 4 ? (uint32_t)atoi(argv[4]) : 100;
    a = calloc(n, sizeof(record));
    tmp = calloc(n, sizeof(record));
    int *start = malloc(sizeof(int) * (n + 1));
    uint64_t sum = 0;
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < n; i++) {
            s = s * 1103515245u + 12345u;
            uint32_t ramp = (uint32_t)(i % 700 < 500 ? i : 5 * n - i) / 8;
            a[i].key = (s >> 16) % 1000 < disorder ? s >> 12 : ramp;
            a[i].data[r % 10] = (uint8_t)(s >> 24);
        }
        int k = runs(n, start);
        if (r % 2) {
            kway(start, k, n);
        } else
            for (; k > 1; k = (k + 1) / 2) {
                for (int i = 0; i + 1 < k; i += 2)
                    merge(start[i], start[i + 1], start[i + 2]);
                for (int i = 1; 2 * i < k; i++)
                    start[i] = start[2 * i];
                start[(k + 1) / 2] = n;
            }
        for (int i = 1; i < n; i += 97)
            sum = sum * 3 + a[i].key + (less(a + i, a + i - 1) ? 1000003 : 0);
    }
    printf("checksum %016llx %llu\n", (unsigned long long)sum, (unsigned long long)compares);
    return 0;
}
