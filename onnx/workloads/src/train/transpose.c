/* Transposes and layout changes: naive, blocked, recursive, in place, array of structs
 * to struct of arrays. args: n rounds method(0-4, 5 each in turn) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void naive(const uint32_t *a, uint32_t *b, int n) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            b[(size_t)j * n + i] = a[(size_t)i * n + j];
}

static void blocked(const uint32_t *a, uint32_t *b, int n) {
    for (int i0 = 0; i0 < n; i0 += 16)
        for (int j0 = 0; j0 < n; j0 += 16)
            for (int i = i0; i < i0 + 16 && i < n; i++)
                for (int j = j0; j < j0 + 16 && j < n; j++)
                    b[(size_t)j * n + i] = a[(size_t)i * n + j];
}

static void halves(const uint32_t *a, uint32_t *b, int r, int c, int n) {
    if (r <= 8 && c <= 8) {
        for (int i = 0; i < r; i++)
            for (int j = 0; j < c; j++)
                b[(size_t)j * n + i] = a[(size_t)i * n + j];
    } else if (r >= c) {
        halves(a, b, r / 2, c, n);
        halves(a + (size_t)(r / 2) * n, b + r / 2, r - r / 2, c, n);
    } else {
        halves(a, b, r, c / 2, n);
        halves(a + c / 2, b + (size_t)(c / 2) * n, r, c - c / 2, n);
    }
}

static void in_place(uint32_t *a, int n) {
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            uint32_t t = a[(size_t)i * n + j];
            a[(size_t)i * n + j] = a[(size_t)j * n + i];
            a[(size_t)j * n + i] = t;
        }
}

typedef struct { uint32_t x, y, z; uint16_t kind; uint8_t flag, pad; } particle;

static uint64_t split(particle *p, uint32_t *soa, int n) {
    uint32_t *x = soa, *y = soa + n, *z = soa + 2 * n;
    for (int i = 0; i < n; i++) {
        x[i] = p[i].x;
        y[i] = p[i].y + p[i].kind;
        z[i] = p[i].z ^ p[i].flag;
    }
    uint64_t s = 0;
    for (int i = 0; i < n; i++) {
        p[i].x = y[i];
        p[i].y = x[n - 1 - i];
        p[i].kind = (uint16_t)(p[i].kind * 5 + i);
        p[i].flag = (uint8_t)z[i];
        s += z[i];
    }
    return s;
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 100, rounds = argc > 2 ? atoi(argv[2]) : 1;
    int method = argc > 3 ? atoi(argv[3]) : 5;
    size_t cells = (size_t)n * n;
    uint32_t *a = calloc(cells, 4), *b = calloc(cells, 4);
    for (size_t i = 0; i < cells; i += 5)
        a[i] = (uint32_t)i * 2654435761u;
    uint64_t sum = 0;
    for (int r = 0; r < rounds; r++) {
        switch (method < 5 ? method : r % 5) {
        case 0: naive(a, b, n); break;
        case 1: blocked(a, b, n); break;
        case 2: halves(a, b, n, n, n); break;
        case 3: in_place(b, n); break;
        default: sum += split((particle *)(void *)a, b, (int)(cells / 4));
        }
        uint32_t *t = a;
        a = b;
        b = t;
        a[(size_t)r * 7 % cells] ^= (uint32_t)r;
        sum = sum * 3 + a[cells / 2 + (size_t)r % 9];
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
