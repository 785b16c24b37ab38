//! The period of the next epoch: by what was measured, by the time it took, or as another session
//! had it.

use super::limits::ENOUGH;
use super::meter::Spent;
use super::mode::Sampling;
use super::strata::{epoch_end, Strata};
use super::target;

/// Part of the time allowed that is aimed at: the next epoch may pass faster than the ones before.
const AIM: f64 = 0.9;

impl Sampling {
    /// The sampling period, in units, of the epoch that begins at retirement `index`; `spent` is
    /// what everything before it took.
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

/// See [`Sampling::period`]. A retirement of what comes will take as long as those before it, and its
/// units will cost what those before it did. Where the next epoch has not time for units enough, the
/// period is chosen for as much as all before it, and kept until that is over.
fn affordable(overhead: f64, strata: &Strata, index: u64, spent: Spent) -> u64 {
    let measuring = spent.measuring.as_secs_f64();
    // Slots up to `end`, and units there is time for: rounded towards zero; NaN if a clock did
    // not advance.
    let until = |end: u64| {
        let slots = ((end - index) / strata.unit).max(1);
        let other = spent.other.as_secs_f64() * (end as f64 / index as f64);
        let allowed = AIM * overhead * other - measuring;
        let units = allowed / (measuring / strata.units() as f64);
        (slots, units as u64)
    };
    let (slots, units) = until(epoch_end(index, strata.unit));
    if units >= ENOUGH {
        return slots.div_ceil(units.min(slots));
    }
    match strata.plan.last() {
        Some(period) if !(index / strata.unit).is_power_of_two() => *period,
        _ => {
            let (slots, units) = until(index.saturating_mul(2));
            slots.div_ceil(units.clamp(ENOUGH.min(slots), slots).max(1))
        }
    }
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
            let index = 1000 * slots;
            let period = affordable(overhead, &strata(units), index, spent(measuring, other));
            prop_assert!((1..=slots).contains(&period));
            // For the next epoch, or for as much as all before it.
            let suits = [epoch_end(index, 1000), 2 * index].map(|end| {
                let ahead = (end - index) / 1000;
                let allowed = overhead * other * end as f64 / index as f64;
                let total = measuring + (ahead / period) as f64 * cost;
                // And most of what is allowed is used, as far as periods are whole units.
                let more = measuring + (ahead / (period - 1).max(1)) as f64 * cost;
                (total <= allowed || ahead / period <= ENOUGH) && (period == 1 || more > 0.8 * allowed)
            });
            prop_assert!(suits[0] || suits[1], "{suits:?} {period}");
        }
    }

    #[test]
    fn a_period_that_is_too_long_for_an_epoch_is_kept() {
        let mut s = strata(200);
        s.plan.push(40);
        // Next to no time: of 2048 units ahead, 16; then none of the parts of these has enough.
        let little = spent(1.0, 1.0);
        assert_eq!(affordable(0.1, &s, 2_048_000, little), 128);
        s.plan.push(128);
        assert_eq!(affordable(0.1, &s, 2_048_000 + 256_000, little), 128);
        // Time for every unit of the epoch.
        assert_eq!(
            affordable(10.0, &s, 2_048_000 + 256_000, spent(1e-3, 1.0)),
            1
        );
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
