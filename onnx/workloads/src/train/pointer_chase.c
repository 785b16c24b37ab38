/* Dependent loads around one random cycle, one node per cache line.
 * args: nodes hops chains */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct line { struct line *next; uint64_t v; char pad[48]; } line;

int main(int argc, char **argv) {
    uint32_t n = argc > 1 ? strtoul(argv[1], 0, 0) : 65536;
    uint32_t hops = argc > 2 ? strtoul(argv[2], 0, 0) : 500000;
    int chains = argc > 3 ? atoi(argv[3]) : 1;
    line *a = aligned_alloc(64, (size_t)n * sizeof *a);
    /* n a power of two: x -> 5x+odd is a full cycle; the bits are then shuffled */
    uint32_t lg = 0;
    while (1u << lg < n)
        lg++;
    uint32_t x = 1, from = x;
    for (uint32_t i = 0; i < n; i++) {
        x = (x * 1664525u + 1013904223u) & (n - 1);
        uint32_t to = (x ^ x >> (lg / 2)) & (n - 1);
        a[from].next = a + to;
        a[from].v = i;
        from = to;
    }
    line *p[4] = {a, a + n / 4, a + n / 2, a + n / 4 * 3};
    uint64_t sum = 0;
    for (uint32_t i = 0; i < hops; i++)
        for (int c = 0; c < chains && c < 4; c++) {
            p[c] = p[c]->next;
            sum += p[c]->v;
        }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
