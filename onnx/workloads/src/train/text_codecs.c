/* Byte-wise decoders: UTF-8 (checked state machine), base64, hex, quoted-printable,
 * percent and varint coding, CRC-32 by nibbles and by 8 tables, Adler-32.
 * args: seed bytes rounds */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t crc_table[8][256];

static void crc_init(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
        crc_table[0][i] = c;
    }
    for (int i = 0; i < 256; i++)
        for (int t = 1; t < 8; t++)
            crc_table[t][i] = crc_table[t - 1][i] >> 8 ^ crc_table[0][crc_table[t - 1][i] & 255];
}

static uint32_t crc_eight(const uint8_t *p, size_t n) {
    uint32_t c = ~0u;
    for (; n >= 8; n -= 8, p += 8) {
        c ^= p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
        c = crc_table[7][c & 255] ^ crc_table[6][c >> 8 & 255] ^ crc_table[5][c >> 16 & 255] ^
            crc_table[4][c >> 24] ^ crc_table[3][p[4]] ^ crc_table[2][p[5]] ^ crc_table[1][p[6]] ^
            crc_table[0][p[7]];
    }
    while (n--)
        c = c >> 8 ^ crc_table[0][(c ^ *p++) & 255];
    return ~c;
}

static uint32_t adler(const uint8_t *p, size_t n) {
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < n; i++) {
        a += p[i];
        b += a;
        if (i % 4096 == 4095)
            a %= 65521, b %= 65521;
    }
    return b % 65521 << 16 | a % 65521;
}

static size_t utf8_put(uint8_t *p, uint32_t c) {
    if (c < 0x80)
        return p[0] = (uint8_t)c, 1;
    if (c < 0x800)
        return p[0] = (uint8_t)(0xc0 | c >> 6), p[1] = (uint8_t)(0x80 | (c & 63)), 2;
    if (c < 0x10000)
        return p[0] = (uint8_t)(0xe0 | c >> 12), p[1] = (uint8_t)(0x80 | (c >> 6 & 63)),
               p[2] = (uint8_t)(0x80 | (c & 63)), 3;
    p[0] = (uint8_t)(0xf0 | c >> 18), p[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    p[2] = (uint8_t)(0x80 | (c >> 6 & 63)), p[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}

static uint64_t utf8_scan(const uint8_t *p, size_t n, uint16_t *wide, int *bad) {
    uint64_t sum = 0;
    uint32_t c = 0, more = 0, least = 0;
    size_t o = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t b = p[i];
        if (more) {
            if ((b & 0xc0) != 0x80) {
                ++*bad;
                more = 0;
                i--;
                continue;
            }
            c = c << 6 | (b & 63);
            if (--more)
                continue;
            if (c < least || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
                ++*bad;
        } else if (b < 0x80) {
            c = b;
        } else if (b >= 0xc2 && b < 0xf5) {
            more = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
            least = b < 0xe0 ? 0x80 : b < 0xf0 ? 0x800 : 0x10000;
            c = b & (0x3f >> more);
            continue;
        } else {
            ++*bad;
            continue;
        }
        if (c >= 0x10000) {
            wide[o++ & 1023] = (uint16_t)(0xd7c0 + (c >> 10));
            wide[o++ & 1023] = (uint16_t)(0xdc00 | (c & 1023));
        } else
            wide[o++ & 1023] = (uint16_t)c;
        sum += c ^ wide[(o * 7) & 1023];
    }
    return sum;
}

static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t to64(const uint8_t *p, size_t n, char *out) {
    char *o = out;
    for (; n >= 3; n -= 3, p += 3) {
        uint32_t v = p[0] << 16 | p[1] << 8 | p[2];
        *o++ = digit[v >> 18], *o++ = digit[v >> 12 & 63];
        *o++ = digit[v >> 6 & 63], *o++ = digit[v & 63];
        if ((o - out) % 77 == 76)
            *o++ = '\n';
    }
    return (size_t)(o - out);
}

static size_t from64(const char *p, size_t n, uint8_t *out) {
    int8_t value[256];
    uint32_t v = 0, bits = 0;
    size_t o = 0;
    memset(value, -1, sizeof value);
    for (int i = 0; i < 64; i++)
        value[(uint8_t)digit[i]] = (int8_t)i;
    for (size_t i = 0; i < n; i++) {
        int d = value[(uint8_t)p[i]];
        if (d < 0)
            continue;
        v = v << 6 | (uint32_t)d;
        if ((bits += 6) >= 8)
            out[o++] = (uint8_t)(v >> (bits -= 8));
    }
    return o;
}

static size_t percent(const uint8_t *p, size_t n, char *out) {
    size_t o = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned c = p[i];
        if ((c | 32) - 'a' < 26 || c - '0' < 10 || strchr("-_.~/", c ? (int)c : '?')) {
            out[o++] = (char)p[i];
        } else {
            out[o++] = '%';
            out[o++] = "0123456789ABCDEF"[p[i] >> 4];
            out[o++] = "0123456789ABCDEF"[p[i] & 15];
        }
    }
    return o;
}

static uint64_t varints(const uint8_t *p, size_t n) {
    uint64_t sum = 0, v = 0;
    int shift = 0;
    for (size_t i = 0; i < n; i++) {
        v |= (uint64_t)(p[i] & 127) << shift;
        if (p[i] & 128 && shift < 56) {
            shift += 7;
        } else {
            sum += v >> 1 ^ -(v & 1);
            v = 0;
            shift = 0;
        }
    }
    return sum;
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    size_t n = argc > 2 ? strtoul(argv[2], 0, 0) : 1000, len = 0;
    int rounds = argc > 3 ? atoi(argv[3]) : 1, bad = 0;
    uint8_t *raw = malloc(n + 8), *back = malloc(n + 8);
    char *text = malloc(3 * n + 64);
    uint16_t wide[1024] = {0};
    uint64_t sum = 0;
    crc_init();
    for (int r = 0; r < rounds; r++) {
        for (len = 0; len < n;) {
            s = s * 1103515245u + 12345u;
            uint32_t c = s >> 11;
            len += utf8_put(raw + len, c % 5 ? 32 + c / 8 % 90 : c / 8 % (c & 64 ? 0x900 : 0x11fff));
            if (s >> 25 == 0)
                raw[len - 1] ^= 0x80;
        }
        sum += utf8_scan(raw, len, wide, &bad);
        size_t m = to64(raw, len, text);
        m = from64(text, m, back);
        sum = sum * 3 + crc_eight(back, m) + adler(raw, len) + !memcmp(raw, back, m);
        sum += percent(raw, len, text) + varints(raw, len);
    }
    printf("checksum %016llx %d\n", (unsigned long long)sum, bad);
    return 0;
}
