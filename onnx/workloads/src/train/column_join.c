/* A column store: predicate scans to selection vectors, hash join, sort-merge join, sums.
 * args: seed rows keys rounds join(0 hash, 1 merge, 2 both) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rows, dims;
static uint32_t *fk, *dim_key, *sel, *head, *chain, mask;
static int32_t *price;
static uint16_t *quantity;
static uint8_t *flag, *region;
static uint64_t *left, *right, *spare;

static int filter(int32_t low, int32_t high, uint8_t f) {
    int n = 0;
    for (int i = 0; i < rows; i++) { /* branch-free selection */
        sel[n] = (uint32_t)i;
        n += (price[i] >= low) & (price[i] < high);
    }
    int m = 0;
    for (int i = 0; i < n; i++) /* branching refinement */
        if (flag[sel[i]] & f)
            sel[m++] = sel[i];
    return m;
}

static void radix(uint64_t *a, int n) {
    for (int shift = 32; shift < 56; shift += 8) {
        int at[257] = {0};
        for (int i = 0; i < n; i++)
            at[(a[i] >> shift & 255) + 1]++;
        for (int b = 0; b < 255; b++)
            at[b + 1] += at[b];
        for (int i = 0; i < n; i++)
            spare[at[a[i] >> shift & 255]++] = a[i];
        memcpy(a, spare, sizeof *a * (size_t)n);
    }
}

static void hash_join(int n, int64_t *out) {
    memset(head, 0xff, (mask + 1) * sizeof *head);
    for (int d = 0; d < dims; d++) {
        uint32_t h = dim_key[d] * 2654435769u >> 8 & mask;
        chain[d] = head[h];
        head[h] = (uint32_t)d;
    }
    for (int i = 0; i < n; i++) {
        uint32_t r = sel[i], k = fk[r], d = head[k * 2654435769u >> 8 & mask];
        for (; d != 0xffffffffu; d = chain[d])
            if (dim_key[d] == k)
                out[region[d]] += (int64_t)price[r] * quantity[r];
    }
}

static void merge_join(int n, int64_t *out) {
    for (int i = 0; i < n; i++)
        left[i] = (uint64_t)fk[sel[i]] << 32 | sel[i];
    for (int d = 0; d < dims; d++)
        right[d] = (uint64_t)dim_key[d] << 32 | (uint32_t)d;
    radix(left, n);
    radix(right, dims);
    for (int i = 0, d = 0; i < n && d < dims;) {
        uint32_t a = left[i] >> 32, b = right[d] >> 32;
        if (a < b) {
            i++;
        } else if (a > b) {
            d++;
        } else {
            uint32_t r = (uint32_t)left[i++];
            out[region[(uint32_t)right[d]]] += (int64_t)price[r] * quantity[r];
        }
    }
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    rows = argc > 2 ? atoi(argv[2]) : 1000;
    dims = argc > 3 ? atoi(argv[3]) : 100;
    int rounds = argc > 4 ? atoi(argv[4]) : 2, join = argc > 5 ? atoi(argv[5]) : 2;
    size_t n = (size_t)(rows > dims ? rows : dims);
    for (mask = 15; mask < (uint32_t)dims; mask = mask * 2 + 1)
        ;
    fk = malloc(4 * n), dim_key = malloc(4 * n), sel = malloc(4 * n + 4), chain = malloc(4 * n);
    head = malloc(4 * (size_t)(mask + 1)), price = malloc(4 * n), quantity = malloc(2 * n);
    flag = malloc(n), region = malloc(n), left = malloc(8 * n), right = malloc(8 * n);
    spare = malloc(8 * n);
    for (int d = 0; d < dims; d++) {
        dim_key[d] = (uint32_t)d * 40503u & 0xffffff;
        region[d] = (uint8_t)(d * 7 % 25);
    }
    for (int i = 0; i < rows; i++) {
        s = s * 1664525u + 1013904223u;
        fk[i] = dim_key[(s >> 8) % (uint32_t)(dims + dims / 8) % n % (uint32_t)dims] + (s >> 31);
        price[i] = (int32_t)(s >> 12 & 0xffff);
        quantity[i] = (uint16_t)(s >> 5 & 63);
        flag[i] = (uint8_t)(s >> 20);
    }
    int64_t out[25] = {0}, check = 0;
    for (int k = 0; k < rounds; k++) {
        int m = filter(1000 * k % 30000, 30000 + 9000 * (k % 4), (uint8_t)(1 << k % 3 | 8));
        if (join == 0 || (join == 2 && k % 2 == 0))
            hash_join(m, out);
        else
            merge_join(m, out);
        for (int r = 0; r < 25; r++)
            check = (int64_t)((uint64_t)check * 5 + (uint64_t)out[r]);
    }
    printf("checksum %016llx\n", (unsigned long long)check);
    return 0;
}
