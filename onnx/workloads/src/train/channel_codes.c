/* Error correction: Reed-Solomon (Berlekamp-Massey), a Viterbi decoder of rate 1/2, and
 * min-sum LDPC on a random graph. args: seed blocks code(0 rs, 1 viterbi, 2 ldpc, 3 all) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t s;
static uint32_t rnd(void) {
    s ^= s << 13;
    s ^= s >> 17;
    return s ^= s << 5;
}

enum { NN = 255, ROOTS = 16 };
static uint8_t power[512], logarithm[256];

static uint8_t mul(uint8_t a, uint8_t b) {
    return a && b ? power[logarithm[a] + logarithm[b]] : 0;
}

static int reed_solomon(int errors) {
    static uint8_t gen[ROOTS + 1];
    uint8_t word[NN], sent[NN], syndrome[ROOTS], lambda[ROOTS + 2] = {1}, old[ROOTS + 2] = {1};
    if (!gen[0]) {
        gen[0] = 1;
        for (int r = 0; r < ROOTS; r++)
            for (int i = r + 1; i > 0; i--)
                gen[i] = gen[i] ^ mul(gen[i - 1], power[r]);
    }
    for (int i = 0; i < NN - ROOTS; i++)
        word[i] = (uint8_t)rnd();
    memset(word + NN - ROOTS, 0, ROOTS);
    memcpy(sent, word, NN);
    for (int i = 0; i < NN - ROOTS; i++) /* long division */
        if (sent[i]) {
            uint8_t f = sent[i];
            for (int k = 1; k <= ROOTS; k++)
                sent[i + k] ^= mul(gen[k], f);
        }
    memcpy(sent, word, NN - ROOTS);
    memcpy(word, sent, NN);
    for (int e = 0; e < errors; e++)
        word[rnd() % NN] ^= (uint8_t)(1 + rnd() % 255);
    for (int r = 0; r < ROOTS; r++) {
        uint8_t v = 0;
        for (int i = 0; i < NN; i++)
            v = mul(v, power[r]) ^ word[i];
        syndrome[r] = v;
    }
    int len = 0, shift = 1;
    uint8_t base = 1;
    for (int r = 0; r < ROOTS; r++) {
        uint8_t d = syndrome[r], keep[ROOTS + 2];
        for (int i = 1; i <= len; i++)
            d ^= mul(lambda[i], syndrome[r - i]);
        if (!d) {
            shift++;
            continue;
        }
        uint8_t f = mul(d, power[255 - logarithm[base]]);
        memcpy(keep, lambda, sizeof keep);
        for (int i = shift; i < ROOTS + 2; i++)
            lambda[i] ^= mul(f, old[i - shift]);
        if (2 * len <= r) {
            len = r + 1 - len;
            memcpy(old, keep, sizeof keep);
            base = d;
            shift = 1;
        } else
            shift++;
    }
    int found = 0;
    for (int x = 0; x < 255; x++) { /* roots of the locator */
        uint8_t v = 0;
        for (int i = ROOTS; i >= 0; i--)
            v = mul(v, power[x]) ^ lambda[i];
        found += !v;
    }
    return found * 100 + len;
}

enum { STATES = 64, BITS = 192 };

static int viterbi(int noise) {
    uint8_t bit[BITS], soft[BITS][2], from[BITS][STATES];
    int metric[STATES], next[STATES], state = 0, wrong = 0;
    for (int t = 0; t < BITS; t++) {
        bit[t] = t < BITS - 6 ? rnd() >> 7 & 1 : 0;
        state = (state << 1 | bit[t]) & 127;
        soft[t][0] = (uint8_t)(__builtin_parity(state & 0x6d) * 200 + rnd() % (uint32_t)noise);
        soft[t][1] = (uint8_t)(__builtin_parity(state & 0x4f) * 200 + rnd() % (uint32_t)noise);
    }
    for (int i = 0; i < STATES; i++)
        metric[i] = i ? 100000 : 0;
    for (int t = 0; t < BITS; t++) {
        for (int i = 0; i < STATES; i++) {
            int best = 1 << 30;
            for (int high = 0; high < 2; high++) {
                int before = i >> 1 | high << 5, full = before << 1 | (i & 1);
                int a = __builtin_parity(full & 0x6d) * 200, b = __builtin_parity(full & 0x4f) * 200;
                int m = metric[before] + abs(soft[t][0] - a) + abs(soft[t][1] - b);
                if (m < best) {
                    best = m;
                    from[t][i] = (uint8_t)before;
                }
            }
            next[i] = best;
        }
        memcpy(metric, next, sizeof metric);
    }
    state = 0;
    for (int t = BITS - 1; t >= 0; t--) {
        wrong += (state & 1) != bit[t];
        state = from[t][state];
    }
    return wrong;
}

enum { VARS = 480, CHECKS = 240, DEGREE = 6 };

static int ldpc(int rounds) {
    static int16_t edge[CHECKS][DEGREE];
    static int16_t message[CHECKS][DEGREE], total[VARS];
    static int made;
    int16_t deck[VARS * 3];
    if (!made++) {
        for (int i = 0; i < VARS * 3; i++)
            deck[i] = (int16_t)(i % VARS);
        for (int i = VARS * 3 - 1; i > 0; i--) {
            int j = (int)(rnd() % (uint32_t)(i + 1));
            int16_t t = deck[i];
            deck[i] = deck[j], deck[j] = t;
        }
        memcpy(edge, deck, sizeof edge);
    }
    memset(message, 0, sizeof message);
    for (int v = 0; v < VARS; v++)
        total[v] = (int16_t)(60 - (int)(rnd() % 90));
    for (int r = 0; r < rounds; r++) {
        int bad = 0;
        for (int c = 0; c < CHECKS; c++) {
            int least = 1 << 14, second = 1 << 14, sign = 0, which = 0, in[DEGREE];
            for (int k = 0; k < DEGREE; k++) {
                int v = in[k] = total[edge[c][k]] - message[c][k], a = abs(v);
                sign ^= v < 0;
                if (a < least)
                    second = least, least = a, which = k;
                else if (a < second)
                    second = a;
            }
            for (int k = 0; k < DEGREE; k++) {
                int m = (k == which ? second : least) * 3 / 4;
                m = m > 500 ? 500 : m;
                message[c][k] = (int16_t)(sign ^ (in[k] < 0) ? -m : m);
                total[edge[c][k]] = (int16_t)(in[k] + message[c][k]);
            }
            bad += sign;
        }
        if (!bad)
            return r;
    }
    return rounds;
}

int main(int argc, char **argv) {
    s = (argc > 1 ? strtoul(argv[1], 0, 0) : 1) | 1;
    int blocks = argc > 2 ? atoi(argv[2]) : 4, code = argc > 3 ? atoi(argv[3]) : 3;
    int v = 1;
    for (int i = 0; i < 255; i++) {
        power[i] = power[i + 255] = (uint8_t)v;
        logarithm[v] = (uint8_t)i;
        v = v << 1 ^ (v & 128 ? 0x11d : 0);
    }
    uint64_t sum = 0;
    for (int b = 0; b < blocks; b++) {
        int which = code < 3 ? code : b % 3;
        sum = sum * 31 + (uint64_t)(which == 0   ? reed_solomon(b % 10)
                                    : which == 1 ? viterbi(20 + b * 7 % 50)
                                                 : ldpc(20));
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
