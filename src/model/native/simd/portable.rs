//! Plain Rust, which the compiler vectorises for whatever the target is: eight lanes.

use super::{Op, Simd};

/// The instruction set that every CPU has.
#[derive(Clone, Copy)]
pub struct Portable;

/// Eight lanes.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub struct Vector<T>([T; 8]);

#[inline(always)]
fn map<T: Copy, R: Copy + Default>(a: Vector<T>, f: impl Fn(T) -> R) -> Vector<R> {
    let mut out = [R::default(); 8];
    for (o, x) in out.iter_mut().zip(a.0) {
        *o = f(x);
    }
    Vector(out)
}

#[inline(always)]
fn map2<T: Copy, R: Copy + Default>(
    a: Vector<T>,
    b: Vector<T>,
    f: impl Fn(T, T) -> R,
) -> Vector<R> {
    let mut out = [R::default(); 8];
    for (o, (a, b)) in out.iter_mut().zip(a.0.into_iter().zip(b.0)) {
        *o = f(a, b);
    }
    Vector(out)
}

/// Whether `f32::mul_add` is an instruction: x86-64 alone lacks it in its baseline.
const HAS_FMA: bool = cfg!(any(not(target_arch = "x86_64"), target_feature = "fma"));

impl Simd for Portable {
    const LANES: usize = 8;
    type F = Vector<f32>;
    type I = Vector<i32>;
    type D = Vector<f64>;

    fn call<O: Op<Self>>(self, op: O) {
        op.run(self);
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::F {
        Vector([x; 8])
    }
    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        map2(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        map2(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        map2(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: Self::F, b: Self::F) -> Self::F {
        map2(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        map2(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        map2(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn fma(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        let mut out = c;
        for l in 0..8 {
            out.0[l] = a.0[l].mul_add(b.0[l], c.0[l]);
        }
        out
    }
    #[inline(always)]
    fn mul_acc(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        if HAS_FMA {
            self.fma(a, b, c)
        } else {
            self.add(self.mul(a, b), c)
        }
    }
    #[inline(always)]
    fn scale2(self, a: Self::F, n: Self::F) -> Self::F {
        map2(a, n, |a, n| {
            f32::from_bits(a.to_bits().wrapping_add(n.to_bits() << 23))
        })
    }

    #[inline(always)]
    fn load(self, x: &[f32]) -> Self::F {
        let mut out = [0.0; 8];
        out.copy_from_slice(&x[..8]);
        Vector(out)
    }
    #[inline(always)]
    fn clamp(self, a: Self::F, bound: Self::F) -> Self::F {
        self.max(self.min(a, bound), self.sub(self.splat(0.0), bound))
    }
    #[inline(always)]
    fn load_d(self, x: &[f64]) -> Self::D {
        let mut out = [0.0; 8];
        out.copy_from_slice(&x[..8]);
        Vector(out)
    }
    #[inline(always)]
    fn store_d(self, a: Self::D, to: &mut [f64]) {
        to[..8].copy_from_slice(&a.0);
    }
    #[inline(always)]
    fn add_d(self, acc: Self::D, a: Self::F) -> Self::D {
        let mut out = acc;
        for l in 0..8 {
            out.0[l] += f64::from(a.0[l]);
        }
        out
    }

    #[inline(always)]
    fn splat_i(self, x: i32) -> Self::I {
        Vector([x; 8])
    }
    #[inline(always)]
    fn dot(self, acc: Self::I, a: Self::I, w: Self::I) -> Self::I {
        let mut out = acc;
        for l in 0..8 {
            let (a, w) = (a.0[l], w.0[l]);
            for shift in [0, 8, 16, 24] {
                let product = (a >> shift & 0xff) * i32::from((w >> shift) as i8);
                out.0[l] = out.0[l].wrapping_add(product);
            }
        }
        out
    }
    #[inline(always)]
    fn to_f(self, a: Self::I) -> Self::F {
        map(a, |x| x as f32)
    }
    #[inline(always)]
    fn round(self, a: Self::F) -> Self::I {
        map(a, |x| x.round_ties_even() as i32)
    }
    #[inline(always)]
    fn add_i(self, a: Self::I, b: Self::I) -> Self::I {
        map2(a, b, i32::wrapping_add)
    }
    #[inline(always)]
    fn or(self, a: Self::I, b: Self::I) -> Self::I {
        map2(a, b, |a, b| a | b)
    }
    #[inline(always)]
    fn and(self, a: Self::I, b: Self::I) -> Self::I {
        map2(a, b, |a, b| a & b)
    }
    #[inline(always)]
    fn shl<const N: u32>(self, a: Self::I) -> Self::I {
        map(a, |x| x << N)
    }
    #[inline(always)]
    fn shr<const N: u32>(self, a: Self::I) -> Self::I {
        map(a, |x| (x as u32 >> N) as i32)
    }
    #[inline(always)]
    fn bits(self, a: Self::F) -> Self::I {
        map(a, |x| x.to_bits() as i32)
    }
    #[inline(always)]
    fn store_bytes(self, a: Self::I, to: &mut [u8]) {
        for (to, x) in to[..8].iter_mut().zip(a.0) {
            *to = x as u8;
        }
    }
}
