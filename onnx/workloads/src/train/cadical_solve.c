/* CaDiCaL: random 3-SAT, pigeonhole and graph colouring formulas.
 * args: seed variables(3-SAT) pigeons nodes(colouring) */
#include <ccadical.h>
#include <stdlib.h>

static unsigned s;

static unsigned rnd(unsigned n) {
    s ^= s << 13, s ^= s >> 17, s ^= s << 5;
    return s % n;
}

static void clause(CCaDiCaL *c, int a, int b, int d) {
    ccadical_add(c, a);
    if (b)
        ccadical_add(c, b);
    if (d)
        ccadical_add(c, d);
    ccadical_add(c, 0);
}

static unsigned finish(CCaDiCaL *c, int variables) {
    unsigned sum = ccadical_solve(c);
    for (int v = 1; sum == 10 && v <= variables; v++)
        if (ccadical_val(c, v) > 0)
            sum = 10, s += v * 2654435761u;
    ccadical_release(c);
    return sum;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 3;
    int n = argc > 2 ? atoi(argv[2]) : 100, birds = argc > 3 ? atoi(argv[3]) : 5;
    int nodes = argc > 4 ? atoi(argv[4]) : 30;
    unsigned sum = 0;
    CCaDiCaL *c = ccadical_init();
    for (int i = 0; i < n * 42 / 10; i++) {
        int v[3];
        for (int k = 0; k < 3; k++)
            v[k] = (1 + (int)rnd(n)) * (rnd(2) ? 1 : -1);
        clause(c, v[0], v[1], v[2]);
    }
    sum = sum * 31 + finish(c, n);
    c = ccadical_init();
    for (int b = 0; b < birds; b++) {
        for (int h = 1; h < birds; h++)
            ccadical_add(c, b * birds + h);
        ccadical_add(c, 0);
    }
    for (int h = 1; h < birds; h++)
        for (int a = 0; a < birds; a++)
            for (int b = 0; b < a; b++)
                clause(c, -(a * birds + h), -(b * birds + h), 0);
    sum = sum * 31 + finish(c, birds * birds);
    c = ccadical_init();
    for (int i = 0; i < nodes; i++)
        clause(c, 3 * i + 1, 3 * i + 2, 3 * i + 3);
    for (int e = 0; e < nodes * 9 / 4; e++) {
        int a = rnd(nodes), b = rnd(nodes);
        for (int k = 1; k <= 3 && a != b; k++)
            clause(c, -(3 * a + k), -(3 * b + k), 0);
    }
    sum = sum * 31 + finish(c, 3 * nodes);
    printf("checksum %08x %08x\n", sum, s);
    return 0;
}
