/* Merge sort of a scattered linked list: pointer chasing with compares.
 * args: seed n rounds */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct node { struct node *next; uint32_t key; uint32_t pad[5]; } node;

static node *merge(node *a, node *b) {
    node head, *t = &head;
    while (a && b) {
        if (a->key <= b->key) {
            t = t->next = a;
            a = a->next;
        } else {
            t = t->next = b;
            b = b->next;
        }
    }
    t->next = a ? a : b;
    return head.next;
}

static node *sort(node *l) {
    if (!l || !l->next)
        return l;
    node *slow = l, *fast = l->next;
    while (fast && fast->next) {
        slow = slow->next;
        fast = fast->next->next;
    }
    node *second = slow->next;
    slow->next = 0;
    return merge(sort(l), sort(second));
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 9, sum = 0;
    int n = argc > 2 ? atoi(argv[2]) : 10000, rounds = argc > 3 ? atoi(argv[3]) : 1;
    node *l = 0;
    for (int i = 0; i < n; i++) {
        node *x = malloc(sizeof *x);
        x->next = l;
        l = x;
    }
    for (int r = 0; r < rounds; r++) {
        for (node *p = l; p; p = p->next) {
            s ^= s << 7, s ^= s >> 9, s ^= s << 8;
            p->key = s;
        }
        l = sort(l);
        for (node *p = l; p; p = p->next)
            sum = (sum << 5 | sum >> 27) ^ p->key;
    }
    printf("checksum %08x\n", sum);
    return 0;
}
