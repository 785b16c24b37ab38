/* N queens by bit masks, subset sums and Ackermann: deep small recursion.
 * args: queens items ackermann-n */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static long queens(uint32_t all, uint32_t c, uint32_t l, uint32_t r) {
    if (c == all)
        return 1;
    long n = 0;
    for (uint32_t free = all & ~(c | l | r); free;) {
        uint32_t bit = free & -free;
        free ^= bit;
        n += queens(all, c | bit, (l | bit) << 1, (r | bit) >> 1);
    }
    return n;
}

static long subsets(const int *v, int n, int target) {
    if (n == 0)
        return target == 0;
    if (target < 0)
        return 0;
    return subsets(v + 1, n - 1, target) + subsets(v + 1, n - 1, target - *v);
}

static unsigned ackermann(unsigned m, unsigned n) {
    if (m == 0)
        return n + 1;
    return ackermann(m - 1, n ? ackermann(m, n - 1) : 1);
}

int main(int argc, char **argv) {
    int q = argc > 1 ? atoi(argv[1]) : 8, n = argc > 2 ? atoi(argv[2]) : 14, v[32];
    unsigned a = argc > 3 ? strtoul(argv[3], 0, 0) : 4;
    for (int i = 0; i < n; i++)
        v[i] = 3 + i * 7 % 19;
    long sum = queens((1u << q) - 1, 0, 0, 0);
    sum = sum * 1000 + subsets(v, n, 4 * n);
    sum = sum * 1000 + ackermann(2, a * 8) + ackermann(3, a);
    printf("checksum %ld\n", sum);
    return 0;
}
