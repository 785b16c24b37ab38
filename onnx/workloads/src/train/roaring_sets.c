/* CRoaring: sets of numbers as dense, sparse and run containers, and their algebra.
 * args: seed sets values */
#include <roaring.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned s;

static unsigned rnd(void) {
    return s ^= s << 13, s ^= s >> 17, s ^= s << 5;
}

static bool add_up(uint32_t value, void *sum) {
    *(unsigned *)sum = *(unsigned *)sum * 33 + value;
    return true;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 11;
    int sets = argc > 2 ? atoi(argv[2]) : 12, values = argc > 3 ? atoi(argv[3]) : 2000;
    roaring_bitmap_t **set = malloc(sizeof *set * sets);
    unsigned sum = 0;
    for (int i = 0; i < sets; i++) {
        set[i] = roaring_bitmap_create();
        for (int k = 0; k < values; k++) {
            unsigned at = i % 3 == 0 ? rnd() % 200000 : rnd() >> (i % 3 == 1 ? 8 : 14);
            if (k % 40 == 0)
                roaring_bitmap_add_range(set[i], at, at + rnd() % 700);
            else
                roaring_bitmap_add(set[i], at);
        }
        if (i % 2)
            roaring_bitmap_run_optimize(set[i]);
    }
    for (int i = 0; i < sets; i++) {
        roaring_bitmap_t *a = set[i], *b = set[(i + 1) % sets];
        roaring_bitmap_t *both = roaring_bitmap_and(a, b), *any = roaring_bitmap_or(a, b);
        roaring_bitmap_t *one = roaring_bitmap_xor(a, b), *less = roaring_bitmap_andnot(a, b);
        sum = sum * 31 + (unsigned)(roaring_bitmap_get_cardinality(both) * 3 +
                                    roaring_bitmap_get_cardinality(any) * 5 +
                                    roaring_bitmap_get_cardinality(one) * 7);
        for (int k = 0; k < values / 4; k++)
            sum += roaring_bitmap_contains(any, rnd() >> 10) + roaring_bitmap_rank(less, rnd() >> 9);
        roaring_iterate(less, add_up, &sum);
        size_t size = roaring_bitmap_portable_size_in_bytes(any);
        char *bytes = malloc(size);
        roaring_bitmap_portable_serialize(any, bytes);
        roaring_bitmap_t *back = roaring_bitmap_portable_deserialize(bytes);
        if (!roaring_bitmap_equals(back, any))
            return 1;
        free(bytes);
        roaring_bitmap_free(both), roaring_bitmap_free(any), roaring_bitmap_free(one);
        roaring_bitmap_free(less), roaring_bitmap_free(back);
    }
    roaring_bitmap_t *all = roaring_bitmap_or_many_heap(sets, (const roaring_bitmap_t **)set);
    printf("checksum %08x %u\n", sum, (unsigned)roaring_bitmap_get_cardinality(all));
    return 0;
}
