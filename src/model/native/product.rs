//! The int8 engine's product of matrices by itself: what the engine's speed is measured against.

use super::int8::{accumulate, Sums};
use super::simd::{words_mut, Op, Portable, Simd};
use super::tiles::tiles;

/// A product of `lanes` rows of `k` bytes `x` with `n` columns of weights `w`, both the same
/// everywhere, on the fastest instruction set of this CPU. Every call computes the whole product
/// and returns its last element, `k * x * w`. `k` and `n` are rounded up to whole words and groups.
#[doc(hidden)]
pub fn product(lanes: usize, k: usize, n: usize, x: u8, w: i8) -> Box<dyn FnMut() -> i32> {
    #[cfg(target_arch = "x86_64")]
    {
        use super::simd::{Avx2, Avx2Vnni, Avx512};
        if let Some(s) = Avx512::new() {
            return Product::<_, 2, 2>::work(s, [lanes, k, n], x, w);
        }
        if let Some(s) = Avx2Vnni::new() {
            return Product::<_, 1, 2>::work(s, [lanes, k, n], x, w);
        }
        if let Some(s) = Avx2::new() {
            return Product::<_, 1, 2>::work(s, [lanes, k, n], x, w);
        }
    }
    Product::<_, 1, 1>::work(Portable, [lanes, k, n], x, w)
}

struct Product<S: Simd, const U: usize, const V: usize> {
    k: usize,
    w: Vec<[[i32; 4]; U]>,
    /// Lanes in tiles, as the engine has them.
    x: Vec<[S::I; V]>,
    /// `[tile][group]`
    out: Vec<Sums<S, U, V>>,
}

impl<S: Simd, const U: usize, const V: usize> Product<S, U, V> {
    fn work(s: S, [lanes, k, n]: [usize; 3], x: u8, w: i8) -> Box<dyn FnMut() -> i32> {
        let (words, groups) = (k.div_ceil(4), n.div_ceil(4 * U));
        let tiles = tiles::<S, V>(lanes);
        // Padding has no weight.
        let word = |at: usize| {
            i32::from_le_bytes(std::array::from_fn(|i| {
                if 4 * at + i < k {
                    w as u8
                } else {
                    0
                }
            }))
        };
        let row: Vec<_> = (0..words).map(|at| [[word(at); 4]; U]).collect();
        let mut this = Self {
            k: words,
            w: row.repeat(groups),
            x: vec![[s.splat_i(i32::from_le_bytes([x; 4])); V]; tiles * words],
            out: vec![[[[s.splat_i(0); V]; 4]; U]; tiles * groups],
        };
        Box::new(move || {
            s.call(&mut this);
            let sums = this
                .out
                .as_flattened_mut()
                .as_flattened_mut()
                .as_flattened_mut();
            words_mut::<S>(sums).last().copied().unwrap_or(0)
        })
    }
}

impl<S: Simd, const U: usize, const V: usize> Op<S> for &mut Product<S, U, V> {
    #[inline(always)]
    fn run(self, s: S) {
        let zero = [[[s.splat_i(0); V]; 4]; U];
        let groups = self.w.len() / self.k;
        let tiles = self.x.chunks_exact(self.k);
        for (x, out) in tiles.zip(self.out.chunks_exact_mut(groups)) {
            for (w, out) in self.w.chunks_exact(self.k).zip(out) {
                *out = accumulate(s, zero, w, x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_product_is_the_product() {
        for (lanes, k, n) in [(1, 1, 1), (64, 164, 256), (33, 7, 9)] {
            assert_eq!(super::product(lanes, k, n, 200, -127)(), -25400 * k as i32);
        }
    }
}
