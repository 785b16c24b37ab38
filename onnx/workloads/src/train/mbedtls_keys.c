/* Mbed TLS: elliptic curve and RSA arithmetic, ciphers and digests.
 * args: kind(0 curve, 1 big-number powers, 2 ciphers and digests) rounds */
#include <mbedtls/aria.h>
#include <mbedtls/base64.h>
#include <mbedtls/camellia.h>
#include <mbedtls/des.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/gcm.h>
#include <mbedtls/ripemd160.h>
#include <mbedtls/sha512.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned s = 12345, sum;

static int random_bytes(void *user, unsigned char *out, size_t n) {
    (void)user;
    while (n--)
        s = s * 1664525u + 1013904223u, *out++ = s >> 24;
    return 0;
}

static void note(const unsigned char *p, size_t n) {
    while (n--)
        sum = sum * 31 + *p++;
}

static int curve(int rounds) {
    mbedtls_ecp_group g;
    mbedtls_mpi d, r, t;
    mbedtls_ecp_point q;
    unsigned char hash[32], out[32];
    mbedtls_ecp_group_init(&g);
    mbedtls_mpi_init(&d), mbedtls_mpi_init(&r), mbedtls_mpi_init(&t);
    mbedtls_ecp_point_init(&q);
    if (mbedtls_ecp_group_load(&g, MBEDTLS_ECP_DP_SECP256R1) ||
        mbedtls_ecp_gen_keypair(&g, &d, &q, random_bytes, NULL))
        return 1;
    for (int i = 0; i < rounds; i++) {
        random_bytes(NULL, hash, sizeof hash);
        if (mbedtls_ecdsa_sign(&g, &r, &t, &d, hash, sizeof hash, random_bytes, NULL) ||
            mbedtls_mpi_write_binary(&r, out, sizeof out))
            return 2;
        note(out, sizeof out);
    }
    return 0;
}

static int powers(int rounds) {
    mbedtls_mpi x, e, n, q;
    char text[400];
    size_t size;
    mbedtls_mpi_init(&x), mbedtls_mpi_init(&e), mbedtls_mpi_init(&n), mbedtls_mpi_init(&q);
    for (int i = 0; i < rounds; i++) {
        mbedtls_mpi_fill_random(&n, 48 + i % 3 * 16, random_bytes, NULL);
        mbedtls_mpi_set_bit(&n, 0, 1);
        mbedtls_mpi_fill_random(&x, 40, random_bytes, NULL);
        mbedtls_mpi_fill_random(&e, 12, random_bytes, NULL);
        if (mbedtls_mpi_exp_mod(&x, &x, &e, &n, NULL) || mbedtls_mpi_gcd(&q, &x, &n) ||
            mbedtls_mpi_mul_mpi(&q, &x, &n) || mbedtls_mpi_div_mpi(&e, &n, &q, &x) ||
            mbedtls_mpi_write_string(&n, 10, text, sizeof text, &size))
            return 3;
        note((unsigned char *)text, strlen(text));
    }
    return 0;
}

static int ciphers(int rounds) {
    enum { SIZE = 512 };
    static unsigned char data[SIZE], out[SIZE], text[SIZE * 2], iv[16], tag[16];
    mbedtls_camellia_context camellia;
    mbedtls_aria_context aria;
    mbedtls_des3_context des;
    mbedtls_gcm_context gcm;
    mbedtls_camellia_init(&camellia), mbedtls_aria_init(&aria);
    mbedtls_des3_init(&des), mbedtls_gcm_init(&gcm);
    random_bytes(NULL, data, SIZE);
    mbedtls_camellia_setkey_enc(&camellia, data, 128);
    mbedtls_aria_setkey_enc(&aria, data + 16, 192);
    mbedtls_des3_set3key_enc(&des, data + 40);
    mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, data + 64, 256);
    for (int i = 0; i < rounds; i++) {
        size_t size;
        for (int at = 0; at < SIZE; at += 16) {
            mbedtls_camellia_crypt_ecb(&camellia, MBEDTLS_CAMELLIA_ENCRYPT, data + at, out + at);
            mbedtls_aria_crypt_ecb(&aria, out + at, data + at);
            mbedtls_des3_crypt_ecb(&des, data + at, out + at);
        }
        mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, SIZE, iv, 12, tag, 16, out, data, 16, tag);
        mbedtls_ripemd160_ret(data, SIZE, out);
        mbedtls_sha512_ret(data, SIZE, out + 20, i & 1);
        if (mbedtls_base64_encode(text, sizeof text, &size, data, SIZE))
            return 4;
        note(text, 40), note(out, 84);
    }
    return 0;
}

int main(int argc, char **argv) {
    int kind = argc > 1 ? atoi(argv[1]) : 0, rounds = argc > 2 ? atoi(argv[2]) : 1;
    int bad = kind == 0 ? curve(rounds) : kind == 1 ? powers(rounds) : ciphers(rounds);
    if (bad)
        return bad;
    printf("checksum %08x\n", sum);
    return 0;
}
