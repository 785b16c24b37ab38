/* Single and double precision: arithmetic, comparisons, conversions, and the mathematics library. */
#include <fenv.h>
#include <math.h>
#include <stdint.h>

#define KERNEL(name, type, fma_, sqrt_, abs_, copysign_, min_, max_) \
    __attribute__((noinline)) type name(const type *a, type *b, int n) \
    { \
        type sum = 0; \
        for (int i = 0; i < n; i++) { \
            b[i] = fma_(a[i], b[i], sum) - fma_(a[i], -b[i], sum) + fma_(a[i], b[i], -sum); \
            b[i] += -fma_(a[i], b[i], sum); \
            b[i] = b[i] / (abs_(a[i]) + 1) * sqrt_(abs_(sum)); \
            sum += copysign_(min_(a[i], b[i]), -max_(sum, a[i])); \
            if (a[i] < sum) sum -= 1; \
            if (b[i] <= sum) sum *= 2; \
            if (a[i] == b[i] || isinf(sum)) sum = -sum; \
            sum += (type)(int32_t)a[i] + (type)(uint32_t)b[i] + (type)(int64_t)sum; \
            sum += (type)(uint64_t)abs_(b[i]) + (type)lrint(b[i]) + (type)fpclassify(sum); \
        } \
        return sum; \
    }

KERNEL(single_kernel, float, fmaf, sqrtf, fabsf, copysignf, fminf, fmaxf)
KERNEL(double_kernel, double, fma, sqrt, fabs, copysign, fmin, fmax)

__attribute__((noinline)) uint64_t bits(double d, float f)
{
    union { double d; uint64_t u; } a = { d };
    union { float f; uint32_t u; } b = { f };
    a.u ^= 1, b.u ^= 1;
    return a.u + b.u + (uint64_t)(a.d + b.f);
}

double floats(double x)
{
    float fa[9], fb[9];
    double da[9], db[9];
    for (int i = 0; i < 9; i++)
        fa[i] = fb[i] = (float)(da[i] = db[i] = x + i);
    fesetround(FE_UPWARD);
    double sum = single_kernel(fa, fb, 9) + double_kernel(da, db, 9);
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    sum += sin(x) + exp(x) + log(x) + pow(x, 1.5) + tanf((float)x) + (double)atan2l(x, 2);
    return sum + (double)bits(sum, (float)sum) + fetestexcept(FE_INEXACT);
}
