/* Open-addressing hash map, linear probing, with deletes; large table.
 * args: seed log2(slots) operations */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t *keys, *vals, mask;

static uint64_t mix(uint64_t k) {
    k ^= k >> 33;
    k *= 0xff51afd7ed558ccdull;
    return k ^ k >> 33;
}

static uint64_t find(uint64_t k) {
    uint64_t i = mix(k) & mask;
    while (keys[i] && keys[i] != k)
        i = (i + 1) & mask;
    return i;
}

static void erase(uint64_t i) {
    keys[i] = 0;
    for (uint64_t j = (i + 1) & mask; keys[j]; j = (j + 1) & mask) {
        uint64_t k = keys[j], v = vals[j];
        keys[j] = 0;
        uint64_t to = find(k);
        keys[to] = k;
        vals[to] = v;
    }
}

int main(int argc, char **argv) {
    uint64_t s = argc > 1 ? strtoull(argv[1], 0, 0) : 1, sum = 0;
    int lg = argc > 2 ? atoi(argv[2]) : 18, ops = argc > 3 ? atoi(argv[3]) : 80000;
    mask = (1ull << lg) - 1;
    keys = calloc(mask + 1, 8);
    vals = calloc(mask + 1, 8);
    uint64_t live = 0;
    for (int i = 0; i < ops; i++) {
        s ^= s >> 12, s ^= s << 25, s ^= s >> 27;
        uint64_t r = s * 2685821657736338717ull, k = 1 + (r >> 20) % (mask / 2);
        uint64_t at = find(k);
        switch (r & 7) {
        case 0:
            if (keys[at]) {
                erase(at);
                live--;
            }
            break;
        case 1: case 2: case 3:
            if (!keys[at] && live < mask / 4 * 3) {
                keys[at] = k;
                live++;
            }
            vals[at] = r;
            break;
        default:
            sum += keys[at] ? vals[at] : 1;
        }
    }
    printf("checksum %016llx\n", (unsigned long long)(sum ^ live));
    return 0;
}
