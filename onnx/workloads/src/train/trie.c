/* 26-way trie: insert generated names, then count prefixes of a long text.
 * args: seed names text-length */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { uint32_t kid[26]; uint32_t ends; } node;

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int names = argc > 2 ? atoi(argv[2]) : 5000, text = argc > 3 ? atoi(argv[3]) : 50000;
    node *t = calloc((size_t)names * 9 + 2, sizeof *t);
    uint32_t used = 1;
    for (int i = 0; i < names; i++) {
        uint32_t at = 0;
        s = s * 2891336453u + 747796405u;
        uint32_t w = s ^ s >> 15;
        for (int k = 0; k < 3 + (int)(w & 5); k++) {
            uint32_t c = (w >> (3 * k) & 31) * 26 / 32;
            if (!t[at].kid[c])
                t[at].kid[c] = used++;
            at = t[at].kid[c];
        }
        t[at].ends++;
    }
    unsigned char *buf = malloc(text);
    for (int i = 0; i < text; i++) {
        s = s * 2891336453u + 747796405u;
        buf[i] = (s >> 27) * 26 / 32;
    }
    uint64_t hits = 0;
    for (int i = 0; i < text; i++)
        for (int j = i, at = 0; j < text && (at = t[at].kid[buf[j]]); j++)
            hits += t[at].ends * (uint64_t)(j - i + 1);
    printf("checksum %llu %u\n", (unsigned long long)hits, used);
    return 0;
}
