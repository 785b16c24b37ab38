//! Which retirements of a region are measured.

use super::strata::FIRST;
use super::{Sampling, SessionConfig};

/// What to do with the next retirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Do nothing: neither features nor model see it.
    Idle,
    /// Update the features only.
    Skip,
    /// Keep its row as warm-up for what follows.
    Warm,
    /// Measure it; true starts a new segment.
    Measure(bool),
}

/// Plans segments over the retirements of regions. A function of the configuration and of the
/// position in the stream alone.
#[derive(Debug, Clone)]
pub struct Planner {
    segment: u64,
    warmup: u64,
    /// How long before a unit's warm-up the features are updated.
    warming: u64,
    /// Retirements per unit; 0 when all are measured.
    period: u64,
    random: u64,
    /// Where the current or next segment starts, as an index in the region.
    start: u64,
    /// Where the period of that segment ends.
    period_end: u64,
    /// Where the epoch ends, and with it what [`Planner::plan_epoch`] decided; past every index
    /// where the rate is fixed.
    epoch_end: u64,
    /// Whether the segment at `start` was cut by the end of a region.
    fresh: bool,
}

/// Past any stream, and far enough from the end of the numbers for sums of a few such.
pub const MAX_INDEX: u64 = 1 << 60;

/// The words of a planner's state in a snapshot.
pub type PlannerState = [u64; 6];

impl Planner {
    /// A planner at index 0.
    pub fn new(config: &SessionConfig, warmup: usize) -> Self {
        let period = match config.sampling {
            Sampling::Full => 0,
            Sampling::FixedRate { period } => period,
            _ => config.unit as u64,
        };
        let segment = if period == 0 {
            config.segment
        } else {
            config.unit
        } as u64;
        let mut plan = Self {
            segment,
            warmup: warmup as u64,
            warming: config.warming,
            period,
            random: config.seed ^ 0x9e37_79b9_7f4a_7c15,
            start: 0,
            period_end: 0,
            epoch_end: if config.sampling.has_epochs() {
                FIRST * config.unit as u64
            } else {
                u64::MAX
            },
            fresh: true,
        };
        plan.next_start(0);
        plan
    }

