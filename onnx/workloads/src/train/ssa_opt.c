/* A small compiler's middle: random three-address code, value numbering, constant folding,
 * liveness, dead code, interference and register colouring, then execution.
 * args: seed instructions rounds registers */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONST, ADD, SUB, MUL, AND, XOR, SHL, LT, SEL, LOAD, OPS, MAXN = 2048, TABLE = 4096 };
typedef struct { uint8_t op, dead; int16_t a, b, c; int32_t value; } ins;
static ins code[MAXN];
static int16_t same[MAXN], first_use[MAXN], last_use[MAXN], reg[MAXN], table[TABLE];
static uint64_t edge[MAXN][MAXN / 64];
static int16_t stack[MAXN], degree[MAXN];
static uint8_t gone[MAXN];
static uint32_t s;

static uint32_t rnd(uint32_t n) {
    s = s * 1103515245u + 12345u;
    return (s >> 8) % n;
}

static int32_t apply(int op, int32_t a, int32_t b, int32_t c) {
    switch (op) {
    case ADD: return (int32_t)((uint32_t)a + (uint32_t)b);
    case SUB: return (int32_t)((uint32_t)a - (uint32_t)b);
    case MUL: return (int32_t)((uint32_t)a * (uint32_t)b);
    case AND: return a & b;
    case XOR: return a ^ b;
    case SHL: return (int32_t)((uint32_t)a << (b & 31));
    case LT: return a < b;
    default: return a & 1 ? b : c;
    }
}

static void generate(int n) {
    for (int i = 0; i < n; i++) {
        ins *x = code + i;
        *x = (ins){.op = i < 8 ? (i < 4 ? LOAD : CONST) : (uint8_t)rnd(OPS)};
        x->value = (int32_t)rnd(x->op == LOAD ? 16 : 6);
        if (x->op != CONST && x->op != LOAD) {
            int back = i < 40 ? i : 40;
            x->a = (int16_t)(i - 1 - (int)rnd((uint32_t)back));
            x->b = (int16_t)(i - 1 - (int)rnd((uint32_t)back));
            x->c = (int16_t)(i - 1 - (int)rnd((uint32_t)back));
        }
    }
}

static int simplify(int n) {
    int changed = 0;
    memset(table, -1, sizeof table);
    for (int i = 0; i < n; i++) {
        ins *x = code + i;
        same[i] = (int16_t)i;
        if (x->op != CONST && x->op != LOAD) {
            x->a = same[x->a], x->b = same[x->b], x->c = same[x->c];
            if ((x->op == ADD || x->op == MUL || x->op == XOR || x->op == AND) && x->a > x->b) {
                int16_t t = x->a;
                x->a = x->b, x->b = t;
            }
            const ins *a = code + x->a, *b = code + x->b, *c = code + x->c;
            int ka = a->op == CONST, kb = b->op == CONST, kc = c->op == CONST || x->op != SEL;
            if (ka && kb && kc) {
                *x = (ins){.op = CONST, .value = apply(x->op, a->value, b->value, c->value)};
                changed++;
            } else if (kb && b->value == 0 && (x->op == ADD || x->op == SUB || x->op == SHL)) {
                same[i] = x->a;
            } else if (x->a == x->b && (x->op == SUB || x->op == XOR || x->op == LT)) {
                *x = (ins){.op = CONST};
                changed++;
            } else if (x->op == SEL && x->b == x->c) {
                same[i] = x->b;
            }
            if (same[i] != i) {
                changed++;
                continue;
            }
        }
        uint32_t h = x->op * 0x9e3779b1u + (uint32_t)x->a * 0x85ebca6bu;
        h ^= (uint32_t)x->b * 0xc2b2ae35u ^ (uint32_t)x->c * 0x27d4eb2fu ^ (uint32_t)x->value * 31;
        for (h ^= h >> 15;; h++) {
            int16_t *slot = table + h % TABLE;
            if (*slot < 0) {
                *slot = (int16_t)i;
                break;
            }
            const ins *y = code + *slot;
            if (y->op == x->op && y->a == x->a && y->b == x->b && y->c == x->c &&
                y->value == x->value) {
                same[i] = *slot;
                changed++;
                break;
            }
        }
    }
    return changed;
}

