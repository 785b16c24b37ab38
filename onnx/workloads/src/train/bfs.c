/* Breadth-first search over implicit hashed edges: random reads and writes.
 * The neighbours are computed, so nothing but the visit marks is in memory.
 * args: log2(vertices) degree visits */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int lg = argc > 1 ? atoi(argv[1]) : 20, deg = argc > 2 ? atoi(argv[2]) : 4;
    uint32_t limit = argc > 3 ? strtoul(argv[3], 0, 0) : 60000;
    uint32_t mask = (1u << lg) - 1, head = 0, tail = 0;
    uint32_t *level = calloc(mask + 1u, 4), *queue = malloc(4ul * (mask + 2));
    queue[tail++] = 1;
    level[1] = 1;
    uint64_t sum = 0;
    while (head < tail && head < limit) {
        uint32_t v = queue[head++];
        for (int k = 1; k <= deg; k++) {
            uint32_t u = (v * 2654435761u + k * 40503u) ^ v >> 7;
            u = (u ^ u >> 15) & mask;
            if (!level[u]) {
                level[u] = level[v] + 1;
                queue[tail++] = u;
            }
        }
        sum = sum * 5 + level[v];
    }
    printf("checksum %016llx\n", (unsigned long long)(sum + tail));
    return 0;
}
