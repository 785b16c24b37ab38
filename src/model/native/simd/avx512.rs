//! AVX-512 with VNNI: sixteen lanes.

use super::{Op, Simd};
use std::arch::x86_64::*;

/// Proof that the CPU has AVX-512 F, BW, DQ, VL and VNNI.
#[derive(Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    /// The instruction set, where the CPU has it.
    pub fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni"))
        .then_some(Self(()))
    }
}

/// Wraps an intrinsic call.
macro_rules! op {
    ($e:expr) => {
        // SAFETY: `self` exists only where the CPU has the instruction set.
        unsafe { $e }
    };
}

impl Simd for Avx512 {
    const LANES: usize = 16;
    type F = __m512;
    type I = __m512i;
    type D = [__m512d; 2];

    fn call<O: Op<Self>>(self, op: O) {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
        fn inner<O: Op<Avx512>>(s: Avx512, op: O) {
            op.run(s);
        }
        op!(inner(self, op))
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        op!(_mm512_set1_ps(x))
    }
    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_mul_ps(a, b))
    }
    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_div_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_min_ps(a, b))
    }
    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_max_ps(a, b))
    }
    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        op!(_mm512_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn mul_acc(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        op!(_mm512_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn scale2(self, a: __m512, n: __m512) -> __m512 {
        op!(_mm512_castsi512_ps(_mm512_add_epi32(
            _mm512_castps_si512(a),
            _mm512_slli_epi32::<23>(_mm512_castps_si512(n))
        )))
    }

    #[inline(always)]
    fn load(self, x: &[f32]) -> __m512 {
        let x = &x[..16];
        // SAFETY: as above, and the slice has sixteen elements.
        unsafe { _mm512_loadu_ps(x.as_ptr()) }
    }
    #[inline(always)]
    fn clamp(self, a: __m512, bound: __m512) -> __m512 {
        // The smaller magnitude with the sign of a.
        op!(_mm512_range_ps::<0b0010>(a, bound))
    }
    #[inline(always)]
    fn load_d(self, x: &[f64]) -> Self::D {
        let x = &x[..16];
        // SAFETY: as above, and the slice has sixteen elements.
        unsafe {
            [
                _mm512_loadu_pd(x.as_ptr()),
                _mm512_loadu_pd(x.as_ptr().add(8)),
            ]
        }
    }
    #[inline(always)]
    fn store_d(self, a: Self::D, to: &mut [f64]) {
        let to = &mut to[..16];
        // SAFETY: as above, and the slice has sixteen elements.
        unsafe {
            _mm512_storeu_pd(to.as_mut_ptr(), a[0]);
            _mm512_storeu_pd(to.as_mut_ptr().add(8), a[1]);
        }
    }
    #[inline(always)]
    fn add_d(self, acc: Self::D, a: __m512) -> Self::D {
        op!({
            let low = _mm512_cvtps_pd(_mm512_castps512_ps256(a));
            let high = _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(a));
            [_mm512_add_pd(acc[0], low), _mm512_add_pd(acc[1], high)]
        })
    }

    #[inline(always)]
    fn splat_i(self, x: i32) -> __m512i {
        op!(_mm512_set1_epi32(x))
    }
    #[inline(always)]
    fn dot(self, acc: __m512i, a: __m512i, w: __m512i) -> __m512i {
        op!(_mm512_dpbusd_epi32(acc, a, w))
    }
    #[inline(always)]
    fn to_f(self, a: __m512i) -> __m512 {
        op!(_mm512_cvtepi32_ps(a))
    }
    #[inline(always)]
    fn round(self, a: __m512) -> __m512i {
        op!(_mm512_cvtps_epi32(a))
    }
    #[inline(always)]
    fn add_i(self, a: __m512i, b: __m512i) -> __m512i {
        op!(_mm512_add_epi32(a, b))
    }
    #[inline(always)]
    fn or(self, a: __m512i, b: __m512i) -> __m512i {
        op!(_mm512_or_si512(a, b))
    }
    #[inline(always)]
    fn and(self, a: __m512i, b: __m512i) -> __m512i {
        op!(_mm512_and_si512(a, b))
    }
    #[inline(always)]
    fn shl<const N: u32>(self, a: __m512i) -> __m512i {
        op!(_mm512_slli_epi32::<N>(a))
    }
    #[inline(always)]
    fn shr<const N: u32>(self, a: __m512i) -> __m512i {
        op!(_mm512_srli_epi32::<N>(a))
    }
    #[inline(always)]
    fn bits(self, a: __m512) -> __m512i {
        op!(_mm512_castps_si512(a))
    }
    #[inline(always)]
    fn store_bytes(self, a: __m512i, to: &mut [u8]) {
        let to = &mut to[..16];
        // SAFETY: as above, and the slice has sixteen elements.
        unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(a)) }
    }
}
