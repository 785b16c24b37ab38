/* Skip list: ordered inserts and deletes with towers of forward pointers.
 * args: seed operations range */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LEVELS 16
typedef struct node { int key; struct node *next[]; } node;

int main(int argc, char **argv) {
    uint64_t s = argc > 1 ? strtoull(argv[1], 0, 0) : 1, sum = 0;
    int ops = argc > 2 ? atoi(argv[2]) : 10000, range = argc > 3 ? atoi(argv[3]) : 20000;
    node *head = calloc(1, sizeof *head + LEVELS * sizeof(node *)), *path[LEVELS];
    int top = 1;
    for (int i = 0; i < ops; i++) {
        s += 0x60bee2bee120fc15ull;
        uint64_t z = (s ^ s >> 32) * 0xa3b195354a39b70dull;
        int key = (int)((z >> 40) % range);
        node *at = head;
        for (int l = top - 1; l >= 0; l--) {
            while (at->next[l] && at->next[l]->key < key)
                at = at->next[l];
            path[l] = at;
        }
        at = at->next[0];
        if (at && at->key == key) {
            sum += key;
            if (z & 1) {
                for (int l = 0; l < top && path[l]->next[l] == at; l++)
                    path[l]->next[l] = at->next[l];
                free(at);
            }
            continue;
        }
        int h = 1;
        while (h < LEVELS && (z >> h & 3) == 0)
            h++;
        while (top < h)
            path[top++] = head;
        node *x = malloc(sizeof *x + h * sizeof(node *));
        x->key = key;
        for (int l = 0; l < h; l++) {
            x->next[l] = path[l]->next[l];
            path[l]->next[l] = x;
        }
    }
    for (node *p = head->next[0]; p; p = p->next[0])
        sum = sum * 3 + p->key;
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
