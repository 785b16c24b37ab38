/* Learning on small models: an LSTM run over text, word vectors by negative sampling,
 * naive Bayes on hashed words, k-nearest neighbours, Ising sweeps.
 * args: seed size rounds part(0-4, 5 all) */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { H = 24, WORDS = 4096, DIM = 16 };
static uint32_t s;
static uint32_t bits(void) {
    s ^= s << 13, s ^= s >> 17;
    return s ^= s << 5;
}
static float rnd(void) { return (float)(bits() >> 8) / 8388608.0f - 1; }
static float squash(float x) { return 1 / (1 + expf(-x)); }

static float lstm(int steps) {
    static float w[4][H][2 * H], h[H], c[H];
    static int ready;
    if (!ready++)
        for (int i = 0; i < 4 * H * 2 * H; i++)
            (&w[0][0][0])[i] = rnd() * 0.4f;
    float sum = 0;
    for (int t = 0; t < steps; t++) {
        float in[2 * H], gate[4][H];
        for (int i = 0; i < H; i++)
            in[i] = (float)(bits() >> (i & 15) & 1), in[H + i] = h[i];
        for (int g = 0; g < 4; g++)
            for (int i = 0; i < H; i++) {
                float v = 0;
                for (int j = 0; j < 2 * H; j++)
                    v += w[g][i][j] * in[j];
                gate[g][i] = g == 3 ? tanhf(v) : squash(v);
            }
        for (int i = 0; i < H; i++) {
            c[i] = gate[0][i] * c[i] + gate[1][i] * gate[3][i];
            h[i] = gate[2][i] * tanhf(c[i]);
        }
        sum += h[t % H];
    }
    return sum;
}

static float vectors(int pairs) { /* rows of a table too large for the small caches */
    static float in[WORDS][DIM], out[WORDS][DIM];
    float loss = 0;
    for (int p = 0; p < pairs; p++) {
        float *u = in[bits() & bits() & (WORDS - 1)], change[DIM] = {0};
        for (int k = 0; k < 6; k++) {
            float *v = out[bits() & (k ? WORDS - 1 : 255)], dot = 0;
            for (int i = 0; i < DIM; i++)
                dot += u[i] * v[i];
            float g = ((k == 0) - squash(dot)) * 0.05f;
            loss += g * g;
            for (int i = 0; i < DIM; i++) {
                change[i] += g * v[i];
                v[i] += g * (u[i] + 0.01f);
            }
        }
        for (int i = 0; i < DIM; i++)
            u[i] += change[i] + 1e-4f;
    }
    return loss;
}

static int bayes(int documents) {
    static uint32_t count[4][1 << 14], total[4];
    static const char *const stem[] = {"run", "play", "comput", "market", "team", "score", "bank",
        "model", "train", "rain", "cloud", "price", "goal", "code", "loan", "storm"};
    static const char *const end[] = {"", "s", "ing", "ed", "er", "ers", "able", "ly"};
    int right = 0;
    char text[2048];
    for (int d = 0; d < documents; d++) {
        uint32_t topic = bits() >> 9 & 3, words = 10 + bits() % 60;
        char *p = text;
        for (uint32_t i = 0; i < words; i++) {
            uint32_t r = bits();
            const char *a = stem[r >> 5 & 15 & (r & 1 ? 15 : topic * 5)];
            p = stpcpy(stpcpy(p, a), end[r >> 12 & 7]);
            *p++ = r >> 20 & 7 ? ' ' : '.';
        }
        *p = 0;
        double score[4] = {0, 0, 0, 0};
        for (int learn = 0; learn < 2; learn++)
            for (const char *q = text; *q;) {
                uint32_t h = 5381;
                for (; (uint8_t)((*q | 32) - 'a') < 26; q++)
                    h = h * 33 ^ (uint8_t)(*q | 32);
                h = (h ^ h >> 15) & ((1 << 14) - 1);
                if (learn)
                    count[topic][h]++, total[topic]++;
                else
                    for (int t = 0; t < 4; t++)
                        score[t] += log((count[t][h] + 0.5) / (total[t] + 100.0));
                while (*q && (uint8_t)((*q | 32) - 'a') >= 26)
                    q++;
            }
        int best = 0;
        for (int t = 1; t < 4; t++)
            best = score[t] > score[best] ? t : best;
        right += best == (int)topic;
    }
    return right;
}

static int neighbours(int n, int queries) {
    uint8_t(*data)[32] = malloc((size_t)n * 32);
    int votes = 0;
    for (int i = 0; i < n * 32; i += 4)
        memcpy((uint8_t *)data + i, &(uint32_t){bits()}, 4);
    for (int q = 0; q < queries; q++) {
        uint8_t x[32];
        int dist[8], id[8], have = 0;
        for (int i = 0; i < 32; i++)
            x[i] = (uint8_t)(bits() >> 11);
        for (int r = 0; r < n; r++) {
            int d = 0, worst = have == 8 ? dist[7] : 1 << 30;
            for (int i = 0; i < 32 && d < worst; i += 8)
                for (int k = i; k < i + 8; k++) {
                    int e = data[r][k] - x[k];
                    d += e * e;
                }
            if (d >= worst)
                continue;
            int at = have < 8 ? have++ : 7;
            for (; at && dist[at - 1] > d; at--)
                dist[at] = dist[at - 1], id[at] = id[at - 1];
            dist[at] = d, id[at] = r;
        }
        for (int i = 0; i < have; i++)
            votes += id[i] & 1;
    }
    free(data);
    return votes;
}

static int ising(int width, int sweeps) {
    static int8_t spin[256][256];
    int sum = 0;
    uint32_t accept[5];
    for (int e = 0; e < 5; e++)
        accept[e] = (uint32_t)fmin(4294967295.0, 4294967296.0 * exp(-(e - 2) * 4 * 0.44));
    for (int t = 0; t < sweeps; t++)
        for (int k = 0; k < width * width; k++) {
            int x = (int)(bits() % (uint32_t)width), y = (int)(s >> 16) % width;
            int l = x ? x - 1 : width - 1, r = x + 1 < width ? x + 1 : 0;
            int u = y ? y - 1 : width - 1, d = y + 1 < width ? y + 1 : 0;
            int v = spin[y][x] ? spin[y][x] : (spin[y][x] = s & 64 ? 1 : -1);
            int e = v * (spin[y][l] + spin[y][r] + spin[u][x] + spin[d][x]);
            if (e <= 0 || bits() < accept[(e >> 1) + 2])
                spin[y][x] = (int8_t)-v;
            sum += spin[y][x];
        }
    return sum;
}

int main(int argc, char **argv) {
    s = (argc > 1 ? strtoul(argv[1], 0, 0) : 1) | 1;
    int size = argc > 2 ? atoi(argv[2]) : 64, rounds = argc > 3 ? atoi(argv[3]) : 5;
    int part = argc > 4 ? atoi(argv[4]) : 5;
    double sum = 0;
    for (int r = 0; r < rounds; r++)
        switch (part < 5 ? part : r % 5) {
        case 0: sum += lstm(size / 2); break;
        case 1: sum += vectors(size * 8); break;
        case 2: sum += bayes(size); break;
        case 3: sum += neighbours(size * 8, 4); break;
        default: sum += ising(size < 256 ? size : 255, 1);
        }
    printf("checksum %.5f\n", sum);
    return 0;
}
