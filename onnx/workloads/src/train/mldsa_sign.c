/* ML-DSA-44 lattice signatures of PQClean: make a key, sign and verify messages.
 * args: seed messages */
#include <api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned s;

int PQCLEAN_randombytes(uint8_t *out, size_t n);

/* The library's source of randomness, here repeatable. */
int PQCLEAN_randombytes(uint8_t *out, size_t n) {
    while (n--)
        s = s * 1664525u + 1013904223u, *out++ = s >> 24;
    return 0;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 9;
    int messages = argc > 2 ? atoi(argv[2]) : 1;
    static uint8_t public[PQCLEAN_MLDSA44_CLEAN_CRYPTO_PUBLICKEYBYTES];
    static uint8_t secret[PQCLEAN_MLDSA44_CLEAN_CRYPTO_SECRETKEYBYTES];
    static uint8_t mark[PQCLEAN_MLDSA44_CLEAN_CRYPTO_BYTES];
    if (PQCLEAN_MLDSA44_CLEAN_crypto_sign_keypair(public, secret))
        return 1;
    unsigned sum = 0;
    for (int i = 0; i < messages; i++) {
        char text[64];
        size_t size, n = snprintf(text, sizeof text, "message %d of %d", i, messages);
        PQCLEAN_MLDSA44_CLEAN_crypto_sign_signature(mark, &size, (uint8_t *)text, n, secret);
        if (PQCLEAN_MLDSA44_CLEAN_crypto_sign_verify(mark, size, (uint8_t *)text, n, public))
            return 2;
        for (size_t k = 0; k < size; k++)
            sum = sum * 31 + mark[k];
    }
    printf("checksum %08x\n", sum);
    return 0;
}
