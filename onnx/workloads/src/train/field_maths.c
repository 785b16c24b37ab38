/* Modular arithmetic: Montgomery powers and Miller-Rabin, number-theoretic transform
 * products, points of a small elliptic curve, wheel sieve, Euclid, discrete logarithm.
 * args: seed size rounds part(0-4, 5 all) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t u64;
typedef unsigned __int128 u128;
static u64 s;
static u64 rnd(void) {
    s = s * 6364136223846793005ull + 1442695040888963407ull;
    return s ^ s >> 29;
}

static u64 reduce(u128 t, u64 n, u64 inv) { /* Montgomery */
    u64 m = (u64)t * inv;
    u64 hi = (u64)((t + (u128)m * n) >> 64);
    return hi >= n ? hi - n : hi;
}

static int probable_prime(u64 n) {
    u64 inv = 1, one = (u64)(((u128)1 << 64) % n), square = (u64)((u128)one * one % n), d = n - 1;
    int twos = __builtin_ctzll(d);
    for (int i = 0; i < 6; i++)
        inv *= 2 + n * inv; /* converges to -1/n */
    d >>= twos;
    for (u64 base = 2; base < 8; base += base > 2 ? 2 : 1) {
        u64 b = reduce((u128)base * square, n, inv), x = one;
        for (u64 e = d; e; e >>= 1) {
            if (e & 1)
                x = reduce((u128)x * b, n, inv);
            b = reduce((u128)b * b, n, inv);
        }
        int ok = x == one || x == n - one;
        for (int i = 1; i < twos && !ok; i++) {
            x = reduce((u128)x * x, n, inv);
            ok = x == n - one;
        }
        if (!ok)
            return 0;
    }
    return 1;
}

enum { MOD = 998244353 };

static uint32_t modpow(u64 b, uint32_t e) {
    u64 r = 1;
    for (; e; e >>= 1, b = b * b % MOD)
        if (e & 1)
            r = r * b % MOD;
    return (uint32_t)r;
}

static void ntt(uint32_t *a, int n, int inverse) {
    for (int i = 1, j = 0; i < n; i++) {
        int bit = n >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            uint32_t t = a[i];
            a[i] = a[j], a[j] = t;
        }
    }
    for (int len = 2; len <= n; len *= 2) {
        uint32_t root = modpow(3, (MOD - 1) / (uint32_t)len);
        if (inverse)
            root = modpow(root, MOD - 2);
        for (int i = 0; i < n; i += len) {
            u64 w = 1;
            for (int k = 0; k < len / 2; k++, w = w * root % MOD) {
                uint32_t u = a[i + k], v = (uint32_t)(a[i + k + len / 2] * w % MOD);
                a[i + k] = u + v >= MOD ? u + v - MOD : u + v;
                a[i + k + len / 2] = u >= v ? u - v : u + MOD - v;
            }
        }
    }
}

static uint32_t product(int n) {
    uint32_t *a = malloc(4 * (size_t)n), *b = malloc(4 * (size_t)n);
    for (int i = 0; i < n; i++)
        a[i] = (uint32_t)(rnd() % 1000), b[i] = i < n / 2 ? a[i] + 1 : 0;
    memset(a + n / 2, 0, 2 * (size_t)n);
    ntt(a, n, 0), ntt(b, n, 0);
    for (int i = 0; i < n; i++)
        a[i] = (uint32_t)((u64)a[i] * b[i] % MOD);
    ntt(a, n, 1);
    uint32_t r = a[n / 3] ^ a[n / 2];
    free(a), free(b);
    return r;
}

typedef struct { int64_t x, y; int none; } point;
static const int64_t PRIME = 1000003, CURVE_A = 7;

static int64_t inverse(int64_t a, int64_t m) { /* extended Euclid: divisions */
    int64_t t = 0, u = 1, r = m;
    for (a = (a % m + m) % m; a;) {
        int64_t q = r / a, k = t - q * u;
        t = u, u = k;
        k = r - q * a;
        r = a, a = k;
    }
    return (t % m + m) % m;
}

