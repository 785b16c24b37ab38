/* A small Prolog: unification with a trail, clauses tried in order, backtracking; naive
 * reverse, permutation sort, a family and n queens. args: program(0-3, 4 all) n limit */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VAR, INT, ATOM, PAIR, HEAP = 1 << 20 };
typedef struct { int kind; int a, b; } term; /* VAR: a is the binding or -1; PAIR: a . b */
typedef struct { int head, body, vars; } clause;
typedef struct goal { int term; struct goal *next; } goal;
static term *h;
static int used, trail[HEAP], trailed, clauses, atoms, solutions;
static clause rule[64];
static char atom[64][12];
static long inferences, limit;
static uint64_t sum;
static const char *p;
static struct { char name[12]; int var; } local[16];
static int locals;

static int make(int kind, int a, int b) {
    if (used >= HEAP - 8)
        exit(1);
    h[used] = (term){kind, a, b};
    return used++;
}

static int named(const char *s) {
    for (int i = 0; i < atoms; i++)
        if (!strcmp(atom[i], s))
            return i;
    strcpy(atom[atoms], s);
    return atoms++;
}

static int parse(void) { /* (f x Y 3) as pairs, upper case: variable */
    while (*p == ' ')
        p++;
    if (*p == '(') {
        int items[16], n = 0;
        p++;
        while (*p != ')') {
            items[n++] = parse();
            while (*p == ' ')
                p++;
        }
        p++;
        int list = make(ATOM, 0, 0);
        while (n)
            list = make(PAIR, items[--n], list);
        return list;
    }
    char word[12];
    int n = 0;
    while (*p && !strchr(" ()", *p))
        word[n++] = *p++;
    word[n] = 0;
    if (*word >= '0' && *word <= '9')
        return make(INT, atoi(word), 0);
    if (*word < 'A' || *word > 'Z')
        return make(ATOM, named(word), 0);
    for (int i = 0; i < locals; i++)
        if (!strcmp(local[i].name, word))
            return local[i].var;
    strcpy(local[locals].name, word);
    local[locals].var = make(VAR, -1, locals);
    return local[locals++].var;
}

static int deref(int t) {
    while (h[t].kind == VAR && h[t].a >= 0)
        t = h[t].a;
    return t;
}

static int rename_term(int t, int *map) {
    if (h[t].kind == VAR)
        return map[h[t].b] >= 0 ? map[h[t].b] : (map[h[t].b] = make(VAR, -1, 0));
    if (h[t].kind != PAIR)
        return t;
    int a = rename_term(h[t].a, map);
    return make(PAIR, a, rename_term(h[t].b, map));
}

static int unify(int x, int y) {
    for (;;) {
        x = deref(x), y = deref(y);
        if (x == y)
            return 1;
        if (h[x].kind == VAR || h[y].kind == VAR) {
            int v = h[x].kind == VAR ? x : y;
            h[v].a = v == x ? y : x;
            trail[trailed++] = v;
            return 1;
        }
        if (h[x].kind != h[y].kind)
            return 0;
        if (h[x].kind != PAIR)
            return h[x].a == h[y].a;
        if (!unify(h[x].a, h[y].a))
            return 0;
        x = h[x].b, y = h[y].b;
    }
}

static uint64_t digest(int t) {
    t = deref(t);
    return h[t].kind == PAIR ? digest(h[t].a) * 31 + digest(h[t].b) * 7 + 3
                             : (uint64_t)(h[t].kind * 101 + (h[t].kind == VAR ? 0 : h[t].a));
}

static long number(int t) { /* n, or (plus x y) */
    t = deref(t);
    if (h[t].kind != PAIR)
        return h[t].kind == INT ? h[t].a : 0;
    return number(h[h[t].b].a) + number(h[h[h[t].b].b].a);
}

