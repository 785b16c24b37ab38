/* Collatz trajectories: unpredictable even/odd branches, integer only.
 * args: first count */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    uint64_t first = argc > 1 ? strtoull(argv[1], 0, 0) : 27;
    uint64_t count = argc > 2 ? strtoull(argv[2], 0, 0) : 10000;
    uint64_t best = 0, sum = 0;
    for (uint64_t n = first; n < first + count; n++) {
        uint64_t x = n, steps = 0;
        while (x != 1) {
            if (x & 1)
                x = 3 * x + 1;
            else
                x >>= 1;
            steps++;
        }
        if (steps > best)
            best = steps;
        sum = sum * 31 + steps;
    }
    printf("checksum %016llx\n", (unsigned long long)(sum ^ best << 48));
    return 0;
}