static int mark_live(int n) {
    int live = 0;
    for (int i = 0; i < n; i++)
        code[i].dead = 1, last_use[i] = -1, first_use[i] = (int16_t)i;
    for (int i = n - 1; i >= 0; i--) {
        ins *x = code + i;
        if (same[i] == i && i % 9 == 0)
            x->dead = 0, last_use[i] = (int16_t)n;
        if (x->dead)
            continue;
        live++;
        if (x->op == CONST || x->op == LOAD)
            continue;
        int16_t from[3] = {x->a, x->b, x->op == SEL ? x->c : x->a};
        for (int k = 0; k < 3; k++) {
            code[from[k]].dead = 0;
            if (last_use[from[k]] < i)
                last_use[from[k]] = (int16_t)i;
        }
    }
    return live;
}

static int16_t take(int i, int n) {
    gone[i] = 1;
    for (int w = 0; w <= (n - 1) / 64; w++)
        for (uint64_t e = edge[i][w]; e; e &= e - 1)
            degree[w * 64 + __builtin_ctzll(e)]--;
    return (int16_t)i;
}

static int colour(int n, int registers) {
    int active[MAXN], m = 0, top = 0, spills = 0;
    memset(edge, 0, sizeof edge[0] * n);
    memset(degree, 0, sizeof degree);
    for (int i = 0; i < n; i++) {
        gone[i] = code[i].dead;
        if (gone[i])
            continue;
        int k = 0;
        for (int j = 0; j < m; j++)
            if (last_use[active[j]] > i) {
                int o = active[k++] = active[j];
                edge[i][o / 64] |= 1ull << (o & 63);
                edge[o][i / 64] |= 1ull << (i & 63);
                degree[i]++, degree[o]++;
            }
        active[k] = i;
        m = k + 1;
    }
    for (int left = 1; left;) {
        int worst = -1, took = 0;
        left = 0;
        for (int i = 0; i < n; i++) {
            if (gone[i])
                continue;
            left++;
            if (degree[i] < registers) {
                stack[top++] = take(i, n);
                took = 1;
            } else if (worst < 0 || degree[i] > degree[worst])
                worst = i;
        }
        if (!took && worst >= 0)
            stack[top++] = take(worst, n);
    }
    memset(reg, -1, sizeof reg);
    while (top) {
        int i = stack[--top];
        uint64_t busy = 0;
        for (int w = 0; w <= (n - 1) / 64; w++)
            for (uint64_t e = edge[i][w]; e; e &= e - 1) {
                int r = reg[w * 64 + __builtin_ctzll(e)];
                if (r >= 0)
                    busy |= 1ull << r;
            }
        int r = __builtin_ctzll(~busy);
        if (r < registers)
            reg[i] = (int16_t)r;
        else
            spills++;
    }
    return spills;
}

static uint64_t execute(int n, const int32_t *input) {
    static int32_t value[MAXN];
    uint64_t sum = 0;
    for (int i = 0; i < n; i++) {
        const ins *x = code + i;
        if (x->dead)
            continue;
        value[i] = x->op == CONST  ? x->value
                   : x->op == LOAD ? input[x->value]
                                   : apply(x->op, value[x->a], value[x->b], value[x->c]);
        if (i % 9 == 0)
            sum = sum * 31 + (uint32_t)value[i];
    }
    return sum;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 500, rounds = argc > 3 ? atoi(argv[3]) : 1;
    int registers = argc > 4 ? atoi(argv[4]) : 12, spills = 0;
    uint64_t sum = 0;
    if (n > MAXN || registers > 48)
        return 1;
    for (int r = 0; r < rounds; r++) {
        int32_t input[16];
        for (int i = 0; i < 16; i++)
            input[i] = (int32_t)rnd(1000);
        generate(n);
        for (int pass = 0; pass < 4 && simplify(n) > 4; pass++)
            ;
        sum += (uint64_t)mark_live(n);
        spills += colour(n, registers);
        for (int k = 0; k < 20; k++) {
            input[k % 16] ^= k;
            sum = sum * 7 + execute(n, input);
        }
    }
    printf("checksum %016llx %d\n", (unsigned long long)sum, spills);
    return 0;
}
