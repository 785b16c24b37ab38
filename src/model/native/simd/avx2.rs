//! AVX2 with FMA, with and without AVX-VNNI: eight lanes.

use super::{Op, Simd};
use std::arch::x86_64::*;

/// Proof that the CPU has AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2(());

/// Proof that the CPU has AVX2, FMA and AVX-VNNI.
#[derive(Clone, Copy)]
pub struct Avx2Vnni(());

impl Avx2 {
    /// The instruction set, where the CPU has it.
    pub fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

impl Avx2Vnni {
    /// The instruction set, where the CPU has it.
    pub fn new() -> Option<Self> {
        (Avx2::new().is_some() && is_x86_feature_detected!("avxvnni")).then_some(Self(()))
    }
}

/// Wraps an intrinsic call.
macro_rules! op {
    ($e:expr) => {
        // SAFETY: `self` exists only where the CPU has the instruction set.
        unsafe { $e }
    };
}

/// Without VNNI: widen to 16 bits, since `vpmaddubsw` would saturate.
#[inline(always)]
fn dot_widened(_proof: Avx2, acc: __m256i, a: __m256i, w: __m256i) -> __m256i {
    op!({
        let low = _mm256_set1_epi16(0xff);
        let even = _mm256_madd_epi16(
            _mm256_and_si256(a, low),
            _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(w)),
        );
        let odd = _mm256_madd_epi16(_mm256_srli_epi16::<8>(a), _mm256_srai_epi16::<8>(w));
        _mm256_add_epi32(acc, _mm256_add_epi32(even, odd))
    })
}

