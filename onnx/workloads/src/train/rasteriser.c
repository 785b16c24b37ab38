/* A z-buffer rasteriser: a bumpy torus is transformed, clipped, shaded, textured and drawn
 * with edge functions or by scan lines. args: width rings frames mode(0 edges, 1 spans) */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { float x, y, z, u, v, light; } vertex;
static int size;
static float *depth;
static uint32_t *frame, texture[64 * 64];
static long drawn;

static uint32_t shade(float u, float v, float light) {
    uint32_t t = texture[((int)(v * 64) & 63) * 64 + ((int)(u * 64) & 63)];
    uint32_t l = (uint32_t)(light * 255), r = (t & 0xff00ff) * l >> 8 & 0xff00ff;
    return r | ((t & 0xff00) * l >> 8 & 0xff00);
}

static void plot(int x, int y, float z, float u, float v, float l) {
    float *d = depth + y * size + x;
    if (z < *d) {
        *d = z;
        frame[y * size + x] = shade(u, v, l);
        drawn++;
    }
}

static void by_edges(const vertex *a, const vertex *b, const vertex *c, float area) {
    int x0 = (int)fmaxf(0, fminf(a->x, fminf(b->x, c->x)));
    int x1 = (int)fminf((float)size - 1, fmaxf(a->x, fmaxf(b->x, c->x)));
    int y0 = (int)fmaxf(0, fminf(a->y, fminf(b->y, c->y)));
    int y1 = (int)fminf((float)size - 1, fmaxf(a->y, fmaxf(b->y, c->y)));
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            float px = (float)x + 0.5f, py = (float)y + 0.5f;
            float p = ((b->x - px) * (c->y - py) - (b->y - py) * (c->x - px)) / area;
            float q = ((c->x - px) * (a->y - py) - (c->y - py) * (a->x - px)) / area;
            float r = 1 - p - q;
            if (p < 0 || q < 0 || r < 0)
                continue;
            plot(x, y, p * a->z + q * b->z + r * c->z, p * a->u + q * b->u + r * c->u,
                 p * a->v + q * b->v + r * c->v, p * a->light + q * b->light + r * c->light);
        }
}

static vertex mix(const vertex *a, const vertex *b, float t) {
    return (vertex){a->x + (b->x - a->x) * t, a->y + (b->y - a->y) * t, a->z + (b->z - a->z) * t,
        a->u + (b->u - a->u) * t, a->v + (b->v - a->v) * t, a->light + (b->light - a->light) * t};
}

static void by_spans(const vertex *a, const vertex *b, const vertex *c) {
    const vertex *t;
    if (a->y > b->y)
        t = a, a = b, b = t;
    if (b->y > c->y)
        t = b, b = c, c = t;
    if (a->y > b->y)
        t = a, a = b, b = t;
    for (int y = (int)fmaxf(0, ceilf(a->y)); y < size && (float)y < c->y; y++) {
        float fy = (float)y;
        vertex l = mix(a, c, (fy - a->y) / (c->y - a->y));
        vertex r = fy < b->y ? mix(a, b, (fy - a->y) / (b->y - a->y))
                             : mix(b, c, (fy - b->y) / (c->y - b->y));
        if (l.x > r.x) {
            vertex k = l;
            l = r, r = k;
        }
        float step = 1 / (r.x - l.x + 1e-6f);
        for (int x = (int)fmaxf(0, ceilf(l.x)); x < size && (float)x < r.x; x++) {
            float k = ((float)x - l.x) * step;
            plot(x, y, l.z + (r.z - l.z) * k, l.u + (r.u - l.u) * k, l.v + (r.v - l.v) * k,
                 l.light + (r.light - l.light) * k);
        }
    }
}

int main(int argc, char **argv) {
    size = argc > 1 ? atoi(argv[1]) : 64;
    int rings = argc > 2 ? atoi(argv[2]) : 12, frames = argc > 3 ? atoi(argv[3]) : 2;
    int mode = argc > 4 ? atoi(argv[4]) : 0;
    depth = malloc(sizeof(float) * size * size);
    frame = malloc(sizeof(uint32_t) * size * size);
    vertex *at = malloc(sizeof(vertex) * (rings + 1) * (rings + 1));
    for (int i = 0; i < 64 * 64; i++)
        texture[i] = (uint32_t)((i ^ i >> 6) & 8 ? 0xe0c040 : 0x3050a0 + i);
    uint64_t sum = 0;
    for (int f = 0; f < frames; f++) {
        float ca = cosf((float)f * 0.4f), sa = sinf((float)f * 0.4f);
        memset(frame, 0, sizeof(uint32_t) * size * size);
        for (int i = 0; i < size * size; i++)
            depth[i] = 1e9f;
        for (int i = 0; i <= rings; i++)
            for (int j = 0; j <= rings; j++) {
                float a = 6.2831853f * (float)i / (float)rings, b = 6.2831853f * (float)j / (float)rings;
                float cb = cosf(b), r = 0.45f + 0.04f * sinf(5 * a + 3 * b);
                float x = (1 + r * cb) * cosf(a), y = (1 + r * cb) * sinf(a), z = r * sinf(b);
                float y2 = y * ca - z * sa, z2 = y * sa + z * ca + 3, n = cb * cosf(a) * 0.5f + 0.5f;
                at[i * (rings + 1) + j] = (vertex){(x / z2 * 1.3f + 0.5f) * (float)size,
                    (y2 / z2 * 1.3f + 0.5f) * (float)size, z2, (float)i * 0.3f, (float)j * 0.3f, n};
            }
        for (int i = 0; i < rings; i++)
            for (int j = 0; j < rings; j++)
                for (int k = 0; k < 2; k++) {
                    vertex *p = at + i * (rings + 1) + j, *q = p + rings + 2;
                    vertex *r = k ? p + rings + 1 : q, *t = k ? q : p + 1;
                    float area = (r->x - p->x) * (t->y - p->y) - (r->y - p->y) * (t->x - p->x);
                    if (area < 0.01f && area > -0.01f)
                        continue;
                    if (mode)
                        by_spans(p, r, t);
                    else
                        by_edges(p, r, t, area);
                }
        for (int i = 0; i < size * size; i += 3)
            sum = sum * 31 + frame[i];
    }
    printf("checksum %016llx %ld\n", (unsigned long long)sum, drawn);
    return 0;
}
