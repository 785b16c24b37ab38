/* A small decoder transformer: embeddings, rotary attention with a cache, gated layers,
 * sampling; weights in float or in int8 with row scales. args: seed width tokens int8 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 2, HEADS = 4, VOCAB = 96 };
typedef struct { int rows, cols; float *w, *scale; int8_t *q; } matrix;
typedef struct { matrix wq, wk, wv, wo, up, gate, down; float *keys, *values; } layer;
static uint32_t s;
static int quantised;

static float rnd(void) {
    s = s * 1664525u + 1013904223u;
    return (float)(s >> 8) / 8388608.0f - 1;
}

static matrix fresh(int rows, int cols) {
    matrix m = {rows, cols, calloc((size_t)rows * cols, 4), calloc(rows, 4), calloc(rows, cols)};
    for (int i = 0; i < rows * cols; i++) {
        m.w[i] = rnd() * 0.3f;
        m.q[i] = (int8_t)(m.w[i] * 400);
    }
    for (int i = 0; i < rows; i++)
        m.scale[i] = 1 / 400.0f;
    return m;
}

static void multiply(const matrix *m, const float *x, float *y) {
    if (!quantised) {
        for (int i = 0; i < m->rows; i++) {
            float v = 0;
            for (int j = 0; j < m->cols; j++)
                v += m->w[i * m->cols + j] * x[j];
            y[i] = v;
        }
        return;
    }
    int8_t q[1024];
    float most = 1e-9f;
    for (int j = 0; j < m->cols; j++)
        most = fmaxf(most, fabsf(x[j]));
    for (int j = 0; j < m->cols; j++)
        q[j] = (int8_t)(x[j] / most * 127);
    for (int i = 0; i < m->rows; i++) {
        int32_t v = 0;
        for (int j = 0; j < m->cols; j++)
            v += m->q[i * m->cols + j] * q[j];
        y[i] = (float)v * m->scale[i] * most / 127;
    }
}

static void normalise(const float *x, float *y, int n) {
    float v = 1e-6f;
    for (int i = 0; i < n; i++)
        v += x[i] * x[i];
    v = 1 / sqrtf(v / (float)n);
    for (int i = 0; i < n; i++)
        y[i] = x[i] * v;
}

static void softmax(float *x, int n) {
    float most = x[0], sum = 0;
    for (int i = 1; i < n; i++)
        most = fmaxf(most, x[i]);
    for (int i = 0; i < n; i++)
        sum += x[i] = expf(x[i] - most);
    for (int i = 0; i < n; i++)
        x[i] /= sum;
}

static void rotate(float *x, int n, int at) {
    for (int i = 0; i < n; i += 2) {
        float a = (float)at / powf(1000, (float)i / (float)n), c = cosf(a), d = sinf(a), u = x[i];
        x[i] = u * c - x[i + 1] * d;
        x[i + 1] = u * d + x[i + 1] * c;
    }
}

static void attend(layer *l, const float *q, float *out, int width, int at) {
    int size = width / HEADS;
    float score[512];
    for (int h = 0; h < HEADS; h++) {
        for (int t = 0; t <= at; t++) {
            const float *k = l->keys + t * width + h * size;
            float v = 0;
            for (int i = 0; i < size; i++)
                v += k[i] * q[h * size + i];
            score[t] = v / sqrtf((float)size);
        }
        softmax(score, at + 1);
        for (int i = 0; i < size; i++)
            out[h * size + i] = 0;
        for (int t = 0; t <= at; t++)
            for (int i = 0; i < size; i++)
                out[h * size + i] += score[t] * l->values[t * width + h * size + i];
    }
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int width = argc > 2 ? atoi(argv[2]) : 32, tokens = argc > 3 ? atoi(argv[3]) : 8;
    quantised = argc > 4 && atoi(argv[4]);
    int wide = 2 * width;
    layer l[LAYERS];
    matrix table = fresh(VOCAB, width);
    if (tokens > 512 || width > 512)
        return 1;
    for (int i = 0; i < LAYERS; i++) {
        matrix *m = &l[i].wq;
        for (int k = 0; k < 4; k++)
            m[k] = fresh(width, width);
        l[i].up = fresh(wide, width), l[i].gate = fresh(wide, width);
        l[i].down = fresh(width, wide);
        l[i].keys = calloc((size_t)tokens * width, 4);
        l[i].values = calloc((size_t)tokens * width, 4);
    }
    float x[512], y[512], q[512], a[512], u[1024], g[1024], logits[VOCAB];
    int token = 1;
    uint64_t sum = 0;
    for (int t = 0; t < tokens; t++) {
        memcpy(x, table.w + token * width, 4 * (size_t)width);
        for (int i = 0; i < LAYERS; i++) {
            float *k = l[i].keys + t * width;
            normalise(x, y, width);
            multiply(&l[i].wq, y, q);
            multiply(&l[i].wk, y, k);
            multiply(&l[i].wv, y, l[i].values + t * width);
            for (int h = 0; h < HEADS; h++) {
                rotate(q + h * width / HEADS, width / HEADS, t);
                rotate(k + h * width / HEADS, width / HEADS, t);
            }
            attend(l + i, q, a, width, t);
            multiply(&l[i].wo, a, y);
            for (int j = 0; j < width; j++)
                x[j] += y[j];
            normalise(x, y, width);
            multiply(&l[i].up, y, u);
            multiply(&l[i].gate, y, g);
            for (int j = 0; j < wide; j++)
                u[j] *= g[j] / (1 + expf(-g[j]));
            multiply(&l[i].down, u, y);
            for (int j = 0; j < width; j++)
                x[j] += y[j];
        }
        normalise(x, y, width);
        multiply(&table, y, logits);
        softmax(logits, VOCAB);
        float pick = (rnd() + 1) / 2;
        for (token = 0; token < VOCAB - 1 && (pick -= logits[token]) > 0; token++)
            ;
        sum = sum * 31 + (uint64_t)token;
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
