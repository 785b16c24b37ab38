/* Pictures: median filter, Sobel edges, connected regions by union-find, flood fill, Hough
 * lines, Haar wavelet, distance transform. args: seed width height rounds */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int w, h, *parent, *label;
static uint8_t *img, *out;

static void sort2(uint8_t *a, uint8_t *b) {
    uint8_t lo = *a < *b ? *a : *b;
    *b = *a < *b ? *b : *a;
    *a = lo;
}

static void median(void) {
    for (int y = 1; y < h - 1; y++)
        for (int x = 1; x < w - 1; x++) {
            uint8_t p[9];
            for (int k = 0; k < 9; k++)
                p[k] = img[(y + k / 3 - 1) * w + x + k % 3 - 1];
            for (int k = 0; k < 9; k += 3)
                sort2(p + k, p + k + 1), sort2(p + k + 1, p + k + 2), sort2(p + k, p + k + 1);
            sort2(p, p + 3), sort2(p + 3, p + 6), sort2(p + 5, p + 8), sort2(p + 2, p + 5);
            sort2(p + 1, p + 4), sort2(p + 4, p + 7), sort2(p + 1, p + 4);
            sort2(p + 4, p + 2), sort2(p + 6, p + 4), sort2(p + 4, p + 2);
            out[y * w + x] = p[4];
        }
}

static int edges(void) {
    int n = 0;
    for (int y = 1; y < h - 1; y++)
        for (int x = 1; x < w - 1; x++) {
            const uint8_t *p = out + y * w + x;
            int gx = p[1 - w] + 2 * p[1] + p[1 + w] - p[-1 - w] - 2 * p[-1] - p[w - 1];
            int gy = p[w - 1] + 2 * p[w] + p[w + 1] - p[-w - 1] - 2 * p[-w] - p[1 - w];
            n += img[y * w + x] = abs(gx) + abs(gy) > 140;
        }
    return n;
}

static int find(int a) {
    while (parent[a] != a)
        a = parent[a] = parent[parent[a]];
    return a;
}

static int regions(void) {
    int n = 0;
    for (int i = 0; i < w * h; i++) {
        parent[i] = i;
        if (i % w && out[i] >> 5 == out[i - 1] >> 5)
            parent[find(i)] = find(i - 1);
        if (i >= w && out[i] >> 5 == out[i - w] >> 5)
            parent[find(i)] = find(i - w);
    }
    for (int i = 0; i < w * h; i++)
        n += find(i) == i;
    return n;
}

static int fill(int from, int mark) { /* spans on an explicit stack */
    static int stack[65536];
    int n = 0, size = 0, level = out[from] >> 6;
    stack[n++] = from;
    while (n) {
        int at = stack[--n], l = at, r = at, row = at / w;
        if (label[at] == mark)
            continue;
        while (l > row * w && out[l - 1] >> 6 == level && label[l - 1] != mark)
            l--;
        while (r < row * w + w - 1 && out[r + 1] >> 6 == level && label[r + 1] != mark)
            r++;
        for (int i = l; i <= r; i++) {
            label[i] = mark;
            size++;
            if (row > 0 && out[i - w] >> 6 == level && label[i - w] != mark && n < 65535)
                stack[n++] = i - w;
            if (row < h - 1 && out[i + w] >> 6 == level && label[i + w] != mark && n < 65535)
                stack[n++] = i + w;
        }
    }
    return size;
}

static int hough(void) {
    static int16_t vote[64][1024];
    static int cosine[64], sine[64];
    int best = 0;
    memset(vote, 0, sizeof vote);
    for (int a = 0; a < 64; a++) {
        cosine[a] = (int)(256 * cos(a * 0.0490874));
        sine[a] = (int)(256 * sin(a * 0.0490874));
    }
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            if (img[y * w + x] == 1 && (x * 7 + y * 3) % 4 == 0)
                for (int a = 0; a < 64; a++)
                    vote[a][((x * cosine[a] + y * sine[a]) >> 8 & 2047) >> 1]++;
    for (int a = 0; a < 64; a++)
        for (int d = 0; d < 1024; d++)
            if (vote[a][d] > vote[best >> 10][best & 1023])
                best = a << 10 | d;
    return best;
}

static int64_t wavelet(int *v) {
    int *line = malloc(sizeof(int) * (w > h ? w : h));
    int64_t energy = 0;
    for (int i = 0; i < w * h; i++)
        v[i] = out[i];
    for (int cw = w & ~1, ch = h & ~1; cw > 8 && ch > 8; cw = cw / 2 & ~1, ch = ch / 2 & ~1) {
        for (int y = 0; y < ch; y++) {
            for (int x = 0; x < cw / 2; x++) {
                int a = v[y * w + 2 * x], b = v[y * w + 2 * x + 1];
                line[x] = (a + b) >> 1, line[cw / 2 + x] = a - b;
            }
            memcpy(v + y * w, line, sizeof(int) * cw);
        }
        for (int x = 0; x < cw; x++) {
            for (int y = 0; y < ch / 2; y++) {
                int a = v[2 * y * w + x], b = v[(2 * y + 1) * w + x];
                line[y] = (a + b) >> 1, line[ch / 2 + y] = a - b;
            }
            for (int y = 0; y < ch; y++)
                v[y * w + x] = line[y];
        }
    }
    for (int i = 0; i < w * h; i++)
        energy += abs(v[i]) > 12 ? v[i] : 0;
    free(line);
    return energy;
}

static int64_t distances(int *d) {
    int64_t sum = 0;
    for (int i = 0; i < w * h; i++) {
        int a = i % w ? d[i - 1] + 3 : 9999, b = i >= w ? d[i - w] + 3 : 9999;
        d[i] = img[i] == 1 ? 0 : a < b ? a : b;
    }
    for (int i = w * h - 1; i >= 0; i--) {
        int a = i % w < w - 1 ? d[i + 1] + 3 : 9999, b = i < w * (h - 1) ? d[i + w] + 3 : 9999;
        a = a < b ? a : b;
        sum += d[i] = a < d[i] ? a : d[i];
    }
    return sum;
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    w = argc > 2 ? atoi(argv[2]) : 64, h = argc > 3 ? atoi(argv[3]) : 48;
    int rounds = argc > 4 ? atoi(argv[4]) : 1;
    size_t n = (size_t)w * h;
    img = calloc(n, 1), out = calloc(n, 1), parent = calloc(n, 4), label = calloc(n, 4);
    int64_t sum = 0;
    for (int r = 0; r < rounds; r++) {
        int cx = w / 3 + r * 5, cy = h / 2 - r;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                s = s * 1664525u + 1013904223u;
                int d = (x - cx) * (x - cx) + (y - cy) * (y - cy);
                int v = d < w * h / 16 ? 190 : (x / 9 + y / 13) % 3 * 40 + x * 60 / w;
                img[y * w + x] = (uint8_t)(s >> 28 ? v + (int)(s >> 26) % 9 : (int)(s >> 20));
            }
        median();
        sum = sum * 3 + regions();
        sum += fill(cy * w + cx, 2 * r + 1) + fill(w + 1, 2 * r + 2);
        sum += wavelet(parent);
        sum += edges();
        sum += hough() + distances(parent);
    }
    printf("checksum %lld\n", (long long)sum);
    return 0;
}
