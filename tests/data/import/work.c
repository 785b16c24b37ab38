/* The program that the simulators and cores ran which wrote the logs here: a bare-metal mix of
   integer kernels, the same source for every core. README.md says how to compile it. */
typedef unsigned int u32;
typedef unsigned char u8;
#define NOINLINE __attribute__((noinline))

static u32 seed, numbers[256], matrix[3][12 * 12], next[64];
static u8 text[512], sieve[600];
volatile u32 result;

NOINLINE static u32 draw(void) { return seed = seed * 1664525u + 1013904223u; }

NOINLINE static u32 sort(u32 n) {
    for (u32 i = 0; i < n; ++i)
        numbers[i] = draw() >> 8;
    for (u32 gap = n / 2; gap > 0; gap /= 2)
        for (u32 i = gap; i < n; ++i) {
            u32 value = numbers[i], j = i;
            for (; j >= gap && numbers[j - gap] > value; j -= gap)
                numbers[j] = numbers[j - gap];
            numbers[j] = value;
        }
    return numbers[n / 2];
}

NOINLINE static u32 multiply(u32 n) {
    for (u32 i = 0; i < n * n; ++i)
        matrix[0][i] = draw() >> 16, matrix[1][i] = draw() >> 16;
    for (u32 i = 0; i < n; ++i)
        for (u32 j = 0; j < n; ++j) {
            u32 sum = 0;
            for (u32 k = 0; k < n; ++k)
                sum += matrix[0][i * n + k] * matrix[1][k * n + j];
            matrix[2][i * n + j] = sum;
        }
    return matrix[2][n];
}

NOINLINE static u32 primes(u32 n) {
    u32 count = 0;
    for (u32 i = 2; i < n; ++i)
        sieve[i] = 1;
    for (u32 i = 2; i < n; ++i)
        if (sieve[i]) {
            ++count;
            for (u32 j = i * i; j < n; j += i)
                sieve[j] = 0;
        }
    return count;
}

NOINLINE static u32 hash(u32 n) {
    u32 crc = ~0u;
    for (u32 i = 0; i < n; ++i)
        text[i] = (u8)draw();
    for (u32 i = 0; i < n; ++i) {
        crc ^= text[i];
        for (int bit = 0; bit < 8; ++bit)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

NOINLINE static u32 walk(u32 steps) {
    u32 at = 0;
    for (u32 i = 0; i < 64; ++i)
        next[i] = (i * 37 + 11) % 64;
    for (u32 i = 0; i < steps; ++i)
        at = next[at];
    return at;
}

NOINLINE static u32 divisor(u32 a, u32 b) { return b ? divisor(b, a % b) : a; }

NOINLINE static u32 apply(u32 kind, u32 size) {
    switch (kind) {
    case 0: return sort(16 + size % 112);
    case 1: return multiply(3 + size % 8);
    case 2: return primes(50 + size % 500);
    case 3: return hash(10 + size % 60);
    case 4: return walk(50 + size % 400);
    default: return divisor(draw() >> 4, (draw() >> 12) + 1);
    }
}

int main(void) {
    u32 total = 0;
    seed = 1;
    for (u32 round = 0; round < ROUNDS; ++round)
        total += apply(round % 6, draw() >> 20);
    result = total;
    return 0;
}
