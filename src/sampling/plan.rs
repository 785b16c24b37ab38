//! Decides which retirements of a region are measured.

use super::limits::{FIRST, MAX_INDEX};
use super::mode::Sampling;
use super::strata::epoch_end;
use crate::bytes::{fields, flag, put};
use crate::error::Result;

/// What to do with the next retirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Do nothing: neither features nor model see it.
    Idle,
    /// Update the features only.
    Skip,
    /// Keep its row as warm-up for what follows.
    Warm,
    /// Measure it; true starts a new segment.
    Measure(bool),
}

/// The settings that say where segments lie.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'a> {
    /// The mode.
    pub sampling: &'a Sampling,
    /// Retirements per segment where all are measured.
    pub segment: usize,
    /// Retirements per sampling unit.
    pub unit: usize,
    /// Retirements whose rows warm the model up before each segment.
    pub warmup: usize,
    /// Retirements before those that update the features.
    pub warming: u64,
    /// Seed of the offsets.
    pub seed: u64,
}

impl Layout<'_> {
    /// Measured retirements per segment.
    pub fn measured(&self) -> usize {
        match self.sampling {
            Sampling::Full => self.segment,
            _ => self.unit,
        }
    }
}

/// Decides where segments lie and which retirements are measured. A function of the configuration
/// and of the position in the stream alone.
#[derive(Debug, Clone, PartialEq)]
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

