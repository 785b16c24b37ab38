//! The little dense algebra of estimates and calibration, in f64.

/// A symmetric matrix: the upper triangle by rows, n(n+1)/2 elements.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Symmetric {
    n: usize,
    upper: Vec<f64>,
}

impl Symmetric {
    /// The zero matrix.
    pub fn zero(n: usize) -> Self {
        Self {
            n,
            upper: vec![0.0; n * (n + 1) / 2],
        }
    }

    /// Adds `scale x x'`.
    pub fn add_outer(&mut self, x: &[f64], scale: f64) {
        add_outer(&mut self.upper, x, scale);
    }

    /// Adds another matrix.
    pub fn add(&mut self, other: &Symmetric) {
        for (a, b) in self.upper.iter_mut().zip(&other.upper) {
            *a += b;
        }
    }

    /// The matrix as n x n rows.
    pub fn dense(&self) -> Vec<f64> {
        let n = self.n;
        let mut out = vec![0.0; n * n];
        let mut upper = self.upper.iter();
        for i in 0..n {
            for j in i..n {
                let x = upper.next().copied().unwrap_or(0.0);
                out[i * n + j] = x;
                out[j * n + i] = x;
            }
        }
        out
    }

    /// Sum of the diagonal.
    pub fn trace(&self) -> f64 {
        let mut at = 0;
        (0..self.n)
            .map(|i| {
                let x = self.upper[at];
                at += self.n - i;
                x
            })
            .sum()
    }
}

/// Adds `scale x x'` to a symmetric matrix, of which `upper` is the upper triangle by rows.
pub(crate) fn add_outer(upper: &mut [f64], x: &[f64], scale: f64) {
    let mut rest = upper;
    for (i, a) in x.iter().enumerate() {
        let (row, tail) = rest.split_at_mut(x.len() - i);
        let factor = scale * a;
        for (m, b) in row.iter_mut().zip(&x[i..]) {
            *m += factor * b;
        }
        rest = tail;
    }
}

/// `A x` for n x n rows.
pub(super) fn times(a: &[f64], x: &[f64]) -> Vec<f64> {
    a.chunks_exact(x.len()).map(|row| dot(row, x)).collect()
}

/// `A' x` for n x n rows.
pub(super) fn transposed_times(a: &[f64], x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    for (row, x) in a.chunks_exact(x.len()).zip(x) {
        for (o, a) in out.iter_mut().zip(row) {
            *o += a * x;
        }
    }
    out
}

/// `L' A L` for n x n rows.
pub(super) fn sandwich(l: &[f64], a: &[f64], n: usize) -> Vec<f64> {
    let product = multiply(a, l, n);
    let mut out = vec![0.0; n * n];
    for (l_row, p_row) in l.chunks_exact(n).zip(product.chunks_exact(n)) {
        for (o_row, x) in out.chunks_exact_mut(n).zip(l_row) {
            axpy(o_row, *x, p_row);
        }
    }
    out
}

fn multiply(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    for (o_row, a_row) in out.chunks_exact_mut(n).zip(a.chunks_exact(n)) {
        for (x, b_row) in a_row.iter().zip(b.chunks_exact(n)) {
            axpy(o_row, *x, b_row);
        }
    }
    out
}

fn axpy(out: &mut [f64], x: f64, row: &[f64]) {
    for (o, r) in out.iter_mut().zip(row) {
        *o += x * r;
    }
}

/// The lower factor L of `A = L L'` (zeros above the diagonal), or `None` where A is not
/// positive definite in f64.
pub(super) fn cholesky(a: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        let (above, rest) = l.split_at_mut(i * n);
        let row = &mut rest[..n];
        for (j, before) in above.chunks_exact(n).enumerate() {
            row[j] = (a[i * n + j] - dot(&row[..j], &before[..j])) / before[j];
        }
        let pivot = a[i * n + i] - dot(&row[..i], &row[..i]);
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        row[i] = pivot.sqrt();
    }
    Some(l)
}

/// Solves `L L' x = b`.
pub(super) fn cholesky_solve(l: &[f64], b: &[f64]) -> Vec<f64> {
    let n = b.len();
    let mut x = b.to_vec();
    for i in 0..n {
        let row = &l[i * n..][..n];
        x[i] = (x[i] - dot(&row[..i], &x[..i])) / row[i];
    }
    for i in (0..n).rev() {
        let (before, from) = x.split_at_mut(i);
        from[0] /= l[i * n + i];
        axpy(before, -from[0], &l[i * n..]);
    }
    x
}

/// `sum(a[i] b[i])` in f64. Partial sums in independent chains let the compiler use vector
/// registers; their order is fixed, so equal input gives equal bits everywhere.
pub(crate) fn dot<A: Copy + Into<f64>, B: Copy + Into<f64>>(a: &[A], b: &[B]) -> f64 {
    const LANES: usize = 8;
    let product = |x: &A, y: &B| -> f64 {
        let (x, y): (f64, f64) = ((*x).into(), (*y).into());
        x * y
    };
    let mut sums = [0.0f64; LANES];
    let (a8, a_rest) = a.as_chunks::<LANES>();
    let (b8, b_rest) = b.as_chunks::<LANES>();
    for (x, y) in a8.iter().zip(b8) {
        for lane in 0..LANES {
            sums[lane] += product(&x[lane], &y[lane]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| product(x, y)).sum();
    sums.iter().sum::<f64>() + rest
}
