/* blst: points of the BLS12-381 curve, by hashing, adding, doubling and coding.
 * args: seed points group(1 or 2) */
#include <blst.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 6, sum = 0;
    int points = argc > 2 ? atoi(argv[2]) : 3, group = argc > 3 ? atoi(argv[3]) : 1;
    static const byte tag[] = "perfvec-workload";
    byte seed[32], bytes[192];
    blst_p1 total1 = *blst_p1_generator();
    blst_p2 total2 = *blst_p2_generator();
    for (int i = 0; i < points; i++) {
        for (int k = 0; k < 32; k++)
            s = s * 1664525u + 1013904223u, seed[k] = s >> 24;
        if (group == 1) {
            blst_p1 p;
            blst_encode_to_g1(&p, seed, sizeof seed, tag, sizeof tag, NULL, 0);
            for (int k = 0; k < 60; k++) {
                blst_p1_double(&p, &p);
                if (seed[k % 32] & 1)
                    blst_p1_add_or_double(&total1, &total1, &p);
            }
            blst_p1_compress(bytes, &total1);
        } else {
            blst_p2 p;
            blst_p2_add_or_double(&p, &total2, blst_p2_generator());
            for (int k = 0; k < 30; k++) {
                blst_p2_double(&p, &p);
                if (seed[k % 32] & 1)
                    blst_p2_add_or_double(&total2, &total2, &p);
            }
            blst_p2_compress(bytes, &total2);
        }
        for (int k = 0; k < 48 * group; k++)
            sum = sum * 31 + bytes[k];
    }
    printf("checksum %08x\n", sum);
    return 0;
}
