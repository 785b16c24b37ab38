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