static void solve(goal *g, int answer) {
    if (limit <= inferences)
        return;
    if (!g) {
        solutions++;
        sum = sum * 1000003 + digest(answer);
        return;
    }
    int t = deref(g->term), f = deref(h[t].a), heap = used, mark = trailed;
    if (h[f].kind == ATOM && (!strcmp(atom[h[f].a], "less") || !strcmp(atom[h[f].a], "differ"))) {
        long x = number(h[h[t].b].a), y = number(h[h[h[t].b].b].a);
        inferences++;
        if (atom[h[f].a][0] == 'l' ? x < y : x != y)
            solve(g->next, answer);
        return;
    }
    for (int c = 0; c < clauses; c++) {
        if (h[h[rule[c].head].a].a != h[f].a)
            continue;
        int map[16];
        memset(map, -1, sizeof map);
        inferences++;
        if (unify(t, rename_term(rule[c].head, map))) {
            goal next[8], *rest = g->next;
            int n = 0, items[8];
            for (int b = rule[c].body; h[b].kind == PAIR; b = h[b].b)
                items[n++] = rename_term(h[b].a, map);
            for (int k = n - 1; k >= 0; k--) {
                next[k] = (goal){items[k], rest};
                rest = next + k;
            }
            solve(rest, answer);
        }
        while (trailed > mark)
            h[trail[--trailed]].a = -1;
        used = heap;
    }
}

int main(int argc, char **argv) {
    int program = argc > 1 ? atoi(argv[1]) : 4, n = argc > 2 ? atoi(argv[2]) : 8;
    long each = argc > 3 ? atol(argv[3]) : 10000;
    static const char *const text[] = {"(app nil X X)", "(app (c H T) L (c H R)) (app T L R)",
        "(rev nil nil)", "(rev (c H T) R) (rev T S) (app S (c H nil) R)", "(sel X (c X T) T)",
        "(sel X (c H T) (c H R)) (sel X T R)", "(perm nil nil)",
        "(perm L (c X R)) (sel X L M) (perm M R)", "(up (c X nil))",
        "(up (c X (c Y T))) (less X Y) (up (c Y T))", "(sort L S) (perm L S) (up S)",
        "(par ann bob)", "(par bob cid)", "(par cid dan)", "(par bob eve)", "(par eve fay)",
        "(par ann gus)", "(par gus hal)", "(anc X Y) (par X Y)", "(anc X Z) (par X Y) (anc Y Z)",
        "(cous X Y) (anc A X) (anc A Y)", "(safe Q D nil)",
        "(safe Q D (c H T)) (differ Q H) (differ Q (plus H D)) (differ H (plus Q D)) "
        "(safe Q (plus D 1) T)",
        "(place nil B B)", "(place L B S) (sel Q L R) (safe Q 1 B) (place R (c Q B) S)"};
    static const char *const query[] = {"rev", "sort", "cous", "place"};
    h = malloc(sizeof(term) * HEAP);
    named("nil");
    for (unsigned i = 0; i < sizeof text / sizeof *text; i++) {
        p = text[i];
        locals = 0;
        rule[clauses].head = parse();
        int body[8], k = 0;
        while (*p) {
            body[k++] = parse();
            while (*p == ' ')
                p++;
        }
        int list = make(ATOM, 0, 0);
        while (k)
            list = make(PAIR, body[--k], list);
        rule[clauses++].body = list;
    }
    long total = 0;
    for (int q = 0; q < 4; q++) {
        if (program != 4 && q != program)
            continue;
        int list = make(ATOM, 0, 0), size = q == 0 ? n * 4 : n;
        for (int i = 0; i < size; i++)
            list = make(PAIR, make(ATOM, named("c"), 0),
                        make(PAIR, make(INT, q == 1 ? i * 5 % n : i, 0),
                             make(PAIR, list, make(ATOM, 0, 0))));
        int out = make(VAR, -1, 0), end = make(ATOM, 0, 0), args;
        if (q == 3)
            args = make(PAIR, list, make(PAIR, end, make(PAIR, out, end)));
        else
            args = make(PAIR, q == 2 ? make(VAR, -1, 0) : list, make(PAIR, out, end));
        goal g = {make(PAIR, make(ATOM, named(query[q]), 0), args), NULL};
        inferences = 0;
        limit = each;
        solve(&g, out);
        total += inferences;
    }
    printf("checksum %016llx %d %ld\n", (unsigned long long)sum, solutions, total);
    return 0;
}
