/* CSV text with quoted fields: parsed, dates and decimals read, grouped by two columns.
 * args: seed rows rounds groups */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { char name[24]; int month, count; double sum, low, high; } group;
static group *table;
static uint32_t mask;

static int days(int y, int m, int d) { /* days from civil date */
    y -= m <= 2;
    int era = y / 400, yoe = y - era * 400, doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy;
}

static double decimal(const char *p, const char *end) {
    double v = 0, scale = 1;
    int minus = p < end && *p == '-', point = 0;
    for (p += minus; p < end; p++) {
        if (*p == '.') {
            point = 1;
        } else if (*p >= '0' && *p <= '9') {
            v = v * 10 + (*p - '0');
            if (point)
                scale *= 10;
        }
    }
    return (minus ? -v : v) / scale;
}

static char *field(char *p, char **from, char **to) {
    if (*p != '"') {
        *from = p;
        while (*p != ',' && *p != '\n')
            p++;
        *to = p;
        return p;
    }
    char *out = *from = ++p;
    for (;; p++) {
        if (*p == '"') {
            if (p[1] != '"')
                break;
            p++;
        }
        *out++ = *p;
    }
    *to = out;
    return p + 1;
}

static group *find(const char *name, size_t n, int month) {
    uint32_t h = 2166136261u ^ (uint32_t)month;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)name[i]) * 16777619u;
    for (h ^= h >> 15;; h++) {
        group *g = table + (h & mask);
        if (!g->count) {
            memcpy(g->name, name, n);
            g->name[n] = 0;
            g->month = month;
            g->low = 1e300;
            g->high = -1e300;
            return g;
        }
        if (g->month == month && !strncmp(g->name, name, n) && !g->name[n])
            return g;
    }
}

static int by_sum(const void *a, const void *b) {
    const group *x = a, *y = b;
    return x->sum != y->sum ? (x->sum < y->sum) - (x->sum > y->sum) : strcmp(x->name, y->name);
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int rows = argc > 2 ? atoi(argv[2]) : 100, rounds = argc > 3 ? atoi(argv[3]) : 2;
    int groups = argc > 4 ? atoi(argv[4]) : 20;
    char *text = malloc((size_t)rows * 80 + 1), *work = malloc((size_t)rows * 80 + 1), *p = text;
    static const char *const quotes[] = {"%d,2%03d-%d-%d,\"town, %d\",%u.%02u\n",
        "%d,2%03d-%d-%d,\"the \"\"old\"\" %d\",-%u.%02u\n", "%d,2%03d-%d-%d,place%d,%u.%02u\n"};
    for (int i = 0; i < rows; i++) {
        s = s * 1664525u + 1013904223u;
        uint32_t r = s >> 7;
        p += sprintf(p, quotes[r % 3], i, (int)(r % 40), (int)(r % 12 + 1), (int)(r / 64 % 28 + 1),
                     (int)(r / 16 % (uint32_t)groups), s % 10000, s % 97);
    }
    for (mask = 64; mask < (uint32_t)(groups * 72); mask *= 2)
        ;
    table = calloc(mask--, sizeof(group));
    uint64_t check = 0;
    for (int k = 0; k < rounds; k++) {
        memcpy(work, text, (size_t)(p - text) + 1);
        for (char *q = work, *end = work + (p - text); q < end; q++) {
            char *f[4], *t[4];
            for (int c = 0; c < 4; c++)
                q = field(q + (c > 0), &f[c], &t[c]);
            char *d = f[1];
            int y = atoi(d), m = atoi(strchr(d, '-') + 1), day = atoi(strchr(d + 5, '-') + 1);
            group *g = find(f[2], (size_t)(t[2] - f[2]), m);
            double v = decimal(f[3], t[3]) + days(y, m, day) % 7;
            g->count++;
            g->sum += v;
            if (v < g->low)
                g->low = v;
            if (v > g->high)
                g->high = v;
        }
    }
    uint32_t used = 0;
    for (uint32_t i = 0; i <= mask; i++)
        if (table[i].count)
            table[used++] = table[i];
    qsort(table, used, sizeof(group), by_sum);
    for (uint32_t i = 0; i < used; i++)
        check = check * 3 + (uint64_t)(table[i].count + (int64_t)table[i].high);
    printf("checksum %016llx\n", (unsigned long long)check);
    return 0;
}
