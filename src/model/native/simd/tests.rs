//! Every instruction set against scalar code.

use super::*;
use proptest::prelude::*;

/// Two vectors of each kind from the same values in every lane.
struct Case {
    x: [f32; 3],
    a: i32,
    w: i32,
    acc: i32,
}

/// The lane values of all operations.
struct AllOps<'a> {
    case: &'a Case,
    out: &'a mut Vec<u32>,
}

impl<S: Simd> Op<S> for AllOps<'_> {
    #[inline(always)]
    fn run(mut self, s: S) {
        let [x, y, z] = self.case.x.map(|x| s.splat(x));
        let [a, w, acc] = [self.case.a, self.case.w, self.case.acc].map(|i| s.splat_i(i));
        let n = s.splat(12_582_912.0 - 3.0);
        let floats = [
            s.add(x, y),
            s.sub(x, y),
            s.mul(x, y),
            s.div(x, y),
            s.min(x, y),
            s.max(x, y),
            s.fma(x, y, z),
            s.scale2(x, n),
            s.to_f(a),
            s.clamp(x, s.max(z, s.sub(s.splat(0.0), z))),
        ];
        for v in floats {
            self.out.push(lanes::<S>(&[v])[S::LANES - 1].to_bits());
        }
        // Integers are read through their two halves, each of which an f32 holds exactly.
        let ints = [
            s.dot(acc, a, w),
            s.round(x),
            s.add_i(a, w),
            s.or(a, w),
            s.and(a, w),
            s.shl::<8>(a),
            s.shr::<8>(a),
            s.bits(x),
        ];
        for v in ints {
            let half = |v| lanes::<S>(&[s.to_f(v)])[0] as u32;
            let low = half(s.and(v, s.splat_i(0xffff)));
            self.out.push(half(s.shr::<16>(v)) << 16 | low);
        }
        self.memory(s);
    }
}

impl AllOps<'_> {
    /// Loads, stores and sums of sixteen different lanes, in as many vectors as it takes.
    #[inline(always)]
    fn memory<S: Simd>(&mut self, s: S) {
        let (x, sums) = sixteen(self.case);
        let mut sums = sums;
        let mut bytes = [0; 16];
        for at in (0..16).step_by(S::LANES) {
            let x = s.load(&x[at..]);
            let sum = s.add_d(s.load_d(&sums[at..]), x);
            s.store_d(sum, &mut sums[at..]);
            s.store_bytes(s.and(s.bits(x), s.splat_i(0xff)), &mut bytes[at..]);
        }
        self.out.extend(
            sums.map(|d| d.to_bits())
                .iter()
                .flat_map(|d| [*d as u32, (*d >> 32) as u32]),
        );
        self.out.extend(bytes.map(u32::from));
    }
}

/// Sixteen values and sums.
fn sixteen(case: &Case) -> ([f32; 16], [f64; 16]) {
    let x = std::array::from_fn(|i| case.x[i % 3] * (1.0 + i as f32));
    (
        x,
        std::array::from_fn(|i| f64::from(case.x[2]) / (1.0 + i as f64)),
    )
}

fn scalar(case: &Case) -> Vec<u32> {
    let Case {
        x: [x, y, z],
        a,
        w,
        acc,
    } = *case;
    let (bytes, weights) = (a.to_le_bytes(), w.to_le_bytes().map(|b| b as i8));
    let dot: i32 = bytes
        .iter()
        .zip(weights)
        .map(|(a, w)| i32::from(*a) * i32::from(w))
        .sum();
    let floats = [
        x + y,
        x - y,
        x * y,
        x / y,
        if x < y { x } else { y },
        if x > y { x } else { y },
        x.mul_add(y, z),
        x / 8.0,
        a as f32,
        x.clamp(-z.abs(), z.abs()),
    ];
    let ints = [
        acc.wrapping_add(dot),
        x.round_ties_even() as i32,
        a.wrapping_add(w),
        a | w,
        a & w,
        a << 8,
        (a as u32 >> 8) as i32,
        x.to_bits() as i32,
    ];
    let (values, sums) = sixteen(case);
    let sums = values
        .iter()
        .zip(sums)
        .map(|(x, sum)| (sum + f64::from(*x)).to_bits());
    let floats = floats.into_iter().map(f32::to_bits);
    floats
        .chain(ints.into_iter().map(|i| i as u32))
        .chain(sums.flat_map(|d| [d as u32, (d >> 32) as u32]))
        .chain(values.iter().map(|x| x.to_bits() & 0xff))
        .collect()
}

fn all(case: &Case) -> Vec<(&'static str, Vec<u32>)> {
    fn one<S: Simd>(s: S, case: &Case) -> Vec<u32> {
        let mut out = Vec::new();
        s.call(AllOps {
            case,
            out: &mut out,
        });
        out
    }
    #[allow(unused_mut)]
    let mut sets = vec![("portable", one(Portable, case))];
    #[cfg(target_arch = "x86_64")]
    {
        sets.extend(Avx2::new().map(|s| ("avx2", one(s, case))));
        sets.extend(Avx2Vnni::new().map(|s| ("avx2 vnni", one(s, case))));
        sets.extend(Avx512::new().map(|s| ("avx512", one(s, case))));
    }
    sets
}

fn value() -> impl Strategy<Value = f32> {
    prop_oneof![
        -1e6f32..1e6,
        -2f32..2.0,
        (-2000i32..2000).prop_map(|i| i as f32 / 2.0 + 0.001),
        (-2000i32..2000).prop_map(|i| i as f32 + 0.5),
    ]
}

/// Words whose bytes are often extreme: sums of their products saturate 16 bits.
fn word() -> impl Strategy<Value = i32> {
    let byte = prop_oneof![
        Just(0u8),
        Just(0x7f),
        Just(0x80),
        Just(0x81),
        Just(0xff),
        any::<u8>()
    ];
    prop::array::uniform4(byte).prop_map(i32::from_le_bytes)
}

proptest! {
    #[test]
    fn every_operation_agrees_with_scalar_code(
        x in prop::array::uniform3(value()),
        a in word(),
        w in word(),
        acc in any::<i32>(),
    ) {
        let case = Case { x, a, w, acc };
        let want = scalar(&case);
        for (name, got) in all(&case) {
            prop_assert_eq!(&got, &want, "{}", name);
        }
    }
}
