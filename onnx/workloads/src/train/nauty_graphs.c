/* nauty and Traces: canonical forms and symmetries of random regular graphs,
 * grids and cubes, and the check that relabelled graphs have the same form.
 * args: seed kind(0 dense, 1 sparse, 2 Traces) size rounds */
#include <nausparse.h>
#include <nauty.h>
#include <traces.h>

static unsigned s;

static unsigned rnd(unsigned n) {
    s ^= s << 13, s ^= s >> 17, s ^= s << 5;
    return s % n;
}

static graph *edges;
static int words, nodes;

static void join(int *name, int a, int b) {
    if (a != b)
        ADDONEEDGE(edges, name[a], name[b], words);
}

/* Draws graph number `which` with the nodes named by `name`. */
static void draw(int which, unsigned seed, int *name) {
    unsigned keep = s;
    s = seed | 1;
    EMPTYGRAPH(edges, words, nodes);
    for (int i = 0; i < nodes; i++) {
        if (which % 3 == 0)
            for (int k = 0; k < 2; k++)
                join(name, i, rnd(nodes));
        else if (which % 3 == 1)
            join(name, i, (i + 1) % nodes), join(name, i, (i + nodes / 4) % nodes);
        else
            for (int bit = 1; bit < nodes; bit *= 2)
                if ((i ^ bit) < nodes)
                    join(name, i, i ^ bit);
    }
    s = keep;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 5;
    int kind = argc > 2 ? atoi(argv[2]) : 0, rounds = argc > 4 ? atoi(argv[4]) : 6;
    nodes = argc > 3 ? atoi(argv[3]) : 48;
    words = SETWORDSNEEDED(nodes);
    edges = malloc(sizeof(graph) * words * nodes);
    graph *form[2];
    int *name = malloc(sizeof(int) * nodes), *lab = malloc(sizeof(int) * nodes);
    int *ptn = malloc(sizeof(int) * nodes), *orbits = malloc(sizeof(int) * nodes);
    unsigned sum = 0;
    for (int r = 0; r < rounds; r++) {
        unsigned seed = rnd(1 << 30);
        for (int copy = 0; copy < 2; copy++) {
            form[copy] = malloc(sizeof(graph) * words * nodes);
            for (int i = 0; i < nodes; i++)
                name[i] = i;
            for (int i = nodes - 1; copy && i > 0; i--) {
                int at = rnd(i + 1), swap = name[i];
                name[i] = name[at], name[at] = swap;
            }
            draw(r, seed, name);
            DEFAULTOPTIONS_GRAPH(dense);
            DEFAULTOPTIONS_SPARSEGRAPH(thin);
            DEFAULTOPTIONS_TRACES(trace);
            statsblk stats;
            TracesStats tstats;
            dense.getcanon = thin.getcanon = trace.getcanon = TRUE;
            if (kind == 0) {
                densenauty(edges, lab, ptn, orbits, &dense, &stats, words, nodes, form[copy]);
            } else {
                SG_DECL(g);
                SG_DECL(canon);
                int m = words;
                nauty_to_sg(edges, &g, words, nodes);
                if (kind == 1)
                    sparsenauty(&g, lab, ptn, orbits, &thin, &stats, &canon);
                else
                    Traces(&g, lab, ptn, orbits, &trace, &tstats, &canon);
                sortlists_sg(&canon);
                sg_to_nauty(&canon, form[copy], words, &m);
                SG_FREE(g);
                SG_FREE(canon);
            }
            sum = sum * 31 + (kind == 2 ? tstats.numorbits : stats.numorbits);
        }
        if (memcmp(form[0], form[1], sizeof(graph) * words * nodes))
            return 1;
        for (int i = 0; i < words * nodes; i++)
            sum = sum * 31 + (unsigned)(form[0][i] ^ form[0][i] >> 32);
        free(form[0]), free(form[1]);
    }
    printf("checksum %08x\n", sum);
    return 0;
}
