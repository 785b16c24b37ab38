/* Bitboard chess: move generation, make and undo, alpha-beta with a hash table.
 * args: depth game(0-3) nodes */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t u64;
enum { P, N, B, R, Q, K };
typedef struct { u64 piece[2][6], all[2], key; int side; } board;
typedef struct { uint8_t from, to, kind, taken; } move;
typedef struct { u64 key; int16_t score; int8_t depth; uint8_t from, to; } entry;
static u64 knight[64], king[64], zobrist[2][6][64], nodes, budget;
static entry table[1 << 14];
static const int worth[6] = {100, 310, 325, 500, 900, 10000};

static void init(void) {
    u64 s = 88172645463325252ull;
    for (int i = 0; i < 2 * 6 * 64; i++) {
        s ^= s << 13, s ^= s >> 7, s ^= s << 17;
        zobrist[i / 384][i / 64 % 6][i % 64] = s;
    }
    for (int q = 0; q < 64; q++)
        for (int dx = -2; dx <= 2; dx++)
            for (int dy = -2; dy <= 2; dy++) {
                int x = q % 8 + dx, y = q / 8 + dy;
                if (x < 0 || x > 7 || y < 0 || y > 7 || (!dx && !dy))
                    continue;
                if (dx * dx + dy * dy == 5)
                    knight[q] |= 1ull << (y * 8 + x);
                if (dx * dx + dy * dy < 3)
                    king[q] |= 1ull << (y * 8 + x);
            }
}

static u64 slide(int q, u64 occupied, int dx, int dy) {
    u64 r = 0;
    for (int x = q % 8 + dx, y = q / 8 + dy; x >= 0 && x < 8 && y >= 0 && y < 8; x += dx, y += dy) {
        r |= 1ull << (y * 8 + x);
        if (occupied >> (y * 8 + x) & 1)
            break;
    }
    return r;
}

static u64 rook(int q, u64 o) {
    return slide(q, o, 1, 0) | slide(q, o, -1, 0) | slide(q, o, 0, 1) | slide(q, o, 0, -1);
}

static u64 bishop(int q, u64 o) {
    return slide(q, o, 1, 1) | slide(q, o, -1, 1) | slide(q, o, 1, -1) | slide(q, o, -1, -1);
}

static u64 reach(int kind, int q, u64 o) {
    switch (kind) {
    case N: return knight[q];
    case B: return bishop(q, o);
    case R: return rook(q, o);
    case Q: return rook(q, o) | bishop(q, o);
    default: return king[q];
    }
}

static int attacked(const board *b, int q, int by) {
    u64 o = b->all[0] | b->all[1], me = 1ull << q;
    u64 left = me & ~0x0101010101010101ull, right = me & ~0x8080808080808080ull;
    u64 pawns = by ? left << 7 | right << 9 : left >> 9 | right >> 7;
    const u64 *p = b->piece[by];
    return (pawns & p[P]) || (knight[q] & p[N]) || (king[q] & p[K]) ||
           (rook(q, o) & (p[R] | p[Q])) || (bishop(q, o) & (p[B] | p[Q]));
}

static int kind_at(const board *b, int side, int q) {
    for (int k = 0; k < 6; k++)
        if (b->piece[side][k] >> q & 1)
            return k;
    return 6;
}

static int generate(const board *b, move *m) {
    int n = 0, me = b->side;
    u64 o = b->all[0] | b->all[1], theirs = b->all[!me];
    for (int k = P; k <= K; k++)
        for (u64 from = b->piece[me][k]; from; from &= from - 1) {
            int q = __builtin_ctzll(from);
            u64 to = 0;
            if (k == P) {
                u64 bit = 1ull << q, one = (me ? bit >> 8 : bit << 8) & ~o;
                to = one | ((q / 8 == (me ? 6 : 1) ? me ? one >> 8 : one << 8 : 0) & ~o);
                u64 l = bit & ~0x0101010101010101ull, r = bit & ~0x8080808080808080ull;
                to |= (me ? l >> 9 | r >> 7 : l << 7 | r << 9) & theirs;
            } else
                to = reach(k, q, o) & ~b->all[me];
            for (; to; to &= to - 1) {
                int t = __builtin_ctzll(to);
                int taken = theirs >> t & 1 ? kind_at(b, !me, t) : 6;
                m[n++] = (move){(uint8_t)q, (uint8_t)t, (uint8_t)k, (uint8_t)taken};
            }
        }
    return n;
}

