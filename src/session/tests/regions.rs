//! Regions, sampling units and intervals against their definition, one retirement at a time.

use super::*;
use crate::outcome::Resolver;
use crate::sampling::plan::{Action, Planner};

/// What a host does between two pieces of a stream.
#[derive(Debug, Clone, Copy)]
enum Event {
    Border,
    Sync,
    Restore,
}

/// What one session should answer.
#[derive(Debug, Default)]
struct Want {
    retired: u64,
    measured: u64,
    units: u64,
    sum: Vec<f64>,
    /// (interval, retirements measured, their sum)
    intervals: Vec<(u64, u64, Vec<f64>)>,
}

/// The definition: every measured row goes through the model after as many rows as the warm-up
/// asks for and the stream has, all of one segment from a zero state.
struct Naive {
    x: Box<dyn crate::features::Extractor>,
    plan: Planner,
    warmup: usize,
    interval: u64,
    index: u64,
    in_region: bool,
    /// Rows since the last gap.
    rows: Vec<Vec<f32>>,
    h: f32,
    want: Want,
}

impl Naive {
    fn new(c: &SessionConfig) -> Self {
        let warmup = model(false).info().warmup;
        let mut x = extractor(refmachine::NAME).unwrap();
        for (id, i) in program().iter().enumerate() {
            x.intern(id as u32, i);
        }
        Naive {
            x,
            plan: Planner::new(&c.layout(warmup)),
            warmup,
            interval: c.interval,
            index: 0,
            in_region: !c.start_outside_region,
            rows: Vec::new(),
            h: 0.0,
            want: Want {
                sum: vec![0.0; DIM],
                ..Want::default()
            },
        }
    }

    fn one(&mut self, r: &Resolved) {
        let action = if self.in_region {
            self.plan.action(self.index)
        } else {
            self.plan.outside()
        };
        let mut row = vec![0.0; refmachine::columns::COLUMNS];
        if action != Action::Idle {
            self.x.step(r, Some(&mut row));
        }
        match action {
            Action::Idle | Action::Skip => self.rows.clear(),
            Action::Warm => self.rows.push(row),
            Action::Measure(first) => {
                if first {
                    self.h = 0.0;
                    for row in &self.rows[self.rows.len().saturating_sub(self.warmup)..] {
                        toy_step(&mut self.h, row);
                    }
                    self.want.units += 1;
                }
                let out = toy_step(&mut self.h, &row).map(f64::from);
                self.rows.push(row);
                self.want.measured += 1;
                let at = self.index.checked_div(self.interval).unwrap_or(0);
                if self.want.intervals.last().is_none_or(|i| i.0 != at) {
                    self.want.intervals.push((at, 0, vec![0.0; DIM]));
                }
                let last = self.want.intervals.last_mut().unwrap();
                last.1 += 1;
                for (i, x) in out.iter().enumerate() {
                    self.want.sum[i] += x;
                    last.2[i] += x;
                }
            }
        }
        self.index += u64::from(self.in_region);
    }

    fn border(&mut self) {
        if self.in_region {
            self.plan.cut(self.index);
        }
        self.in_region = !self.in_region;
    }
}

fn want(pieces: &[(Vec<Retirement>, Event)], c: &SessionConfig) -> Want {
    let mut naive = Naive::new(c);
    let mut resolver = Resolver::default();
    for inst in program() {
        resolver.intern(&inst);
    }
    let mut settled = Vec::new();
    for (piece, event) in pieces {
        for r in piece {
            if naive.in_region {
                naive.want.retired += 1;
            }
            resolver.settle(std::slice::from_ref(r), &mut settled);
            settled.drain(..).for_each(|s| naive.one(&s));
        }
        if let Event::Border = event {
            resolver.flush(&mut settled);
            settled.drain(..).for_each(|s| naive.one(&s));
            naive.border();
        }
    }
    resolver.flush(&mut settled);
    settled.drain(..).for_each(|s| naive.one(&s));
    naive.want
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Border),
        1 => Just(Event::Sync),
        1 => Just(Event::Restore),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn regions_units_and_intervals_are_the_definition(
        pieces in prop::collection::vec((retirements(), event()), 1..8),
        period in prop::option::of(8u64..90),
        warming in prop::option::of(0u64..40),
        start_outside_region: bool,
        threads in 0usize..3,
    ) {
        let c = SessionConfig {
            threads,
            start_outside_region,
            warming: warming.unwrap_or(WARMING_ALL),
            sampling: period.map_or(Sampling::Full, |period| Sampling::FixedRate { period }),
            ..config(0)
        };
        let want = want(&pieces, &c);
        let mut s = session(&c);
        let mut inside = !start_outside_region;
        let mut intervals = Vec::new();
        for (piece, event) in &pieces {
            s.retire_many(piece).unwrap();
            match event {
                Event::Border if inside => s.region_end().unwrap(),
                Event::Border => s.region_begin().unwrap(),
                Event::Sync => {
                    s.sync().unwrap();
                    intervals.extend(s.take_intervals());
                }
                Event::Restore => {
                    let bytes = s.snapshot().unwrap();
                    s = Session::restore(model(false), threads, &bytes).unwrap();
                }
            }
            inside ^= matches!(event, Event::Border);
        }
        intervals.extend(s.finish().unwrap());
        let v = s.program_vector().unwrap();
        prop_assert_eq!((v.retired, v.measured), (want.retired, want.measured));
        if period.is_some() {
            prop_assert_eq!(v.units, want.units);
        }
        prop_assert!(close(&v.sum, &want.sum), "{:?} {:?}", v.sum, want.sum);
        let got: Vec<_> = intervals.iter().map(|i| (i.index, i.measured)).collect();
        let counted: Vec<_> = want.intervals.iter().map(|i| (i.0, i.1)).collect();
        prop_assert_eq!(got, counted);
        for (got, want) in intervals.iter().zip(&want.intervals) {
            prop_assert!(close(&got.vector, &want.2), "interval {}", got.index);
            let here = want_retirements(got.first, c.interval, v.retired);
            prop_assert_eq!(got.retirements, here, "interval {}", got.index);
        }
    }
}

fn want_retirements(first: u64, interval: u64, retired: u64) -> u64 {
    interval.min(retired - first)
}
