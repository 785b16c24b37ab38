//! CPI stacks: an estimate split by cause.
//!
//! The representations of machines that stand for their own cores are cycles by part, so that a
//! core's estimate is a sum over the parts. Other models have none.

use super::{MicroarchTable, ProgramVector};
use crate::error::Result;

/// The causes, in the order of a core's elements of the representation. [`crate::twin::parts`] says
/// what each holds.
pub const PARTS: [&str; 11] = [
    "base",
    "fetch",
    "branch",
    "dependence",
    "ports",
    "window",
    "L1",
    "L2",
    "L3",
    "memory",
    "store",
];

/// Cycles by cause, in the order of [`PARTS`].
pub type Stack = [f64; PARTS.len()];

/// How the model ids of lists of cores begin.
pub const CORES: &str = "cores-";

impl MicroarchTable {
    /// Whether the representations of its model are cycles by part of each core of a list.
    pub fn has_parts(&self) -> bool {
        self.model_id().starts_with(CORES)
    }

    /// The estimate of every microarchitecture split by cause, in the table's order: the parts of
    /// each add up to its cycles, to the bit, in the order of [`PARTS`]. `None` where the model
    /// does not tell causes apart. Kind `Mismatch` for a vector of another model.
    pub fn stacks(&self, program: &ProgramVector) -> Result<Option<Vec<Stack>>> {
        self.check_program(program)?;
        if !self.has_parts() {
            return Ok(None);
        }
        let estimates = self.estimate(program)?;
        let scale = match program.measured {
            0 => 0.0,
            n => program.retired as f64 / n as f64,
        };
        let split = estimates
            .iter()
            .zip(self.entries())
            .map(|(estimate, core)| {
                let mut stack = [0.0; PARTS.len()];
                for (e, (m, sum)) in core.vector.iter().zip(&program.sum).enumerate() {
                    stack[e % PARTS.len()] += f64::from(*m) * sum * scale;
                }
                add_up_to(&mut stack, estimate.cycles);
                stack
            });
        Ok(Some(split.collect()))
    }

    /// [`error_90`] of every microarchitecture, in the table's order; `None` and errors as for
    /// [`MicroarchTable::stacks`].
    pub fn errors(&self, program: &ProgramVector) -> Result<Option<Vec<f64>>> {
        let Some(stacks) = self.stacks(program)? else {
            return Ok(None);
        };
        let estimates = self.estimate(program)?;
        let priced = self.entries().iter().zip(stacks.iter().zip(&estimates));
        Ok(Some(
            priced
                .map(|(core, (stack, e))| error_90(&core.kind, stack, e.half_width))
                .collect(),
        ))
    }
}

/// What each cause of a kind of core adds to the error, in the order of [`PARTS`]: relative to the
/// cycles of the cause, at 90 % ([`error_90`]); then what every estimate has. Fitted by
/// `benches/twin_errors.py --fit` on training programs, so wide that nine of ten errors of sources that
/// had no part in the fit are inside.
struct Spread {
    parts: Stack,
    all: f64,
}

const OUT_OF_ORDER: Spread = Spread {
    parts: [
        0.002, 0.01, 0.08, 0.12, 0.004, 0.222, 0.209, 0.276, 0.276, 0.235, 0.182,
    ],
    all: 0.002,
};
const IN_ORDER: Spread = Spread {
    parts: [
        0.002, 0.09, 0.008, 0.004, 0.038, 0.082, 0.046, 0.109, 0.124, 0.031, 0.049,
    ],
    all: 0.004,
};

/// Half width, relative to the cycles, of the interval that holds gem5's cycles in nine of ten
/// programs: the error of the machine, which depends on the causes that the cycles have, and that of
/// sampling, whose 95 % half width is given. `kind` is the microarchitecture's.
pub fn error_90(kind: &str, stack: &Stack, half_width: f64) -> f64 {
    /// Normal quantiles of two-sided intervals of 90 and 95 %.
    const Z90_OF_Z95: f64 = 1.644_854 / 1.959_964;
    let spread = match kind {
        "in-order" => IN_ORDER,
        _ => OUT_OF_ORDER,
    };
    let cycles: f64 = stack.iter().sum();
    if cycles <= 0.0 {
        return 1.0;
    }
    let parts = stack.iter().zip(spread.parts);
    let machine: f64 = parts.map(|(x, s)| (s * x / cycles).powi(2)).sum();
    (machine + spread.all.powi(2) + (Z90_OF_Z95 * half_width).powi(2)).sqrt()
}

/// Makes the parts add up to `total`, from which rounding keeps them.
pub fn add_up_to(stack: &mut Stack, total: f64) {
    if !total.is_normal() {
        return;
    }
    // In multiples of the total's last place every sum up to the total is exact; the largest part
    // takes what that leaves.
    let place = total.abs() * f64::EPSILON;
    let place = f64::from_bits(place.to_bits() & !((1 << 52) - 1));
    for x in stack.iter_mut() {
        *x = (*x / place).round() * place;
    }
    let off = total - stack.iter().sum::<f64>();
    let largest = stack.iter_mut().max_by(|a, b| a.total_cmp(b));
    *largest.expect("it has parts") += off;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::parts::Part;

    #[test]
    fn the_parts_are_those_of_the_machines() {
        assert_eq!(PARTS, Part::ALL.map(Part::name));
    }

    #[test]
    fn an_error_is_that_of_the_machine_and_of_sampling_together() {
        let mut stack = [0.0; PARTS.len()];
        assert_eq!(error_90("in-order", &stack, 0.0), 1.0);
        stack[0] = 1000.0;
        let alone = error_90("out-of-order", &stack, 0.0);
        let want = (OUT_OF_ORDER.all.powi(2) + OUT_OF_ORDER.parts[0].powi(2)).sqrt();
        assert!((alone - want).abs() < 1e-12);
        let sampled = error_90("out-of-order", &stack, 0.1);
        assert!((sampled.powi(2) - alone.powi(2) - 0.0839f64.powi(2)).abs() < 1e-4);
        // Where memory has a share, more is uncertain.
        stack[9] = 1000.0;
        assert!(error_90("out-of-order", &stack, 0.0) > alone);
    }

    proptest::proptest! {
        #[test]
        fn parts_add_up_to_the_bit(
            parts in proptest::array::uniform11(0.0f64..1e12), scale in 1.0f64..1000.0
        ) {
            let total = parts.iter().sum::<f64>() * scale;
            let mut stack = parts.map(|p| p * scale);
            add_up_to(&mut stack, total);
            proptest::prop_assert_eq!(stack.iter().sum::<f64>(), total);
        }
    }
}