static board make(board b, move m) {
    int me = b.side, last = m.to / 8 == 0 || m.to / 8 == 7, now = m.kind == P && last ? Q : m.kind;
    b.piece[me][m.kind] ^= 1ull << m.from;
    b.piece[me][now] ^= 1ull << m.to;
    b.all[me] ^= 1ull << m.from | 1ull << m.to;
    b.key ^= zobrist[me][m.kind][m.from] ^ zobrist[me][now][m.to] ^ 0x5555;
    if (m.taken < 6) {
        b.piece[!me][m.taken] ^= 1ull << m.to;
        b.all[!me] ^= 1ull << m.to;
        b.key ^= zobrist[!me][m.taken][m.to];
    }
    b.side = !me;
    return b;
}

static int evaluate(const board *b) {
    int v = 0;
    for (int k = 0; k < 6; k++)
        v += worth[k] * (__builtin_popcountll(b->piece[0][k]) - __builtin_popcountll(b->piece[1][k]));
    u64 centre = 0x00003c3c3c3c0000ull, o = b->all[0] | b->all[1];
    v += 6 * (__builtin_popcountll(b->all[0] & centre) - __builtin_popcountll(b->all[1] & centre));
    for (int c = 0; c < 2; c++)
        for (u64 p = b->piece[c][B]; p; p &= p - 1)
            v += (c ? -2 : 2) * __builtin_popcountll(bishop(__builtin_ctzll(p), o));
    return b->side ? -v : v;
}

static int search(const board *b, int depth, int low, int high) {
    if (++nodes > budget)
        return evaluate(b);
    entry *e = table + (b->key & (sizeof table / sizeof *table - 1));
    if (e->key == b->key && e->depth >= depth && e->depth > 0)
        return e->score;
    int quiet = depth <= 0, best = -30000;
    if (quiet) {
        best = evaluate(b);
        if (best >= high || depth < -4)
            return best;
        low = best > low ? best : low;
    }
    move m[256];
    int n = generate(b, m), score[256], from = 0, to = 0;
    for (int i = 0; i < n; i++)
        score[i] = (m[i].taken < 6 ? worth[m[i].taken] * 10 - worth[m[i].kind] + 20000 : 0) +
                   (e->key == b->key && e->from == m[i].from && e->to == m[i].to ? 200000 : 0);
    for (int i = 0; i < n; i++) {
        int top = i;
        for (int j = i + 1; j < n; j++)
            if (score[j] > score[top])
                top = j;
        move x = m[top];
        m[top] = m[i], score[top] = score[i];
        if (quiet && x.taken == 6)
            break;
        board next = make(*b, x);
        if (!next.piece[b->side][K] ||
            attacked(&next, __builtin_ctzll(next.piece[b->side][K]), !b->side))
            continue;
        int v = -search(&next, depth - 1, -high, -low);
        if (v > best)
            best = v, from = x.from, to = x.to;
        if (v > low)
            low = v;
        if (low >= high)
            break;
    }
    *e = (entry){b->key, (int16_t)best, (int8_t)depth, (uint8_t)from, (uint8_t)to};
    return best;
}

int main(int argc, char **argv) {
    static const char *const start[] = {"rnbqkbnrpppppppp................................PPPPPPPPRNBQKBNR",
        "r...k..rp.ppqpb.bn..pnp....PN....p..P.....N..Q.pPPPBBPPPR...K..R",
        "..........p........p.....KP....r.R...p.k............P.P.........",
        "r.bq.rk.pp..bppp..n.pn....pp.......P......N.PN..PPP.BPPPR.BQ.RK."};
    int depth = argc > 1 ? atoi(argv[1]) : 3, game = argc > 2 ? atoi(argv[2]) : 0;
    budget = argc > 3 ? strtoull(argv[3], 0, 0) : 1000;
    board b = {.side = 0};
    init();
    for (int i = 0; i < 64; i++) {
        const char *names = "PNBRQKpnbrqk", *p = strchr(names, start[game & 3][i]);
        if (p) {
            int k = (int)(p - names), q = (7 - i / 8) * 8 + i % 8;
            b.piece[k / 6][k % 6] |= 1ull << q;
            b.all[k / 6] |= 1ull << q;
            b.key ^= zobrist[k / 6][k % 6][q];
        }
    }
    int v = 0;
    for (int d = 1; d <= depth; d++)
        v = v * 3 + search(&b, d, -20000, 20000);
    printf("checksum %d %llu\n", v, (unsigned long long)nodes);
    return 0;
}
