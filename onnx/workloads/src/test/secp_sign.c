/* libsecp256k1: key creation, ECDSA signatures and their verification.
 * args: signatures */
#include <secp256k1.h>
#include <secp256k1_preallocated.h>
#include <stdio.h>
#include <stdlib.h>

/* The crate renames the library's symbols. */
#define SECP(name) rustsecp256k1_v0_14_##name

void rustsecp256k1_v0_14_default_illegal_callback_fn(const char *text, void *data) {
    (void)text, (void)data;
    abort();
}
void rustsecp256k1_v0_14_default_error_callback_fn(const char *text, void *data) {
    (void)text, (void)data;
    abort();
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 1, good = 0;
    static unsigned char space[1 << 16];
    if (SECP(context_preallocated_size)(SECP256K1_CONTEXT_NONE) > sizeof space)
        return 1;
    SECP(context) *ctx = SECP(context_preallocated_create)(space, SECP256K1_CONTEXT_NONE);
    unsigned char secret[32], message[32], packed[64];
    unsigned digest = 1;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < 32; k++) {
            secret[k] = (unsigned char)(k * k + 11 * i + 1);
            message[k] = (unsigned char)(digest >> (k % 24)) ^ (unsigned char)k;
        }
        SECP(pubkey) key;
        SECP(ecdsa_signature) sig;
        if (!SECP(ec_pubkey_create)(ctx, &key, secret)
            || !SECP(ecdsa_sign)(ctx, &sig, message, secret, NULL, NULL))
            return 2;
        SECP(ecdsa_signature_serialize_compact)(ctx, packed, &sig);
        good += SECP(ecdsa_verify)(ctx, &sig, message, &key);
        message[0] ^= 1;
        good += SECP(ecdsa_verify)(ctx, &sig, message, &key) * 1000;
        for (int k = 0; k < 64; k++)
            digest = digest * 37 + packed[k];
    }
    printf("checksum %08x %d\n", digest, good);
    return good != n;
}
