/* Recursive ray tracer over spheres: float arithmetic, calls, branches.
 * args: width height spheres depth */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { float x, y, z; } vec;
typedef struct { vec c; float r, shine, tone; } sphere;

static sphere *world;
static int spheres;

static vec add(vec a, vec b, float k) {
    return (vec){a.x + b.x * k, a.y + b.y * k, a.z + b.z * k};
}
static float dot(vec a, vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static vec norm(vec a) {
    float k = 1 / sqrtf(dot(a, a));
    return (vec){a.x * k, a.y * k, a.z * k};
}

static int nearest(vec o, vec d, float *best) {
    int hit = -1;
    for (int i = 0; i < spheres; i++) {
        vec oc = add(o, world[i].c, -1);
        float b = dot(oc, d), c = dot(oc, oc) - world[i].r * world[i].r, q = b * b - c;
        if (q <= 0)
            continue;
        float t = -b - sqrtf(q);
        if (t > 1e-3f && t < *best) {
            *best = t;
            hit = i;
        }
    }
    return hit;
}

static float trace(vec o, vec d, int depth) {
    float t = 1e30f, shadow = 1e30f;
    int i = nearest(o, d, &t);
    if (i < 0)
        return 0.2f + 0.3f * d.y;
    vec p = add(o, d, t), n = norm(add(p, world[i].c, -1));
    vec light = norm((vec){1, 2, -1});
    float diffuse = dot(n, light);
    if (diffuse < 0 || nearest(p, light, &shadow) >= 0)
        diffuse = 0;
    float c = world[i].tone * (0.1f + diffuse);
    if (depth > 0 && world[i].shine > 0)
        c += world[i].shine * trace(p, add(d, n, -2 * dot(d, n)), depth - 1);
    return c;
}

int main(int argc, char **argv) {
    int w = argc > 1 ? atoi(argv[1]) : 64, h = argc > 2 ? atoi(argv[2]) : 48;
    spheres = argc > 3 ? atoi(argv[3]) : 12;
    int depth = argc > 4 ? atoi(argv[4]) : 3;
    world = malloc(spheres * sizeof *world);
    for (int i = 0; i < spheres; i++)
        world[i] = (sphere){{(i * 29 % 17) - 8.f, (i * 13 % 11) - 5.f, 8.f + i * 7 % 9},
                            1.f + i % 3 * 0.5f, (i % 4) * 0.25f, 0.3f + i % 5 * 0.1f};
    unsigned sum = 0;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            vec d = norm((vec){(x - w / 2) / (float)w, (h / 2 - y) / (float)h, 1});
            sum = sum * 131 + (unsigned)(int)(trace((vec){0, 0, -3}, d, depth) * 255);
        }
    printf("checksum %08x\n", sum);
    return 0;
}