impl Planner {
    /// A planner at the start of the stream.
    pub fn new(layout: &Layout) -> Self {
        let mut plan = Self {
            segment: layout.measured() as u64,
            warmup: layout.warmup as u64,
            warming: layout.warming,
            period: match layout.sampling {
                Sampling::Full => 0,
                Sampling::FixedRate { period } => *period,
                _ => layout.unit as u64,
            },
            random: layout.seed ^ 0x9e37_79b9_7f4a_7c15,
            start: 0,
            period_end: 0,
            epoch_end: if layout.sampling.has_epochs() {
                FIRST * layout.unit as u64
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

    /// Begins an epoch at `index` with a sampling period of `period` units.
    pub fn plan_epoch(&mut self, index: u64, period: u64) {
        self.period = period * self.segment;
        self.epoch_end = epoch_end(index, self.segment).min(u64::MAX - 1);
        self.next_start(index);
    }

    /// What to do with the retirement at `index` of the region.
    pub fn action(&mut self, index: u64) -> Action {
        if index >= self.start + self.segment {
            let from = if self.period == 0 {
                index
            } else {
                self.period_end
            };
            self.next_start(from);
        }
        if index >= self.start {
            Action::Measure(std::mem::take(&mut self.fresh))
        } else if index + self.warmup >= self.start.min(self.epoch_end) {
            // The next epoch may begin with a unit.
            Action::Warm
        } else if self.idle(index) > 0 {
            Action::Idle
        } else {
            Action::Skip
        }
    }

    /// How many retirements from `index` of the region on are idle, of those before the unit that
    /// was chosen last: none where that is behind `index`.
    pub fn idle(&self, index: u64) -> u64 {
        let reach = self.warmup.saturating_add(self.warming);
        let end = self.start.min(self.epoch_end).saturating_sub(reach);
        end.saturating_sub(index)
    }

    /// [`Planner::action`] for the `most` retirements (at least one) from `index` on, as far as it
    /// is the same for them but for the first's start of a segment, and for how many.
    pub fn run(&mut self, index: u64, most: u64) -> (Action, u64) {
        let action = self.action(index);
        let end = match action {
            Action::Measure(_) => self.start + self.segment,
            Action::Warm => self.start.min(self.epoch_end),
            Action::Skip => self.start.min(self.epoch_end) - self.warmup,
            Action::Idle => index + self.idle(index),
        };
        (action, most.min(end.min(self.epoch_end) - index))
    }

    /// A retirement outside every region: its row may be warm-up in full mode. It is never idle,
    /// since it is not known how soon a region begins.
    pub fn outside(&self) -> Action {
        if self.is_full() {
            Action::Warm
        } else {
            Action::Skip
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

    /// Appends the state.
    pub fn save(&self, out: &mut Vec<u8>) {
        put(out, &[self.random, self.start, self.period_end]);
        put(out, &[self.fresh.into(), self.period, self.epoch_end]);
    }

    /// Whether the state fits a stream at `index` whose open segment, if there is one, has begun at
    /// `open.0` and holds `open.1` retirements. Bytes from outside may say anything.
    pub fn fits(&self, index: u64, open: Option<(u64, u64)>) -> bool {
        // Of an epoch that ends at 0, twice nothing is nothing: epochs would end there for ever.
        let most = self.start.max(self.period_end).max(self.period).max(index);
        if most > MAX_INDEX || self.epoch_end == 0 {
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

    /// Takes the state back; whether it can be one is for [`Planner::fits`] to say.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        [self.random, self.start, self.period_end] = fields(bytes, "the plan's state")?;
        self.fresh = flag(bytes, "whether a segment is new")?;
        let [period, epoch_end]: [u64; 2] = fields(bytes, "the plan's state")?;
        // A period shorter than its unit has no room for one.
        if self.period > 0 {
            self.period = period.max(self.segment);
        }
        if self.epoch_end < u64::MAX {
            self.epoch_end = epoch_end.min(u64::MAX - 1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::WARMING_ALL;
    use super::*;
    use proptest::prelude::*;

    fn fixed(period: u64) -> Sampling {
        Sampling::FixedRate { period }
    }

    fn layout(sampling: &Sampling, unit: usize, warmup: usize) -> Layout<'_> {
        Layout {
            sampling,
            segment: unit,
            unit,
            warmup,
            warming: WARMING_ALL,
            seed: 0,
        }
    }

    proptest! {
        #[test]
        fn one_whole_unit_in_every_period(unit in 1usize..50, extra in 0u64..300, warm in 0usize..80, seed: u64) {
            let period = unit as u64 + extra;
            let sampling = fixed(period);
            let mut plan = Planner::new(&Layout { seed, ..layout(&sampling, unit, warm) });
            for p in 0..20 {
                let mut measured = Vec::new();
                let mut starts = 0;
                for i in p * period..(p + 1) * period {
                    if let Action::Measure(new) = plan.action(i) {
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
        fn runs_are_actions_put_together(
            unit in 1usize..50, extra in prop::option::of(0u64..300), warm in 0usize..80,
            warming in prop_oneof![0u64..300, Just(u64::MAX)],
            cuts in prop::collection::vec(1u64..100, 1..60),
        ) {
            let sampling = extra.map_or(Sampling::Full, |e| fixed(unit as u64 + e));
            let layout = Layout { warming, ..layout(&sampling, unit, warm) };
            let (mut one, mut many) = (Planner::new(&layout), Planner::new(&layout));
            let mut index = 0;
            for cut in cuts {
                let end = index + cut;
                while index < end {
                    let (action, n) = many.run(index, end - index);
                    prop_assert!((1..=end - index).contains(&n));
                    for i in 0..n {
                        let rest = if let Action::Measure(_) = action { Action::Measure(false) } else { action };
                        prop_assert_eq!(one.action(index + i), if i == 0 { action } else { rest });
                    }
                    index += n;
                }
                prop_assert_eq!(&one, &many);
            }
        }

        /// The last `warming` before a unit's own warm-up are not idle, and all others are, wherever
        /// the units are; where they are does not depend on it.
        #[test]
        fn idle_is_what_is_too_far_from_the_next_unit(
            unit in 1usize..50, extra in 0u64..300, warm in 0usize..80, warming in 0u64..300, seed: u64,
        ) {
            let period = unit as u64 + extra;
            let sampling = fixed(period);
            let exact = Layout { seed, ..layout(&sampling, unit, warm) };
            let bounded = Layout { warming, ..exact };
            let (mut exact, mut plan) = (Planner::new(&exact), Planner::new(&bounded));
            let mut actions: Vec<_> = (0..20 * period).map(|i| (exact.action(i), plan.action(i))).collect();
            let mut distance = None;
            while let Some((exact, action)) = actions.pop() {
                let far = distance.is_some_and(|d| d > warm as u64 + warming);
                match exact {
                    Action::Measure(_) => {
                        prop_assert_eq!(action, exact);
                        distance = Some(1);
                        continue;
                    }
                    // Behind the last unit it depends on the one after it.
                    _ if distance.is_none() => {}
                    Action::Skip if far => prop_assert_eq!(action, Action::Idle),
                    _ => prop_assert_eq!(action, exact),
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
            let sampling = Sampling::Plan { periods: std::sync::Arc::new(vec![1]) };
            let index = start.saturating_sub(before);
            let mut plan = Planner::new(&layout(&sampling, 8, 4));
            let mut saved = Vec::new();
            put(&mut saved, &[random, start, start + 8 + more, 1, period, epoch_end]);
            plan.restore(&mut &saved[..]).unwrap();
            prop_assume!(plan.fits(index, None));
            let mut at = index;
            for _ in 0..200 {
                if plan.epoch_ends(at) {
                    plan.plan_epoch(at, 2);
                }
                let (_, n) = plan.run(at, 1000);
                prop_assert!(n > 0, "stuck at {at}: {plan:?}");
                at += n;
            }
        }

        #[test]
        fn full_mode_measures_all_in_segments(segment in 1usize..40, n in 1u64..500) {
            let layout = Layout { warming: 0, ..layout(&Sampling::Full, segment, 7) };
            let mut plan = Planner::new(&layout);
            for i in 0..n {
                prop_assert_eq!(plan.action(i), Action::Measure(i % segment as u64 == 0));
            }
        }

        /// Wherever it was saved, a plan goes on as it would have.
        #[test]
        fn a_restored_plan_is_the_plan(at in 0u64..500, epochs: bool) {
            let sampling = if epochs { Sampling::TargetOverhead { overhead: 0.1 } } else { fixed(40) };
            let layout = Layout { seed: 9, ..layout(&sampling, 8, 3) };
            let mut plan = Planner::new(&layout);
            for i in 0..at {
                if plan.epoch_ends(i) {
                    plan.plan_epoch(i, 3);
                }
                plan.action(i);
            }
            let mut saved = Vec::new();
            plan.save(&mut saved);
            let mut other = Planner::new(&layout);
            other.restore(&mut &saved[..]).unwrap();
            prop_assert_eq!(other, plan);
        }
    }

    /// Offsets from the start of each period, of `periods` of them.
    fn offsets(plan: &mut Planner, first: u64, period: u64, periods: u64) -> Vec<u64> {
        let mut out = Vec::new();
        for i in first..first + period * periods {
            if plan.action(i) == Action::Measure(true) {
                out.push((i - first) % period);
            }
        }
        assert_eq!(out.len() as u64, periods);
        out
    }

    /// How often each value is in `values`.
    fn counts(values: &[u64]) -> Vec<(u64, usize)> {
        let mut distinct = values.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let count = |v: u64| values.iter().filter(|x| **x == v).count();
        distinct.into_iter().map(|v| (v, count(v))).collect()
    }

    /// Else the sample is biased: of a period, retirements at its end would never be measured.
    #[test]
    fn every_offset_is_drawn_as_often_as_any_other_up_to_the_last() {
        // A unit of 4 in a period of 12: offsets 0 to 8.
        let sampling = fixed(12);
        let mut plan = Planner::new(&layout(&sampling, 4, 0));
        let drawn = counts(&offsets(&mut plan, 0, 12, 9000));
        assert_eq!(
            drawn.iter().map(|c| c.0).collect::<Vec<_>>(),
            (0..=8).collect::<Vec<_>>()
        );
        // 1000 of each, with a standard deviation of 30.
        assert!(
            drawn.iter().all(|c| (850..1150).contains(&c.1)),
            "{drawn:?}"
        );

        // In an epoch, whole units: 5 of them in a period.
        let sampling = Sampling::TargetOverhead { overhead: 0.1 };
        let mut plan = Planner::new(&layout(&sampling, 4, 0));
        let start = (FIRST * 4) << 16;
        plan.plan_epoch(start, 5);
        let drawn = counts(&offsets(&mut plan, start, 20, 5000));
        assert_eq!(
            drawn.iter().map(|c| c.0).collect::<Vec<_>>(),
            [0, 4, 8, 12, 16]
        );
        assert!(
            drawn.iter().all(|c| (850..1150).contains(&c.1)),
            "{drawn:?}"
        );
    }

    #[test]
    fn a_plan_fits_the_segment_that_is_open_and_no_other() {
        let sampling = fixed(40);
        let mut plan = Planner::new(&layout(&sampling, 8, 0));
        (plan.start, plan.period_end, plan.fresh) = (100, 140, false);
        assert!(plan.fits(104, Some((100, 4))));
        assert!(plan.fits(108, Some((100, 8))));
        assert!(plan.fits(108, None), "it has just ended");
        for (index, open) in [
            (104, None),
            (104, Some((99, 5))),
            (104, Some((100, 3))),
            (104, Some((101, 4))),
            (100, Some((100, 0))),
            (109, Some((100, 9))),
            (MAX_INDEX + 1, None),
        ] {
            assert!(!plan.fits(index, open), "{open:?} at {index}");
        }
        let with = |change: fn(&mut Planner)| {
            let mut other = plan.clone();
            change(&mut other);
            other.fits(104, Some((100, 4)))
        };
        assert!(!with(|p| p.fresh = true));
        assert!(!with(|p| p.period_end = 107));
        assert!(!with(|p| p.epoch_end = 103));
        assert!(!with(|p| p.start = MAX_INDEX + 1));
        plan.fresh = true;
        assert!(plan.fits(0, None) && plan.fits(104, None));
        assert!(!plan.fits(109, None));
        plan.epoch_end = 0;
        assert!(!plan.fits(0, None));
    }

    /// The first numbers of SplitMix64 from 1234567, as published with its reference code in C.
    #[test]
    fn offsets_are_drawn_by_splitmix64() {
        let mut plan = Planner::new(&layout(&Sampling::Full, 8, 0));
        plan.random = 1_234_567;
        let drawn: Vec<u64> = (0..5).map(|_| plan.draw()).collect();
        let published: [u64; 5] = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(drawn, published);
    }

    /// A unit that a region's end cuts is over, and the next one is of the next period; one that
    /// would have begun right there has not begun, and is still to come.
    #[test]
    fn a_region_that_ends_where_a_unit_starts_does_not_cost_the_unit() {
        let sampling = fixed(40);
        let start = {
            let mut plan = Planner::new(&layout(&sampling, 8, 0));
            (0..)
                .find(|i| plan.action(*i) == Action::Measure(true))
                .unwrap()
        };
        assert!(start > 0, "another seed");
        for (end, lost) in [
            (start - 1, false),
            (start, false),
            (start + 1, true),
            (start + 8, true),
        ] {
            let mut plan = Planner::new(&layout(&sampling, 8, 0));
            (0..end).for_each(|i| {
                plan.action(i);
            });
            plan.cut(end);
            let next = (end..)
                .find(|i| plan.action(*i) == Action::Measure(true))
                .unwrap();
            assert_eq!(
                next == start,
                !lost,
                "cut at {end}, unit at {start}, next at {next}"
            );
            assert_eq!(next >= 40, lost);
        }
        // Where all is measured, a segment that has begun is over, and none is lost.
        for end in [0, 1, 7, 8] {
            let mut plan = Planner::new(&layout(&Sampling::Full, 8, 0));
            (0..end).for_each(|i| {
                plan.action(i);
            });
            plan.cut(end);
            assert_eq!(plan.action(end), Action::Measure(true), "cut at {end}");
        }
    }
}
