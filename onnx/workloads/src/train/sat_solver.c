/* SAT: unit propagation with watched literals, activity, conflict analysis by decisions,
 * restarts; random 3-SAT and pigeon holes. args: seed variables clauses conflicts kind */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { int len, *lit; } clause;
typedef struct { int n, room, *at; } list;
static clause *cl;
static list *watch;
static int vars, clauses, *trail, trailed, head, *level, *limit, depth, *order;
static int8_t *value, *phase;
static double *activity, bump = 1;
static long propagations;
static uint32_t s;

static uint32_t rnd(void) {
    s = s * 1103515245u + 12345u;
    return s >> 8;
}

static int index_of(int l) { return l > 0 ? 2 * l : -2 * l + 1; }
static int truth(int l) { return l > 0 ? value[l] : -value[-l]; }

static void push(list *l, int c) {
    if (l->n == l->room)
        l->at = realloc(l->at, sizeof(int) * (l->room = l->room ? 2 * l->room : 4));
    l->at[l->n++] = c;
}

static void assign(int l) {
    int v = abs(l);
    value[v] = l > 0 ? 1 : -1;
    level[v] = depth;
    trail[trailed++] = l;
    propagations++;
}

static int add(const int *lit, int n) {
    cl = realloc(cl, sizeof(clause) * (clauses + 1));
    cl[clauses].len = n;
    cl[clauses].lit = malloc(sizeof(int) * n);
    memcpy(cl[clauses].lit, lit, sizeof(int) * n);
    if (n > 1)
        for (int k = 0; k < 2; k++)
            push(watch + index_of(lit[k]), clauses);
    return clauses++;
}

static int propagate(void) { /* the clause in conflict, or -1 */
    while (head < trailed) {
        int f = -trail[head++], kept = 0, conflict = -1;
        list *w = watch + index_of(f);
        for (int i = 0; i < w->n; i++) {
            clause *c = cl + w->at[i];
            int *l = c->lit, k = 2;
            if (conflict >= 0) {
                w->at[kept++] = w->at[i];
                continue;
            }
            if (l[0] == f)
                l[0] = l[1], l[1] = f;
            if (truth(l[0]) > 0) {
                w->at[kept++] = w->at[i];
                continue;
            }
            while (k < c->len && truth(l[k]) < 0)
                k++;
            if (k < c->len) {
                l[1] = l[k], l[k] = f;
                push(watch + index_of(l[1]), w->at[i]);
                continue;
            }
            w->at[kept++] = w->at[i];
            if (truth(l[0]) < 0)
                conflict = w->at[i];
            else
                assign(l[0]);
        }
        w->n = kept;
        if (conflict >= 0)
            return conflict;
    }
    return -1;
}

static void undo(int to) {
    while (depth > to) {
        int from = limit[depth--];
        while (trailed > from) {
            int v = abs(trail[--trailed]);
            phase[v] = value[v];
            value[v] = 0;
        }
    }
    head = trailed;
}

static int decide(void) {
    int best = 0;
    for (int k = 0; k < 24; k++) { /* sample, then take what is left in order */
        int v = 1 + (int)(rnd() % (uint32_t)vars);
        if (!value[v] && (!best || activity[v] > activity[best]))
            best = v;
    }
    for (int v = 1; !best && v <= vars; v++)
        if (!value[v])
            best = v;
    return phase[best] < 0 ? -best : best;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    vars = argc > 2 ? atoi(argv[2]) : 60;
    int n = argc > 3 ? atoi(argv[3]) : 250, most = argc > 4 ? atoi(argv[4]) : 100;
    int holes = argc > 5 ? atoi(argv[5]) : 0, conflicts = 0, solved = 0, failed = 0, lit[64];
    if (holes)
        vars = holes * (holes + 1);
    watch = calloc(2 * vars + 2, sizeof(list)), trail = calloc(vars + 1, 4);
    level = calloc(vars + 1, 4), limit = calloc(vars + 2, 4), order = calloc(vars + 1, 4);
    value = calloc(vars + 1, 1), phase = calloc(vars + 1, 1);
    activity = calloc(vars + 1, sizeof *activity);
    for (int p = 0; holes && p <= holes; p++) {
        for (int h = 0; h < holes; h++)
            lit[h] = 1 + p * holes + h;
        add(lit, holes);
        for (int q = 0; q < p; q++)
            for (int h = 0; h < holes; h++)
                add((int[]){-(1 + p * holes + h), -(1 + q * holes + h)}, 2);
    }
    for (int i = 0; !holes && i < n; i++) {
        for (int k = 0; k < 3; k++) {
            lit[k] = 1 + (int)(rnd() % (uint32_t)vars);
            lit[k] = rnd() & 1 ? lit[k] : -lit[k];
        }
        if (abs(lit[0]) != abs(lit[1]) && abs(lit[1]) != abs(lit[2]) && abs(lit[0]) != abs(lit[2]))
            add(lit, 3);
    }
    while (conflicts < most) {
        int c = propagate();
        if (c < 0) {
            if (trailed == vars) {
                solved++;
                undo(0);
                for (int v = 1; v <= vars; v++) /* look for another one */
                    phase[v] = (int8_t)(rnd() & 1 ? 1 : -1);
                conflicts++;
                continue;
            }
            limit[++depth] = trailed;
            assign(decide());
            continue;
        }
        conflicts++;
        for (int k = 0; k < cl[c].len; k++)
            activity[abs(cl[c].lit[k])] += bump;
        if ((bump *= 1.05) > 1e100) {
            for (int v = 1; v <= vars; v++)
                activity[v] *= 1e-100;
            bump = 1;
        }
        if (!depth) {
            failed = 1;
            break;
        }
        int m = 0; /* the decisions together are wrong */
        for (int d = depth; d > 0 && m < 60; d--)
            lit[m++] = -trail[limit[d]];
        int whole = m == depth;
        undo(depth - 1);
        if (whole && m > 1 && m < 12)
            add(lit, m);
        if (whole || !depth)
            assign(lit[0]);
        if (conflicts % 200 == 0)
            undo(0);
    }
    printf("checksum %ld %d %d %d\n", propagations, solved, failed, clauses);
    return 0;
}
