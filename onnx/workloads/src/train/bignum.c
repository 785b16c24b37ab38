/* Big integers: schoolbook products, spigot digits of pi, long division.
 * args: limbs rounds digits */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t product(const uint32_t *a, const uint32_t *b, uint32_t *c, int n) {
    memset(c, 0, sizeof(uint32_t) * 2 * n);
    for (int i = 0; i < n; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < n; j++) {
            carry += (uint64_t)a[i] * b[j] + c[i + j];
            c[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        c[i + n] = (uint32_t)carry;
    }
    return c[n];
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 100, rounds = argc > 2 ? atoi(argv[2]) : 10;
    int digits = argc > 3 ? atoi(argv[3]) : 200;
    uint32_t *a = malloc(4 * n), *b = malloc(4 * n), *c = malloc(8 * n);
    for (int i = 0; i < n; i++) {
        a[i] = i * 0x01000193u + 5;
        b[i] = ~a[i] * 3;
    }
    uint64_t sum = 0;
    for (int r = 0; r < rounds; r++) {
        sum = sum * 7 + product(a, b, c, n);
        memcpy(a, c + n / 2, 4 * n);
        uint64_t rem = 0;
        for (int i = 2 * n - 1; i >= 0; i--) {
            rem = rem << 32 | c[i];
            c[i] = (uint32_t)(rem / 1000000007u);
            rem %= 1000000007u;
        }
        sum ^= rem;
    }
    int len = digits * 10 / 3 + 1;
    int *pi = malloc(sizeof(int) * len);
    for (int i = 0; i < len; i++)
        pi[i] = 2;
    for (int d = 0; d < digits; d++) {
        int carry = 0;
        for (int i = len - 1; i > 0; i--) {
            int x = pi[i] * 10 + carry;
            pi[i] = x % (2 * i + 1);
            carry = x / (2 * i + 1) * i;
        }
        int x = pi[0] * 10 + carry;
        pi[0] = x % 10;
        sum = sum * 10 + x / 10;
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
