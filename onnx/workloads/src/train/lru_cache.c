/* LRU and clock caches over a hash index with intrusive lists, fed by a skewed trace.
 * args: seed entries requests policy(0 lru, 1 clock, 2 segmented) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct entry {
    struct entry *prev, *next, *chain;
    uint64_t key, value;
    uint32_t hits, segment;
} entry;

static entry *slots, head[2], **bucket;
static uint32_t mask, hand;
static int used, room, kept;

static uint32_t hash(uint64_t k) {
    k *= 0xff51afd7ed558ccdull;
    return (uint32_t)(k >> 40) & mask;
}

static void unlink_entry(entry *e) {
    e->prev->next = e->next;
    e->next->prev = e->prev;
}

static void push(entry *e, int segment) {
    entry *h = head + segment;
    e->segment = (uint32_t)segment;
    e->next = h->next;
    e->prev = h;
    h->next->prev = e;
    h->next = e;
}

static entry *victim(int policy) {
    if (used < room)
        return slots + used++;
    entry *e;
    if (policy == 1) {
        for (;;) {
            e = slots + hand;
            hand = hand + 1 == (uint32_t)room ? 0 : hand + 1;
            if (!e->hits)
                break;
            e->hits >>= 1;
        }
    } else {
        e = head[0].prev != head ? head[0].prev : head[1].prev;
        if (e->segment)
            kept--;
        unlink_entry(e);
    }
    entry **p = &bucket[hash(e->key)];
    while (*p != e)
        p = &(*p)->chain;
    *p = e->chain;
    return e;
}

static int request(uint64_t key, int policy, uint64_t *sum) {
    entry *e = bucket[hash(key)];
    while (e && e->key != key)
        e = e->chain;
    if (e) {
        *sum += e->value++;
        if (e->hits < 7)
            e->hits++;
        if (policy != 1) {
            int up = policy == 2;
            unlink_entry(e);
            kept += up && !e->segment;
            push(e, up);
            if (kept > room * 3 / 4) { /* demote the oldest kept one */
                entry *old = head[1].prev;
                unlink_entry(old);
                push(old, 0);
                kept--;
            }
        }
        return 1;
    }
    e = victim(policy);
    e->key = key;
    e->value = key * 3;
    e->hits = 0;
    e->chain = bucket[hash(key)];
    bucket[hash(key)] = e;
    if (policy != 1)
        push(e, 0);
    return 0;
}

int main(int argc, char **argv) {
    uint64_t s = argc > 1 ? strtoull(argv[1], 0, 0) : 1, sum = 0;
    room = argc > 2 ? atoi(argv[2]) : 1000;
    int n = argc > 3 ? atoi(argv[3]) : 10000, policy = argc > 4 ? atoi(argv[4]) : 0, hits = 0;
    for (mask = 1; mask < (uint32_t)room; mask = mask * 2 + 1)
        ;
    slots = calloc(room, sizeof(entry));
    bucket = calloc(mask + 1, sizeof *bucket);
    for (int i = 0; i < 2; i++)
        head[i].prev = head[i].next = head + i;
    for (int i = 0; i < n; i++) {
        s = s * 6364136223846793005ull + 1442695040888963407ull;
        uint64_t k = s >> 44, scan = (uint64_t)i % 1024;
        k &= k >> (s >> 33 & 3); /* small keys come more often */
        if (i % 8192 > 7600)
            k = 1u << 24 | scan; /* now and then a scan passes through */
        hits += request(k % ((uint64_t)room * 4), policy, &sum);
    }
    printf("checksum %016llx %d\n", (unsigned long long)sum, hits);
    return 0;
}