macro_rules! simd {
    ($name:ident, $features:literal, $dot:expr) => {
        impl Simd for $name {
            const LANES: usize = 8;
            type F = __m256;
            type I = __m256i;
            type D = [__m256d; 2];

            fn call<O: Op<Self>>(self, op: O) {
                #[target_feature(enable = $features)]
                fn inner<O: Op<$name>>(s: $name, op: O) {
                    op.run(s);
                }
                op!(inner(self, op))
            }

            #[inline(always)]
            fn splat(self, x: f32) -> __m256 {
                op!(_mm256_set1_ps(x))
            }
            #[inline(always)]
            fn add(self, a: __m256, b: __m256) -> __m256 {
                op!(_mm256_add_ps(a, b))
            }
            #[inline(always)]
            fn sub(self, a: __m256, b: __m256) -> __m256 {
                op!(_mm256_sub_ps(a, b))
            }
            #[inline(always)]
            fn mul(self, a: __m256, b: __m256) -> __m256 {
                op!(_mm256_mul_ps(a, b))
            }
            #[inline(always)]
            fn div(self, a: __m256, b: __m256) -> __m256 {
                op!(_mm256_div_ps(a, b))
            }
            #[inline(always)]
            fn min(self, a: __m256, b: __m256) -> __m256 {
                op!(_mm256_min_ps(a, b))
            }
            #[inline(always)]
            fn max(self, a: __m256, b: __m256) -> __m256 {
                op!(_mm256_max_ps(a, b))
            }
            #[inline(always)]
            fn fma(self, a: __m256, b: __m256, c: __m256) -> __m256 {
                op!(_mm256_fmadd_ps(a, b, c))
            }
            #[inline(always)]
            fn mul_acc(self, a: __m256, b: __m256, c: __m256) -> __m256 {
                op!(_mm256_fmadd_ps(a, b, c))
            }
            #[inline(always)]
            fn scale2(self, a: __m256, n: __m256) -> __m256 {
                op!(_mm256_castsi256_ps(_mm256_add_epi32(
                    _mm256_castps_si256(a),
                    _mm256_slli_epi32::<23>(_mm256_castps_si256(n))
                )))
            }

            #[inline(always)]
            fn load(self, x: &[f32]) -> __m256 {
                let x = &x[..8];
                // SAFETY: as above, and the slice has eight elements.
                unsafe { _mm256_loadu_ps(x.as_ptr()) }
            }
            #[inline(always)]
            fn clamp(self, a: __m256, bound: __m256) -> __m256 {
                self.max(self.min(a, bound), self.sub(self.splat(0.0), bound))
            }
            #[inline(always)]
            fn load_d(self, x: &[f64]) -> Self::D {
                let x = &x[..8];
                // SAFETY: as above, and the slice has eight elements.
                unsafe {
                    [
                        _mm256_loadu_pd(x.as_ptr()),
                        _mm256_loadu_pd(x.as_ptr().add(4)),
                    ]
                }
            }
            #[inline(always)]
            fn store_d(self, a: Self::D, to: &mut [f64]) {
                let to = &mut to[..8];
                // SAFETY: as above, and the slice has eight elements.
                unsafe {
                    _mm256_storeu_pd(to.as_mut_ptr(), a[0]);
                    _mm256_storeu_pd(to.as_mut_ptr().add(4), a[1]);
                }
            }
            #[inline(always)]
            fn add_d(self, acc: Self::D, a: __m256) -> Self::D {
                op!({
                    let low = _mm256_cvtps_pd(_mm256_castps256_ps128(a));
                    let high = _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(a));
                    [_mm256_add_pd(acc[0], low), _mm256_add_pd(acc[1], high)]
                })
            }

            #[inline(always)]
            fn splat_i(self, x: i32) -> __m256i {
                op!(_mm256_set1_epi32(x))
            }
            #[inline(always)]
            fn dot(self, acc: __m256i, a: __m256i, w: __m256i) -> __m256i {
                $dot(self, acc, a, w)
            }
            #[inline(always)]
            fn to_f(self, a: __m256i) -> __m256 {
                op!(_mm256_cvtepi32_ps(a))
            }
            #[inline(always)]
            fn round(self, a: __m256) -> __m256i {
                op!(_mm256_cvtps_epi32(a))
            }
            #[inline(always)]
            fn add_i(self, a: __m256i, b: __m256i) -> __m256i {
                op!(_mm256_add_epi32(a, b))
            }
            #[inline(always)]
            fn or(self, a: __m256i, b: __m256i) -> __m256i {
                op!(_mm256_or_si256(a, b))
            }
            #[inline(always)]
            fn and(self, a: __m256i, b: __m256i) -> __m256i {
                op!(_mm256_and_si256(a, b))
            }
            #[inline(always)]
            fn shl<const N: u32>(self, a: __m256i) -> __m256i {
                op!(_mm256_sll_epi32(a, _mm_cvtsi32_si128(N as i32)))
            }
            #[inline(always)]
            fn shr<const N: u32>(self, a: __m256i) -> __m256i {
                op!(_mm256_srl_epi32(a, _mm_cvtsi32_si128(N as i32)))
            }
            #[inline(always)]
            fn bits(self, a: __m256) -> __m256i {
                op!(_mm256_castps_si256(a))
            }
            #[inline(always)]
            fn store_bytes(self, a: __m256i, to: &mut [u8]) {
                let to = &mut to[..8];
                // SAFETY: as above, and the slice has eight elements.
                unsafe {
                    let low = _mm256_castsi256_si128(a);
                    let words = _mm_packs_epi32(low, _mm256_extracti128_si256::<1>(a));
                    let bytes = _mm_packus_epi16(words, words);
                    _mm_storel_epi64(to.as_mut_ptr().cast(), bytes);
                }
            }
        }
    };
}

/// With AVX-VNNI.
#[inline(always)]
fn dot_vnni(_proof: Avx2Vnni, acc: __m256i, a: __m256i, w: __m256i) -> __m256i {
    op!(_mm256_dpbusd_avx_epi32(acc, a, w))
}

simd!(Avx2, "avx2,fma", dot_widened);
simd!(Avx2Vnni, "avx2,fma,avxvnni", dot_vnni);