static point add(point p, point q) {
    int64_t k;
    if (p.none || q.none)
        return p.none ? q : p;
    if (p.x == q.x) {
        if ((p.y + q.y) % PRIME == 0)
            return (point){0, 0, 1};
        k = (3 * p.x % PRIME * p.x + CURVE_A) % PRIME * inverse(2 * p.y, PRIME) % PRIME;
    } else
        k = (q.y - p.y) % PRIME * inverse(q.x - p.x, PRIME) % PRIME;
    int64_t x = (k * k - p.x - q.x) % PRIME, y;
    x = x < 0 ? x + PRIME : x;
    y = (k * (p.x - x) - p.y) % PRIME;
    return (point){x, y < 0 ? y + PRIME : y, 0};
}

static point times(point p, u64 e) {
    point r = {0, 0, 1};
    for (; e; e >>= 1, p = add(p, p))
        if (e & 1)
            r = add(r, p);
    return r;
}

static u64 wheel(uint32_t limit) { /* residues coprime to 30, one byte for thirty numbers */
    static const uint8_t residue[8] = {1, 7, 11, 13, 17, 19, 23, 29};
    uint8_t *bits = calloc(limit / 30 + 1, 1), slot[30];
    u64 count = 0;
    for (int i = 0; i < 8; i++)
        slot[residue[i]] = (uint8_t)(1 << i);
    bits[0] = 1;
    for (uint32_t byte = 0; byte <= limit / 30; byte++)
        for (int i = 0; i < 8; i++) {
            if (bits[byte] >> i & 1)
                continue;
            u64 p = byte * 30ull + residue[i];
            count++;
            for (int j = 0; p * p <= limit && j < 8; j++)
                for (u64 k = p * ((p / 30) * 30 + residue[j]); k <= limit; k += 30 * p)
                    bits[k / 30] |= slot[k % 30];
        }
    free(bits);
    return count;
}

static u64 logarithm(u64 target, u64 g, u64 p) { /* baby steps, giant steps */
    enum { STEPS = 1024 };
    static uint32_t key[4 * STEPS], at[4 * STEPS];
    u64 v = 1, back = 1;
    memset(key, 0, sizeof key);
    for (uint32_t i = 0; i < STEPS; i++, v = v * g % p) {
        uint32_t h = (uint32_t)(v * 2654435761u) >> 20;
        while (key[h & (4 * STEPS - 1)])
            h++;
        key[h & (4 * STEPS - 1)] = (uint32_t)v, at[h & (4 * STEPS - 1)] = i;
    }
    back = (u64)inverse((int64_t)v, (int64_t)p);
    for (u64 i = 0; i < STEPS; i++, target = target * back % p)
        for (uint32_t h = (uint32_t)(target * 2654435761u) >> 20; key[h & (4 * STEPS - 1)]; h++)
            if (key[h & (4 * STEPS - 1)] == target)
                return i * STEPS + at[h & (4 * STEPS - 1)];
    return 0;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoull(argv[1], 0, 0) : 1;
    int size = argc > 2 ? atoi(argv[2]) : 256, rounds = argc > 3 ? atoi(argv[3]) : 5;
    int part = argc > 4 ? atoi(argv[4]) : 5;
    u64 sum = 0;
    for (int r = 0; r < rounds; r++)
        switch (part < 5 ? part : r % 5) {
        case 0:
            for (int i = 0; i < size / 8; i++)
                sum += (u64)probable_prime(rnd() >> (i % 20) | 1 | 1ull << 20) << i % 32;
            break;
        case 1: sum = sum * 3 + product(size); break;
        case 2:
            for (int i = 0; i < size / 32; i++)
                sum = sum * 5 + (u64)times((point){2 + i % 7, 3 + i, 0}, rnd() >> 40).x;
            break;
        case 3: sum += wheel((uint32_t)size * 100); break;
        default: sum = sum * 7 + logarithm(rnd() % 1000002 + 1, 5, 1000003);
        }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
