/* Regular expressions: parsed to an NFA, run as state sets and as a DFA built lazily.
 * args: seed bytes mode(0 sets, 1 lazy DFA, 2 both) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAR, ANY, RANGE, SPLIT, JUMP, MATCH, MAXS = 128, MAXD = 512 };
typedef struct { int op, x, y; } state;
static state prog[MAXS];
static int len;
static const char *re;

static int emit(int op, int x, int y) {
    prog[len] = (state){op, x, y};
    return len++;
}

static void shift(int from, int by) {
    memmove(prog + from + by, prog + from, sizeof(state) * (len - from));
    len += by;
    for (int i = from + by; i < len; i++)
        if (prog[i].op == SPLIT || prog[i].op == JUMP)
            prog[i].x += by, prog[i].y += by;
}

static void alternatives(void);

static void piece(void) {
    int at = len;
    if (*re == '(') {
        re++;
        alternatives();
        re++;
    } else if (*re == '[') {
        emit(RANGE, re[1], re[3]);
        re += 5;
    } else if (*re == '.') {
        emit(ANY, 0, 0);
        re++;
    } else
        emit(CHAR, *re++, 0);
    for (; *re == '*' || *re == '+' || *re == '?'; re++) {
        if (*re == '+') {
            emit(SPLIT, at, len + 1);
            continue;
        }
        int star = *re == '*';
        shift(at, 1);
        prog[at] = (state){SPLIT, at + 1, len + star};
        if (star)
            emit(JUMP, at, at);
    }
}

static void alternatives(void) {
    int at = len;
    while (*re && *re != '|' && *re != ')')
        piece();
    if (*re == '|') {
        re++;
        shift(at, 1);
        int jump = emit(JUMP, 0, 0);
        prog[at] = (state){SPLIT, at + 1, len};
        alternatives();
        prog[jump].x = prog[jump].y = len;
    }
}

typedef struct { uint64_t w[2]; } set;

static void add(set *s, int i) {
    while (!(s->w[i >> 6] >> (i & 63) & 1)) {
        s->w[i >> 6] |= 1ull << (i & 63);
        if (prog[i].op == SPLIT)
            add(s, prog[i].y);
        if (prog[i].op != SPLIT && prog[i].op != JUMP)
            return;
        i = prog[i].x;
    }
}

static set step(const set *s, int c) {
    set out = {{0, 0}};
    for (int h = 0; h < 2; h++)
        for (uint64_t w = s->w[h]; w; w &= w - 1) {
            int i = h * 64 + __builtin_ctzll(w);
            const state *p = prog + i;
            if ((p->op == CHAR && p->x == c) || (p->op == ANY && c != '\n') ||
                (p->op == RANGE && c >= p->x && c <= p->y))
                add(&out, i + 1);
        }
    add(&out, 0); /* a match may start anywhere */
    return out;
}

static int ends(const set *s) { return s->w[(len - 1) >> 6] >> ((len - 1) & 63) & 1; }

static set dstate[MAXD];
static int16_t next[MAXD][256];
static int known;

static int intern(set s) {
    for (int i = 0; i < known; i++)
        if (dstate[i].w[0] == s.w[0] && dstate[i].w[1] == s.w[1])
            return i;
    if (known == MAXD)
        known = 0; /* cache full: start again */
    memset(next[known], -1, sizeof next[0]);
    dstate[known] = s;
    return known++;
}

int main(int argc, char **argv) {
    static const char *patterns[] = {"(ab|ba)+c", "[a-d]*e[f-h]+x?", "h.(llo|lp)", "(a|b)*abb.a",
        "x(y|z)*x.[a-z][a-z]q", "(ca|ab|bc|de|ed)+(f|gh*)e"};
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 1000, mode = argc > 3 ? atoi(argv[3]) : 2;
    char *text = malloc(n);
    for (int i = 0; i < n; i++) {
        s = s * 69069u + 1;
        text[i] = s >> 27 ? "abcdefgh"[s >> 29] : (char)('a' + (s >> 20) % 26);
    }
    uint64_t sum = 0;
    for (unsigned p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        len = known = 0;
        re = patterns[p];
        alternatives();
        emit(MATCH, 0, 0);
        set start = {{0, 0}}, now;
        add(&start, 0);
        now = start;
        if (mode != 1)
            for (int i = 0; i < n / (mode ? 4 : 1); i++) {
                now = step(&now, text[i]);
                if (ends(&now))
                    sum += (uint64_t)i * (p + 1), now = start;
            }
        if (mode) {
            int d = intern(start);
            for (int i = 0; i < n; i++) {
                int to = next[d][(uint8_t)text[i]];
                if (to < 0) {
                    int before = known;
                    to = intern(step(&dstate[d], text[i]));
                    if (known >= before)
                        next[d][(uint8_t)text[i]] = (int16_t)to;
                }
                d = to;
                sum += (uint64_t)ends(&dstate[d]);
            }
        }
    }
    printf("checksum %016llx %d\n", (unsigned long long)sum, known);
    return 0;
}
