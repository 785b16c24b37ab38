/* Walks with stores: strides from words to pages, several streams at once, backwards, in
 * place shifts, structure updates, reads that depend on the last store.
 * args: kilobytes rounds kernel(0-7, 8 each in turn) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { double x, v; float mass; int32_t cell, hits, pad[11]; } body;
static size_t words;
static uint64_t *a;

static uint64_t strided(size_t stride) {
    uint64_t sum = 0;
    size_t at = 0;
    for (int i = 0; i < 6000; i++) {
        a[at] += (uint64_t)i;
        sum ^= a[at];
        at += stride;
        if (at >= words)
            at = (at - words + 1) % words;
    }
    return sum;
}

static uint64_t streams(void) { /* five readers and two writers */
    size_t part = words / 8, n = part < 3000 ? part : 3000;
    uint64_t *p = a, *q = a + part, *r = a + 2 * part, *s = a + 3 * part, *t = a + 4 * part;
    uint64_t *u = a + 5 * part, *v = a + 6 * part, sum = 0;
    for (size_t i = 0; i < n; i++) {
        u[i] = p[i] + q[i] * 3 + r[i];
        v[i] = s[i] ^ t[i];
        sum += u[i] & 15;
    }
    return sum;
}

static uint64_t backwards(void) {
    uint64_t carry = 0;
    size_t low = words > 7000 ? words - 7000 : 0;
    for (size_t i = words; i-- > low;) {
        uint64_t v = a[i];
        a[i] = v << 1 | carry;
        carry = v >> 63;
    }
    return carry;
}

static uint64_t shift_down(size_t from) { /* loads run just ahead of the stores */
    size_t end = from + 6000 < words ? from + 6000 : words;
    for (size_t i = from + 3; i < end; i++)
        a[i - 3] = a[i] + (a[i - 1] >> 3);
    return a[from];
}

static uint64_t structures(int round) {
    body *b = (body *)(void *)a;
    size_t n = words * 8 / sizeof(body), from = (size_t)round * 1500 % n;
    double energy = 0;
    for (size_t k = 0; k < 1500; k++) {
        body *o = b + (from + k) % n;
        o->cell += (int32_t)k & 7;
        o->hits++;
        o->mass = (float)(o->cell & 15);
        energy += o->mass * (double)o->hits;
    }
    return (uint64_t)energy;
}

static uint64_t chained_stores(uint64_t x) { /* each address comes from the last word */
    for (int i = 0; i < 3000; i++) {
        size_t at = (size_t)((x >> 20) % words);
        uint64_t v = a[at];
        a[at] = x;
        x = x * 6364136223846793005ull + (v | 1);
    }
    return x;
}

static uint64_t forwarded(void) { /* wide stores, narrow loads and the other way round */
    uint8_t *p = (uint8_t *)a;
    size_t n = words * 8 - 64;
    uint64_t sum = 0;
    for (size_t i = 0, at = 0; i < 2500; i++, at = (at + 104) % n & ~(size_t)7) {
        *(volatile uint64_t *)(void *)(p + at) = i * 0x0101010101010101ull;
        sum += *(volatile uint8_t *)(p + at + (i & 7));
        *(volatile uint16_t *)(void *)(p + at + 8) = (uint16_t)sum;
        *(volatile uint16_t *)(void *)(p + at + 10) = (uint16_t)i;
        sum += *(volatile uint32_t *)(void *)(p + at + 8);
    }
    return sum;
}

static uint64_t pages(int round) {
    uint64_t sum = 0;
    for (int i = 0; i < 3000; i++) {
        size_t at = ((size_t)(i + round) * 512 + (size_t)(i / 7 * 9 % 512)) % words;
        sum += a[at]++;
    }
    return sum;
}

int main(int argc, char **argv) {
    size_t kb = argc > 1 ? strtoul(argv[1], 0, 0) : 64;
    int rounds = argc > 2 ? atoi(argv[2]) : 16, kernel = argc > 3 ? atoi(argv[3]) : 8;
    words = kb * 128;
    a = calloc(words, 8);
    uint64_t sum = 1;
    for (int r = 0; r < rounds; r++) {
        uint64_t v;
        switch (kernel < 8 ? kernel : r % 8) {
        case 0: v = strided((size_t)1 << (r / 8 + r) % 11); break;
        case 1: v = streams(); break;
        case 2: v = backwards(); break;
        case 3: v = shift_down((size_t)r * 977 % words); break;
        case 4: v = structures(r); break;
        case 5: v = chained_stores(sum); break;
        case 6: v = forwarded(); break;
        default: v = pages(r);
        }
        sum = sum * 31 + v;
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
