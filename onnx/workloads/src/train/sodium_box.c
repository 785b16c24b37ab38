/* libsodium primitives: streams, authenticators, hashes, curves.
 * args: what(0 chacha-poly, 1 hashes, 2 curve25519, 3 ed25519, 4 scrypt core) n */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char key[64], data[8192], out[8192 + 64], digest[64];

int main(int argc, char **argv) {
    int what = argc > 1 ? atoi(argv[1]) : 0, n = argc > 2 ? atoi(argv[2]) : 10;
    unsigned sum = 0;
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 167 + (i >> 5));
    for (unsigned i = 0; i < sizeof key; i++)
        key[i] = (unsigned char)(i * 29 + 3);
    for (int i = 0; i < n; i++) {
        unsigned long long len = 0;
        key[0] ^= (unsigned char)i;
        switch (what) {
        case 0:
            crypto_aead_chacha20poly1305_ietf_encrypt(out, &len, data, sizeof data, key, 16, 0,
                                                      key + 32, key);
            break;
        case 1:
            crypto_generichash(digest, 32, data, 2048, key, 32);
            crypto_hash_sha256(digest + 16, data, 1024);
            crypto_hash_sha512(digest, out, 1024);
            crypto_shorthash(out, data, 512, key);
            memcpy(out + 8, digest, 64);
            break;
        case 2:
            crypto_scalarmult_base(digest, key);
            if (crypto_scalarmult(out, key + 16, digest))
                return 1;
            break;
        case 3:
            crypto_sign_seed_keypair(digest, out + 64, key);
            crypto_sign_detached(out, &len, data, 300, out + 64);
            if (crypto_sign_verify_detached(out, data, 300, digest))
                return 1;
            break;
        default:
            if (crypto_pwhash_scryptsalsa208sha256_ll(key, 16, data, 8, 128, 2, 1, out, 64))
                return 1;
        }
        for (int k = 0; k < 64; k++)
            sum = sum * 33 + out[k];
    }
    printf("checksum %08x\n", sum);
    return 0;
}
