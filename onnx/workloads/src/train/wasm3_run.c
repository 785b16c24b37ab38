/* wasm3: interpret a WebAssembly module made of bytes written here, with a
 * recursive function, a sieve over memory and a loop that mixes floats into it.
 * args: fib sieve mix */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasm3.h>

static const unsigned char head[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f, 3, 4,
    3, 0, 0, 0, 5, 3, 1, 0, 2, 7, 0x13, 3, 3, 'f', 'i', 'b', 0, 0, 3, 's', 'i', 'e', 0, 1, 3, 'm', 'i',
    'x', 0, 2};
/* n < 2 ? n : fib(n - 1) + fib(n - 2) */
static const unsigned char fib[] = {0, 0x20, 0, 0x41, 2, 0x48, 4, 0x7f, 0x20, 0, 5, 0x20, 0, 0x41, 1, 0x6b,
    0x10, 0, 0x20, 0, 0x41, 2, 0x6b, 0x10, 0, 0x6a, 0x0b, 0x0b};
/* for i in 2..n: if !mem[i]: count += 1, for (j = 2 * i; j < n; j += i) mem[j] = 1 */
static const unsigned char sieve[] = {1, 3, 0x7f, 0x41, 2, 0x21, 1, 3, 0x40, 0x20, 1, 0x2d, 0, 0, 0x45, 4,
    0x40, 0x20, 3, 0x41, 1, 0x6a, 0x21, 3, 0x20, 1, 0x41, 1, 0x74, 0x21, 2, 2, 0x40, 3, 0x40, 0x20, 2,
    0x20, 0, 0x4f, 0x0d, 1, 0x20, 2, 0x41, 1, 0x3a, 0, 0, 0x20, 2, 0x20, 1, 0x6a, 0x21, 2, 0x0c, 0, 0x0b,
    0x0b, 0x0b, 0x20, 1, 0x41, 1, 0x6a, 0x22, 1, 0x20, 0, 0x49, 0x0d, 0, 0x0b, 0x20, 3, 0x0b};
/* h = h * 1664525 + 1013904223, mem[h >> 15] = x = x / 2 + h, h ^= mem[4 * i] */
static const unsigned char mix[] = {2, 2, 0x7f, 1, 0x7c, 3, 0x40, 0x20, 2, 0x41, 0x8d, 0xcc, 0xe5, 0, 0x6c,
    0x41, 0xdf, 0xe6, 0xbb, 0xe3, 3, 0x6a, 0x21, 2, 0x20, 2, 0x41, 0x0f, 0x76, 0x41, 0xf8, 0xff, 3, 0x71,
    0x20, 3, 0x44, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 0xa2, 0x20, 2, 0xb7, 0xa0, 0x22, 3, 0x39, 3, 0, 0x20, 2,
    0x20, 1, 0x41, 2, 0x74, 0x41, 0xfc, 0xff, 3, 0x71, 0x28, 2, 0, 0x73, 0x21, 2, 0x20, 1, 0x41, 1, 0x6a,
    0x22, 1, 0x20, 0, 0x49, 0x0d, 0, 0x0b, 0x20, 2, 0x0b};

int main(int argc, char **argv) {
    static unsigned char module[1024];
    const unsigned char *body[] = {fib, sieve, mix};
    const unsigned size[] = {sizeof fib, sizeof sieve, sizeof mix};
    static const char *const name[] = {"fib", "sie", "mix"};
    unsigned n = sizeof head, total = 1 + 3 + sizeof fib + sizeof sieve + sizeof mix, sum = 0;
    memcpy(module, head, n);
    module[n++] = 10;
    module[n++] = 0x80 | (total & 127), module[n++] = total >> 7;
    module[n++] = 3;
    for (int i = 0; i < 3; i++) {
        module[n++] = size[i];
        memcpy(module + n, body[i], size[i]);
        n += size[i];
    }
    IM3Environment env = m3_NewEnvironment();
    IM3Runtime runtime = m3_NewRuntime(env, 64 * 1024, NULL);
    IM3Module parsed;
    M3Result bad = m3_ParseModule(env, &parsed, module, n);
    if (!bad)
        bad = m3_LoadModule(runtime, parsed);
    static const char *const usual[] = {"18", "20000", "20000"};
    for (int i = 0; i < 3 && !bad; i++) {
        IM3Function f;
        const char *number = argc > i + 1 ? argv[i + 1] : usual[i];
        bad = m3_FindFunction(&f, runtime, name[i]);
        if (!bad)
            bad = m3_CallWithArgs(f, 1, &number);
    }
    uint32_t room = 0;
    const uint8_t *memory = m3_GetMemory(runtime, &room, 0);
    for (uint32_t i = 0; i < room && i < 1 << 16; i += 5)
        sum = sum * 31 + memory[i];
    if (bad)
        return fprintf(stderr, "%s\n", bad), 1;
    printf("checksum %08x\n", sum);
    return 0;
}
