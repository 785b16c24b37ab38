/* Word counting in a chained hash map with malloc'd string keys.
 * args: seed words vocabulary */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct cell { struct cell *next; char *word; int count; } cell;
static cell *bucket[4096];

static unsigned hash(const char *s) {
    unsigned h = 5381;
    while (*s)
        h = h * 33 ^ (unsigned char)*s++;
    return h & 4095;
}

static void count(const char *word) {
    unsigned h = hash(word);
    for (cell *c = bucket[h]; c; c = c->next)
        if (!strcmp(c->word, word)) {
            c->count++;
            return;
        }
    cell *c = malloc(sizeof *c);
    *c = (cell){bucket[h], strdup(word), 1};
    bucket[h] = c;
}

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 20000, vocab = argc > 3 ? atoi(argv[3]) : 3000;
    for (int i = 0; i < n; i++) {
        char word[16];
        s = s * 1664525u + 1013904223u;
        unsigned id = (s >> 8) % vocab, k = 0;
        if (s & 0x80000000u)
            id /= 16;
        do
            word[k++] = "etaoinshrdlucmfw"[id & 15];
        while (id >>= 3);
        word[k] = 0;
        count(word);
    }
    unsigned sum = 0, most = 0;
    for (int b = 0; b < 4096; b++)
        for (cell *c = bucket[b]; c; c = c->next) {
            sum = sum * 7 + c->count + c->word[0];
            if ((unsigned)c->count > most)
                most = c->count;
        }
    printf("checksum %08x %u\n", sum, most);
    return 0;
}
