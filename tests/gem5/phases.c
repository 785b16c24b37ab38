// Phases that differ in their CPI ("phases plain": without the last kind), and a file that is read
// between them: a piece must not move the program's place in it.
#include <stdio.h>
#include <stdlib.h>

static unsigned cells[1 << 14];

static unsigned chase(unsigned at, int steps) {
    for (int i = 0; i < steps; i++) at = cells[at];
    return at;
}

static unsigned mix(unsigned x, int steps) {
    for (int i = 0; i < steps; i++) x = x * 1664525u + 1013904223u + (x >> 7);
    return x;
}

static unsigned divide(unsigned x, int steps) {
    for (int i = 0; i < steps; i++) x = 4000000000u / (x % 97 + 3);
    return x;
}

// Compressed branches that nothing predicts.
static unsigned choose(unsigned x, int steps) {
    unsigned sum = 0;
    for (int i = 0; i < steps; i++) {
        x = x * 1664525u + 1013904223u;
        register unsigned bits __asm__("a5") = x >> 28;
        __asm__ volatile("c.beqz %1, 1f\n\taddi %0, %0, 1\n1:\n\t"
                         "c.bnez %1, 2f\n\taddi %0, %0, 3\n2:"
                         : "+r"(sum) : "r"(bits));
    }
    return sum;
}

int main(int argc, char **argv) {
    FILE *self = fopen(argv[0], "rb");
    unsigned n = sizeof cells / sizeof *cells, sum = 0, bytes = 0;
    if (!self) return 1;
    for (unsigned i = 0; i < n; i++) cells[i] = (i * 5 + 3) % n;
    for (int round = 0; round < 6; round++) {
        unsigned char block[600];
        size_t got = fread(block, 1, sizeof block, self);
        bytes += got;
        for (size_t i = 0; i < got; i++) sum = sum * 31 + block[i];
        sum += chase(round, 6000) + mix(sum, 6000) + divide(sum, 3000);
        if (argc < 2) sum += choose(sum, 4000);
    }
    printf("phases %u %u\n", sum, bytes);
    return 0;
}
