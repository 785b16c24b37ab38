//! The little dense algebra of estimates and calibration, in f64.
//!
//! Every sum is in an order that is written here, so that equal input gives equal bits on every
//! processor. Libraries of matrix products choose theirs by the processor's vector registers.

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

    /// Both triangles.
    pub fn dense(&self) -> Square {
        let mut out = Square::diagonal(self.n, 0.0);
        let mut upper = self.upper.iter();
        for i in 0..self.n {
            for (j, x) in (i..self.n).zip(&mut upper) {
                out.row_mut(i)[j] = *x;
                out.row_mut(j)[i] = *x;
            }
        }
        out
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

/// A square matrix, by rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Square {
    n: usize,
    elements: Vec<f64>,
}

impl Square {
    /// `x` on the diagonal, zeros elsewhere.
    pub fn diagonal(n: usize, x: f64) -> Self {
        let mut out = Self {
            n,
            elements: vec![0.0; n * n],
        };
        out.on_diagonal(|_| x);
        out
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.elements.chunks_exact(self.n.max(1))
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.elements[i * self.n..][..self.n]
    }

    fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.elements[i * self.n..][..self.n]
    }

    /// Replaces each element of the diagonal by what `f` makes of it.
    pub fn on_diagonal(&mut self, f: impl Fn(f64) -> f64) {
        for x in self.elements.iter_mut().step_by(self.n + 1) {
            *x = f(*x);
        }
    }

    /// The mean of the diagonal.
    pub fn mean_diagonal(&self) -> f64 {
        self.elements.iter().step_by(self.n + 1).sum::<f64>() / self.n as f64
    }

    /// `A x`.
    pub fn times(&self, x: &[f64]) -> Vec<f64> {
        self.rows().map(|row| dot(row, x)).collect()
    }

    /// `A' x`.
    pub fn transposed_times(&self, x: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.n];
        for (row, x) in self.rows().zip(x) {
            add_scaled(&mut out, *x, row);
        }
        out
    }

    /// `A B`.
    fn multiply(&self, b: &Square) -> Square {
        let mut out = Self::diagonal(self.n, 0.0);
        for (i, row) in self.rows().enumerate() {
            for (x, b_row) in row.iter().zip(b.rows()) {
                add_scaled(out.row_mut(i), *x, b_row);
            }
        }
        out
    }

    /// `L' A L`, where L is this matrix.
    pub fn sandwich(&self, a: &Square) -> Square {
        let product = a.multiply(self);
        let mut out = Self::diagonal(self.n, 0.0);
        for (l_row, p_row) in self.rows().zip(product.rows()) {
            for (i, x) in l_row.iter().enumerate() {
                add_scaled(out.row_mut(i), *x, p_row);
            }
        }
        out
    }

    /// The lower factor L of `A = L L'` (zeros above the diagonal), or `None` where A is not
    /// positive definite in f64.
    pub fn cholesky(&self) -> Option<Square> {
        let mut l = Self::diagonal(self.n, 0.0);
        for (i, a) in self.rows().enumerate() {
            let (above, rest) = l.elements.split_at_mut(i * self.n);
            let row = &mut rest[..self.n];
            for (j, before) in above.chunks_exact(self.n).enumerate() {
                row[j] = (a[j] - dot(&row[..j], &before[..j])) / before[j];
            }
            let pivot = a[i] - dot(&row[..i], &row[..i]);
            if !(pivot > 0.0 && pivot.is_finite()) {
                return None;
            }
            row[i] = pivot.sqrt();
        }
        Some(l)
    }

    /// Solves `L L' x = b`, where L is this matrix.
    pub fn solve_with_transposed(&self, b: &[f64]) -> Vec<f64> {
        let mut x = b.to_vec();
        for i in 0..x.len() {
            let row = self.row(i);
            x[i] = (x[i] - dot(&row[..i], &x[..i])) / row[i];
        }
        for i in (0..x.len()).rev() {
            let row = self.row(i);
            let (before, from) = x.split_at_mut(i);
            from[0] /= row[i];
            add_scaled(before, -from[0], row);
        }
        x
    }
}

/// Adds `x row`.
fn add_scaled(out: &mut [f64], x: f64, row: &[f64]) {
    for (o, r) in out.iter_mut().zip(row) {
        *o += x * r;
    }
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
