/* Othello by alpha-beta on bitboards: branchy recursion over integers.
 * args: seed plies depth */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static long nodes;

static uint64_t shift(uint64_t b, int d) {
    static const int by[8] = {1, 7, 8, 9, 1, 7, 8, 9};
    static const uint64_t keep[8] = {0xfefefefefefefefeull, 0x7f7f7f7f7f7f7f7full, ~0ull,
        0xfefefefefefefefeull, 0x7f7f7f7f7f7f7f7full, 0xfefefefefefefefeull, ~0ull,
        0x7f7f7f7f7f7f7f7full};
    return (d < 4 ? b << by[d] : b >> by[d]) & keep[d];
}

static uint64_t moves(uint64_t me, uint64_t you) {
    uint64_t r = 0;
    for (int d = 0; d < 8; d++) {
        uint64_t x = shift(me, d) & you;
        for (int i = 0; i < 5; i++)
            x |= shift(x, d) & you;
        r |= shift(x, d) & ~(me | you);
    }
    return r;
}

static uint64_t flips(uint64_t m, uint64_t me, uint64_t you) {
    uint64_t all = 0;
    for (int d = 0; d < 8; d++) {
        uint64_t line = 0, x = shift(m, d);
        for (; x & you; x = shift(x, d))
            line |= x;
        if (x & me)
            all |= line;
    }
    return all;
}

static int search(uint64_t me, uint64_t you, int depth, int alpha, int beta, int passed) {
    nodes++;
    uint64_t m = moves(me, you);
    if (depth == 0)
        return 4 * __builtin_popcountll(me & 0x8100000000000081ull)
            + __builtin_popcountll(m) - 4 * __builtin_popcountll(you & 0x8100000000000081ull);
    if (!m)
        return passed ? 50 * (__builtin_popcountll(me) - __builtin_popcountll(you))
                      : -search(you, me, depth - 1, -beta, -alpha, 1);
    for (; m && alpha < beta; m &= m - 1) {
        uint64_t bit = m & -m, f = flips(bit, me, you);
        int v = -search(you & ~f, me | f | bit, depth - 1, -beta, -alpha, 0);
        if (v > alpha)
            alpha = v;
    }
    return alpha;
}

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int plies = argc > 2 ? atoi(argv[2]) : 6, depth = argc > 3 ? atoi(argv[3]) : 4;
    uint64_t me = 0x0000000810000000ull, you = 0x0000001008000000ull;
    long sum = 0;
    for (int p = 0; p < plies; p++) {
        uint64_t m = moves(me, you);
        sum = sum * 31 + search(me, you, depth, -9999, 9999, 0);
        s = s * 48271u % 2147483647u;
        for (int skip = m ? (int)(s % (unsigned)__builtin_popcountll(m)) : 0; skip--;)
            m &= m - 1;
        uint64_t bit = m & -m, f = flips(bit, me, you), mine = me | f | bit;
        me = you & ~f;
        you = mine;
    }
    printf("checksum %ld %ld\n", sum, nodes);
    return 0;
}
