//! The period of the next epoch: by what was measured, by the time it took, or as another session
//! had it.

use super::limits::ENOUGH;
use super::meter::Spent;
use super::mode::Sampling;
use super::strata::Strata;
use super::target;

/// Part of the time allowed that is aimed at: the next epoch may pass faster than the ones before.
const AIM: f64 = 0.9;

impl Sampling {
    /// The sampling period, in units, of the epoch that begins at retirement `index`, which is as
    /// long as everything before it; `spent` is what everything before it took.
    pub(crate) fn period(&self, strata: &Strata, index: u64, spent: Spent) -> u64 {
        match self {
            Sampling::Full | Sampling::FixedRate { .. } => 1,
            Sampling::TargetError {
                half_width,
                targets,
            } => target::period(*half_width, targets, strata, index),
            Sampling::TargetOverhead { overhead } => affordable(*overhead, strata, index, spent),
            Sampling::Plan { periods } => {
                let known = periods.get(strata.plan.len()).or(periods.last());
                known.copied().unwrap_or(1)
            }
        }
    }
}

/// See [`Sampling::period`]. The next epoch will take as long as everything before it, and its units
/// will cost what those before it did.
fn affordable(overhead: f64, strata: &Strata, index: u64, spent: Spent) -> u64 {
    let slots = index / strata.unit;
    let measuring = spent.measuring.as_secs_f64();
    let allowed = AIM * overhead * 2.0 * spent.other.as_secs_f64() - measuring;
    let units = allowed / (measuring / strata.units() as f64);
    // Rounded towards zero; NaN if a clock did not advance.
    let units = (units as u64).clamp(ENOUGH.min(slots), slots);
    slots.div_ceil(units.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;
    use std::time::Duration;

    fn spent(measuring: f64, other: f64) -> Spent {
        Spent {
            measuring: Duration::from_secs_f64(measuring),
            other: Duration::from_secs_f64(other),
        }
    }

    fn strata(units: u64) -> Strata {
        let mut s = Strata::new(1, 1000);
        s.current.units = units;
        s
    }

    proptest! {
        /// Where the future is like the past, the time for measuring stays within the share; where
        /// fewer than the least units are asked for, it is far past it already.
        #[test]
        fn what_is_chosen_can_be_afforded(
            slots in 32u64..1 << 40, share in 0.0001f64..1.0, cost in 1e-6f64..1e-2,
            other in 1e-6f64..1e3, overhead in 0.001f64..10.0,
        ) {
            let units = ((slots as f64 * share) as u64).max(1);
            let measuring = units as f64 * cost;
            let period = affordable(overhead, &strata(units), 1000 * slots, spent(measuring, other));
            prop_assert!((1..=slots).contains(&period));
            let chosen = slots / period;
            let total = measuring + chosen as f64 * cost;
            let allowed = overhead * 2.0 * other;
            prop_assert!(total <= allowed || chosen <= ENOUGH, "{total} {allowed} {chosen}");
            // And most of what is allowed is used, as far as periods are whole units.
            let more = measuring + (slots / (period - 1).max(1)) as f64 * cost;
            prop_assert!(period == 1 || more > 0.8 * allowed, "{more} {allowed} {period}");
        }
    }

    #[test]
    fn a_clock_that_stands_still_stops_nothing() {
        let none = Spent::default();
        assert!((1..=64).contains(&affordable(0.1, &strata(32), 64_000, none)));
        assert_eq!(affordable(0.1, &strata(32), 64_000, spent(0.0, 1.0)), 1);
    }

    #[test]
    fn a_plan_goes_on_as_it_ends() {
        let plan = |periods| Sampling::Plan {
            periods: Arc::new(periods),
        };
        let pace = plan(vec![1, 7]);
        let mut s = strata(32);
        for want in [1, 7, 7, 7] {
            let period = pace.period(&s, 32_000, Spent::default());
            s.plan.push(period);
            assert_eq!(period, want);
        }
        let none = plan(Vec::new());
        assert_eq!(none.period(&s, 32_000, Spent::default()), 1);
    }
}
