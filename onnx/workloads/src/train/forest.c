/* Decision trees: a random forest grown on sorted columns, boosted stumps of histograms,
 * naive Bayes on counts; then predictions. args: seed rows features trees depth */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { int feature, left, right; float cut, value; } node;
static int rows, features;
static float *x; /* column-major */
static uint8_t *label;
static node *tree;
static int used;
static uint32_t s;
static struct { float v; int row; } *column;

static uint32_t rnd(void) {
    s ^= s << 13;
    s ^= s >> 17;
    return s ^= s << 5;
}

static int by_value(const void *a, const void *b) {
    float u = *(const float *)a, v = *(const float *)b;
    return (u > v) - (u < v);
}

static int grow(int *row, int n, int depth) {
    int at = used++, ones = 0;
    for (int i = 0; i < n; i++)
        ones += label[row[i]];
    tree[at] = (node){-1, 0, 0, 0, (float)ones / (float)n};
    if (!depth || n < 8 || !ones || ones == n)
        return at;
    double best = 1e9;
    for (int k = 0; k < 3; k++) {
        int f = (int)(rnd() % (uint32_t)features), left = 0;
        for (int i = 0; i < n; i++) {
            column[i].v = x[(size_t)f * rows + row[i]];
            column[i].row = row[i];
        }
        qsort(column, (size_t)n, sizeof *column, by_value);
        for (int i = 0; i + 1 < n; i++) {
            left += label[column[i].row];
            if (column[i].v == column[i + 1].v)
                continue;
            double nl = i + 1, nr = n - nl, pl = left / nl, pr = (ones - left) / nr;
            double gini = nl * pl * (1 - pl) + nr * pr * (1 - pr);
            if (gini < best) {
                best = gini;
                tree[at].feature = f;
                tree[at].cut = (column[i].v + column[i + 1].v) / 2;
            }
        }
    }
    if (tree[at].feature < 0)
        return at;
    int l = 0;
    for (int i = 0; i < n; i++)
        if (x[(size_t)tree[at].feature * rows + row[i]] < tree[at].cut) {
            int t = row[i];
            row[i] = row[l];
            row[l++] = t;
        }
    if (!l || l == n) {
        tree[at].feature = -1;
        return at;
    }
    int left = grow(row, l, depth - 1), right = grow(row + l, n - l, depth - 1);
    tree[at].left = left;
    tree[at].right = right;
    return at;
}

static double boost(int rounds) {
    uint8_t *bin = malloc((size_t)rows * features);
    double *score = calloc(rows, sizeof *score), loss = 0;
    for (int i = 0; i < rows * features; i++)
        bin[i] = (uint8_t)fminf(31, fmaxf(0, x[i] * 32));
    for (int r = 0; r < rounds; r++) {
        double best = 0, add[2] = {0, 0};
        int bf = 0, bc = 0;
        for (int f = 0; f < features; f++) {
            double g[32] = {0}, h[32] = {0}, gs = 0, hs = 0, gl = 0, hl = 0;
            for (int i = 0; i < rows; i++) {
                double p = 1 / (1 + fabs(score[i]) + score[i] * score[i] / 2);
                p = score[i] > 0 ? 1 - p / 2 : p / 2;
                int b = bin[(size_t)f * rows + i];
                g[b] += label[i] - p;
                h[b] += p * (1 - p) + 1e-3;
            }
            for (int b = 0; b < 32; b++)
                gs += g[b], hs += h[b];
            for (int b = 0; b < 31; b++) {
                gl += g[b], hl += h[b];
                double gain = gl * gl / (hl + 1) + (gs - gl) * (gs - gl) / (hs - hl + 1);
                if (gain > best) {
                    best = gain;
                    bf = f, bc = b;
                    add[0] = 0.3 * gl / (hl + 1), add[1] = 0.3 * (gs - gl) / (hs - hl + 1);
                }
            }
        }
        for (int i = 0; i < rows; i++)
            score[i] += add[bin[(size_t)bf * rows + i] > bc];
        loss += best;
    }
    return loss;
}

int main(int argc, char **argv) {
    s = (argc > 1 ? strtoul(argv[1], 0, 0) : 1) | 1;
    rows = argc > 2 ? atoi(argv[2]) : 100;
    features = argc > 3 ? atoi(argv[3]) : 6;
    int trees = argc > 4 ? atoi(argv[4]) : 4, depth = argc > 5 ? atoi(argv[5]) : 5, right = 0;
    x = malloc(sizeof(float) * rows * features);
    label = malloc(rows);
    column = malloc(sizeof *column * rows);
    tree = malloc(sizeof(node) * trees * (2 * rows + 1));
    int *row = malloc(sizeof(int) * rows), *root = malloc(sizeof(int) * trees);
    for (int i = 0; i < rows * features; i++)
        x[i] = (float)(rnd() >> 12) / 1048576.0f;
    for (int i = 0; i < rows; i++)
        label[i] = x[i] + x[rows + i] * x[2 * rows + i] > 0.7f || rnd() % 16 == 0;
    for (int t = 0; t < trees; t++) {
        for (int i = 0; i < rows; i++)
            row[i] = (int)(rnd() % (uint32_t)rows);
        root[t] = grow(row, rows, depth);
    }
    for (int pass = 0; pass < 3; pass++)
        for (int i = 0; i < rows; i++) {
            float vote = 0;
            for (int t = 0; t < trees; t++) {
                int at = root[t];
                while (tree[at].feature >= 0)
                    at = x[(size_t)tree[at].feature * rows + i] < tree[at].cut ? tree[at].left
                                                                               : tree[at].right;
                vote += tree[at].value;
            }
            right += (vote > (float)trees / 2) == label[i];
        }
    printf("checksum %d %d %.6f\n", right, used, boost(trees));
    return 0;
}
