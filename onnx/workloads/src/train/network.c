/* A router and its endpoints: packets built, parsed and checksummed, longest-prefix routes,
 * flow table, stream reassembly by a state machine. args: seed packets routes flows */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { uint32_t kid[4]; int16_t route; } node;
typedef struct { uint32_t src, dst; uint16_t sport, dport; uint8_t proto; } tuple;
enum { CLOSED, SYN, OPEN, FIN, DONE };
typedef struct {
    tuple key;
    uint8_t state, used;
    uint32_t next, bytes, holes;
    struct { uint32_t seq, len; } late[4];
} flow;
static node *trie;
static uint32_t nodes, mask, s;
static flow *flows;

static uint32_t rnd(void) {
    s = s * 747796405u + 2891336453u;
    return (s >> ((s >> 28) + 4) ^ s) * 277803737u >> 3;
}

static void route(uint32_t prefix, int bits, int16_t to) {
    uint32_t at = 0;
    for (int b = 0; b < bits; b += 2) {
        uint32_t q = prefix >> (30 - b) & 3;
        if (!trie[at].kid[q]) {
            trie[nodes].route = -1;
            trie[at].kid[q] = nodes++;
        }
        at = trie[at].kid[q];
    }
    trie[at].route = to;
}

static int lookup(uint32_t a) {
    int best = 0;
    uint32_t at = 0;
    for (int shift = 30; shift >= 0; shift -= 2) {
        at = trie[at].kid[a >> shift & 3];
        if (!at)
            break;
        if (trie[at].route >= 0)
            best = trie[at].route;
    }
    return best;
}

static void put32(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 24), p[1] = (uint8_t)(v >> 16), p[2] = (uint8_t)(v >> 8), p[3] = (uint8_t)v;
}
static void put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v; }
static uint32_t get16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static uint32_t get32(const uint8_t *p) { return get16(p) << 16 | get16(p + 2); }

static uint32_t checksum(const uint8_t *p, int n) {
    uint32_t v = 0;
    for (; n > 1; n -= 2, p += 2)
        v += get16(p);
    if (n)
        v += (uint32_t)*p << 8;
    v = (v & 0xffff) + (v >> 16);
    return (~(v + (v >> 16))) & 0xffff;
}

static flow *find(const tuple *t) {
    uint32_t h = (t->src * 0x9e3779b1u ^ t->dst) * 0x85ebca6bu ^ (uint32_t)t->sport << 16 ^ t->dport;
    for (h = (h ^ h >> 13) * 5 + t->proto;; h++) {
        flow *f = flows + (h & mask);
        if (!f->used) {
            f->used = 1;
            f->key = *t;
            return f;
        }
        if (f->key.src == t->src && f->key.dst == t->dst && f->key.sport == t->sport &&
            f->key.dport == t->dport && f->key.proto == t->proto)
            return f;
    }
}

static void segment(flow *f, uint32_t seq, uint32_t len, int flags) {
    switch (f->state) {
    case CLOSED:
    case DONE:
        if (flags & 2)
            f->state = SYN, f->next = seq + 1;
        return;
    case SYN:
        if (flags & 16)
            f->state = OPEN;
        /* fall through */
    case OPEN:
        if (flags & 4) {
            f->state = DONE;
            return;
        }
        if ((int32_t)(seq - f->next) > 0) { /* early: keep for later */
            uint32_t slot = f->holes++ & 3;
            f->late[slot].seq = seq, f->late[slot].len = len;
            return;
        }
        if ((int32_t)(seq + len - f->next) > 0) {
            f->bytes += seq + len - f->next;
            f->next = seq + len;
        }
        for (int moved = 1; moved;) {
            moved = 0;
            for (int i = 0; i < 4; i++)
                if (f->late[i].len && (int32_t)(f->late[i].seq - f->next) <= 0) {
                    uint32_t end = f->late[i].seq + f->late[i].len;
                    if ((int32_t)(end - f->next) > 0)
                        f->bytes += end - f->next, f->next = end;
                    f->late[i].len = 0;
                    moved = 1;
                }
        }
        if (flags & 1)
            f->state = FIN;
        return;
    default:
        if (flags & 16)
            f->state = DONE;
    }
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int packets = argc > 2 ? atoi(argv[2]) : 1000, routes = argc > 3 ? atoi(argv[3]) : 500;
    uint32_t count = argc > 4 ? (uint32_t)atoi(argv[4]) : 64, port[64] = {0}, dropped = 0;
    trie = calloc((size_t)routes * 14 + 2, sizeof(node));
    nodes = 1;
    for (int i = 0; i < routes; i++)
        route(rnd(), 8 + (int)(rnd() % 9) * 2, (int16_t)(rnd() % 64));
    for (mask = 255; mask < count * 2; mask = mask * 2 + 1)
        ;
    flows = calloc(mask + 1, sizeof(flow));
    uint32_t *seq = calloc(count, 4);
    uint8_t p[1600];
    for (int i = 0; i < 1600; i++)
        p[i] = (uint8_t)(i * 37);
    for (int i = 0; i < packets; i++) {
        uint32_t f = rnd() % count & rnd(), len = rnd() % 3 ? rnd() % 64 : 400 + rnd() % 1000;
        uint32_t start = seq[f], kind = rnd() % 32, proto = f % 5 ? 6 : 17, total = 40 + len;
        seq[f] += kind == 1 ? 0 : len;
        if (kind == 2)
            start += 100;
        p[0] = 0x45, p[8] = (uint8_t)(2 + rnd() % 60), p[9] = (uint8_t)proto;
        put16(p + 2, total), put16(p + 10, 0);
        put32(p + 12, f * 0x01010101u), put32(p + 16, f * 2654435761u);
        put16(p + 10, checksum(p, 20));
        put16(p + 20, 1024 + f % 60000), put16(p + 22, f % 3 ? 80 : 443);
        put32(p + 24, start);
        p[33] = (uint8_t)(start == 0 ? 2 : 16 | (kind == 3) | (kind == 4) << 2);
        put16(p + 36, 0), put16(p + 36, checksum(p + 20, (int)(total - 20)));
        if (kind == 5)
            p[24 + rnd() % 9] ^= 4; /* damaged on the way */
        /* The receiving side. */
        if (p[0] >> 4 != 4 || checksum(p, 20) || checksum(p + 20, (int)get16(p + 2) - 20)) {
            dropped++;
            continue;
        }
        if (--p[8] == 1)
            continue;
        port[lookup(get32(p + 16))]++;
        tuple t = {get32(p + 12), get32(p + 16), (uint16_t)get16(p + 20), (uint16_t)get16(p + 22),
            p[9]};
        flow *at = find(&t);
        if (t.proto == 6)
            segment(at, get32(p + 24), get16(p + 2) - 40, p[33]);
        else
            at->bytes += get16(p + 2) - 40;
    }
    uint64_t sum = dropped;
    for (int i = 0; i < 64; i++)
        sum = sum * 31 + port[i];
    for (uint32_t i = 0; i <= mask; i += 3)
        sum = sum * 7 + flows[i].bytes + flows[i].state;
    printf("checksum %016llx %u\n", (unsigned long long)sum, nodes);
    return 0;
}