    /// Whether all retirements are measured.
    pub fn is_full(&self) -> bool {
        self.period == 0
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Chooses the segment of the period that begins at `from`.
    fn next_start(&mut self, from: u64) {
        self.fresh = true;
        if self.period == 0 {
            self.start = from;
            return;
        }
        let room = self.period - self.segment;
        let offset = if room == 0 {
            0
        } else if self.epoch_end < u64::MAX {
            // Whole units, so that each is as likely as any other and none straddles epochs.
            self.draw() % (self.period / self.segment) * self.segment
        } else {
            self.draw() % (room + 1)
        };
        self.start = from.saturating_add(offset);
        self.period_end = from.saturating_add(self.period);
    }

    /// Whether the retirement at `index` of the region waits for [`Planner::plan_epoch`].
    pub fn epoch_ends(&self, index: u64) -> bool {
        index == self.epoch_end
    }

    /// Begins an epoch at `index`, as long as everything before it, in which one unit in `period`
    /// is measured.
    pub fn plan_epoch(&mut self, index: u64, period: u64) {
        self.period = period * self.segment;
        self.epoch_end = index.saturating_mul(2).min(u64::MAX - 1);
        self.next_start(index);
    }

    /// What to do with the retirement at `index` of the region.
    pub fn step(&mut self, index: u64) -> Step {
        if index >= self.start + self.segment {
            let from = if self.period == 0 {
                index
            } else {
                self.period_end
            };
            self.next_start(from);
        }
        if index >= self.start {
            Step::Measure(std::mem::take(&mut self.fresh))
        } else if index + self.warmup >= self.start.min(self.epoch_end) {
            // The next epoch may begin with a unit.
            Step::Warm
        } else if self.idle(index) > 0 {
            Step::Idle
        } else {
            Step::Skip
        }
    }

    /// How many retirements from `index` of the region on are idle, of those before the unit that
    /// was chosen last: none where that is behind `index`.
    pub fn idle(&self, index: u64) -> u64 {
        let reach = self.warmup.saturating_add(self.warming);
        let end = self.start.min(self.epoch_end).saturating_sub(reach);
        end.saturating_sub(index)
    }

    /// [`Planner::step`] for the `most` retirements (at least one) from `index` on, as far as it is
    /// the same for them but for the first's start of a segment: the step, and for how many.
    pub fn run(&mut self, index: u64, most: u64) -> (Step, u64) {
        let step = self.step(index);
        let end = match step {
            Step::Measure(_) => self.start + self.segment,
            Step::Warm => self.start.min(self.epoch_end),
            Step::Skip => self.start.min(self.epoch_end) - self.warmup,
            Step::Idle => index + self.idle(index),
        };
        (step, most.min(end.min(self.epoch_end) - index))
    }

    /// A retirement outside every region: its row may be warm-up in full mode. It is never idle,
    /// since nobody knows how soon a region begins.
    pub fn outside(&self) -> Step {
        if self.is_full() {
            Step::Warm
        } else {
            Step::Skip
        }
    }

    /// The region ended before `index`: what follows starts a new segment.
    pub fn cut(&mut self, index: u64) {
        if index > self.start {
            if self.period == 0 {
                self.next_start(index);
            } else {
                let end = self.period_end;
                self.next_start(end);
            }
        }
    }

    /// The state for a snapshot.
    pub fn state(&self) -> PlannerState {
        [
            self.random,
            self.start,
            self.period_end,
            self.fresh.into(),
            self.period,
            self.epoch_end,
        ]
    }

    /// Whether the state fits a stream at `index` whose open segment, if there is one, has begun at
    /// `open.0` and holds `open.1` retirements. Bytes from outside may say anything.
    pub fn fits(&self, index: u64, open: Option<(u64, u64)>) -> bool {
        if self.start.max(self.period_end).max(self.period).max(index) > MAX_INDEX
            || self.period != 0 && (self.period < self.segment || self.period_end < index)
            || self.epoch_end < index
            // Twice nothing is nothing: epochs would end there for ever.
            || self.epoch_end == 0
        {
            return false;
        }
        let end = self.start + self.segment;
        // A plan reaches past the present: the segment, its period, and the epoch.
        if index > end.min(self.epoch_end) || self.period > 0 && self.period_end < end {
            return false;
        }
        match open {
            Some((first, len)) => {
                !self.fresh && first >= self.start && first + len == index && index > self.start
            }
            None => self.fresh || index == end,
        }
    }

    /// Takes the state back.
    pub fn set_state(&mut self, s: PlannerState) {
        [self.random, self.start, self.period_end] = [s[0], s[1], s[2]];
        self.fresh = s[3] != 0;
        // A period shorter than its unit has no room for one.
        self.period = if self.period == 0 {
            0
        } else {
            s[4].max(self.segment)
        };
        if self.epoch_end < u64::MAX {
            self.epoch_end = s[5].min(u64::MAX - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn one_whole_unit_in_every_period(unit in 1usize..50, extra in 0u64..300, warm in 0usize..80, seed: u64) {
            let period = unit as u64 + extra;
            let config = SessionConfig {
                unit, seed,
                sampling: Sampling::FixedRate { period },
                ..SessionConfig::default()
            };
            let mut plan = Planner::new(&config, warm);
            for p in 0..20 {
                let mut measured = Vec::new();
                let mut starts = 0;
                for i in p * period..(p + 1) * period {
                    if let Step::Measure(new) = plan.step(i) {
                        measured.push(i);
                        starts += u64::from(new);
                    }
                }
                prop_assert_eq!(measured.len(), unit);
                prop_assert_eq!(starts, 1);
                prop_assert_eq!(measured[unit - 1] - measured[0], unit as u64 - 1);
            }
        }

        #[test]
        fn runs_are_steps_put_together(
            unit in 1usize..50, extra in prop::option::of(0u64..300), warm in 0usize..80,
            warming in prop_oneof![0u64..300, Just(u64::MAX)],
            cuts in prop::collection::vec(1u64..100, 1..60),
        ) {
            let config = SessionConfig {
                unit,
                segment: unit,
                warming,
                sampling: extra.map_or(Sampling::Full, |e| Sampling::FixedRate { period: unit as u64 + e }),
                ..SessionConfig::default()
            };
            let (mut one, mut many) = (Planner::new(&config, warm), Planner::new(&config, warm));
            let mut index = 0;
            for cut in cuts {
                let end = index + cut;
                while index < end {
                    let (step, n) = many.run(index, end - index);
                    prop_assert!((1..=end - index).contains(&n));
                    for i in 0..n {
                        let rest = if let Step::Measure(_) = step { Step::Measure(false) } else { step };
                        prop_assert_eq!(one.step(index + i), if i == 0 { step } else { rest });
                    }
                    index += n;
                }
                prop_assert_eq!(one.state(), many.state());
            }
        }

        /// The last so many before a unit's own warm-up are not idle, and all others are, wherever
        /// the units are; where they are does not depend on it.
        #[test]
        fn idle_is_what_is_too_far_from_the_next_unit(
            unit in 1usize..50, extra in 0u64..300, warm in 0usize..80, warming in 0u64..300, seed: u64,
        ) {
            let period = unit as u64 + extra;
            let config = SessionConfig {
                unit, seed,
                sampling: Sampling::FixedRate { period },
                ..SessionConfig::default()
            };
            let bounded = SessionConfig { warming, ..config.clone() };
            let (mut exact, mut plan) = (Planner::new(&config, warm), Planner::new(&bounded, warm));
            let mut steps: Vec<_> = (0..20 * period).map(|i| (exact.step(i), plan.step(i))).collect();
            let mut distance = None;
            while let Some((exact, step)) = steps.pop() {
                let far = distance.is_some_and(|d| d > warm as u64 + warming);
                match exact {
                    Step::Measure(_) => {
                        prop_assert_eq!(step, exact);
                        distance = Some(1);
                        continue;
                    }
                    // Behind the last unit it depends on the one after it.
                    _ if distance.is_none() => {}
                    Step::Skip if far => prop_assert_eq!(step, Step::Idle),
                    _ => prop_assert_eq!(step, exact),
                }
                distance = distance.map(|d| d + 1);
            }
        }

        /// Whatever a snapshot says, a plan that fits gets on.
        #[test]
        fn what_fits_comes_to_an_end(
            random: u64, start in 0u64..600, before in 0u64..300, more in 0u64..600,
            period in 0u64..100, epoch_end in prop_oneof![Just(0u64), 0u64..2000],
        ) {
            let config = SessionConfig {
                unit: 8,
                sampling: Sampling::Plan,
                plan: std::sync::Arc::new(vec![1]),
                ..SessionConfig::default()
            };
            let index = start.saturating_sub(before);
            let mut plan = Planner::new(&config, 4);
            plan.set_state([random, start, start + 8 + more, 1, period, epoch_end]);
            prop_assume!(plan.fits(index, None));
            let mut at = index;
            for _ in 0..200 {
                if plan.epoch_ends(at) {
                    plan.plan_epoch(at, 2);
                }
                let (_, n) = plan.run(at, 1000);
                prop_assert!(n > 0, "stuck at {at}: {:?}", plan.state());
                at += n;
            }
        }

        #[test]
        fn full_mode_measures_all_in_segments(segment in 1usize..40, n in 1u64..500) {
            let config = SessionConfig { segment, warming: 0, ..SessionConfig::default() };
            let mut plan = Planner::new(&config, 7);
            for i in 0..n {
                prop_assert_eq!(plan.step(i), Step::Measure(i % segment as u64 == 0));
            }
        }
    }
}
