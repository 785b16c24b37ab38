//! Functional units of an in-order core.

/// As many stalls of a pipe are remembered as there are stages in most.
const STALLS: usize = 8;

/// A functional unit: a pipeline that stalls as a whole.
#[derive(Clone, Copy, Default)]
pub(super) struct Pipe {
    /// When its last instruction came to its end, and left it.
    pub(super) ended: u64,
    pub(super) left: u64,
    /// From when until when the last ones that had to wait at its end did, the pipe stalled.
    pub(super) stalls: [(u64, u64); STALLS],
    pub(super) stalled: usize,
    /// When it takes the next one.
    pub(super) next: u64,
    pub(super) latency: u64,
    pub(super) interval: u64,
    /// How much later than its operands it may be issued.
    pub(super) slack: u64,
}

impl Pipe {
    /// When it takes another instruction, from `at` on: not while it is stalled.
    pub(super) fn accepts(&self, at: u64) -> u64 {
        let mut at = at.max(self.next);
        for back in 1..=STALLS {
            let (from, until) = self.stalls[self.stalled.wrapping_sub(back) % STALLS];
            if until <= at {
                break;
            }
            if from <= at {
                at = until;
                break;
            }
        }
        at
    }

    /// An instruction goes in at `at`: when it is at its end.
    pub(super) fn push(&mut self, at: u64) -> u64 {
        self.ended = at + self.latency;
        let stall = |back: usize| self.stalls[self.stalled.wrapping_sub(back) % STALLS];
        // They begin one after the other: those before it went in are over for it.
        let later = (1..=STALLS).take_while(|back| stall(*back).0 >= at).count();
        for back in (1..=later).rev() {
            let (from, until) = stall(back);
            if from < self.ended {
                self.ended += until - from;
            }
        }
        self.next = at + self.interval;
        self.ended
    }

    /// Its last instruction leaves it at `at`.
    pub(super) fn leave(&mut self, at: u64) {
        self.left = at;
        if at > self.ended && self.interval > 0 {
            self.stalls[self.stalled % STALLS] = (self.ended, at);
            self.stalled += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Stage by stage, a cycle at a time: the last stage is the end.
    struct Stages(Vec<Option<usize>>);

    impl Stages {
        /// Whether an instruction is at the end.
        fn stalls(&self) -> bool {
            self.0[self.0.len() - 1].is_some()
        }

        /// The end of a cycle.
        fn advance(&mut self) {
            if !self.stalls() {
                self.0.rotate_right(1);
                self.0[0] = None;
            }
        }
    }

    proptest! {
        #[test]
        fn a_pipe_is_its_stages_one_by_one(
            latency in 1..8u64,
            // When each is offered behind the one before it, and how long it cannot leave the end.
            wanted in prop::collection::vec((0..4u64, 0..5u64), 1..40),
        ) {
            let mut pipe = Pipe { latency, interval: 1, ..Pipe::default() };
            let mut stages = Stages(vec![None; latency as usize + 1]);
            let (mut cycle, mut left) = (0, vec![0; wanted.len()]);
            let mut told: Vec<(u64, u64)> = Vec::new();
            let mut before = (0, 0);
            for (late, stuck) in &wanted {
                let at = pipe.accepts(before.0 + late);
                let end = pipe.push(at);
                let leaves = end.max(before.1) + stuck;
                pipe.leave(leaves);
                left[told.len()] = leaves;
                told.push((at, end));
                before = (at, leaves);
            }
            let (mut next, mut from, mut seen) = (0, wanted[0].0, Vec::new());
            let mut ends = vec![None; wanted.len()];
            while seen.len() < wanted.len() || stages.0.iter().any(Option::is_some) {
                let last = latency as usize;
                if let Some(n) = stages.0[last] {
                    ends[n].get_or_insert(cycle);
                    if left[n] == cycle {
                        stages.0[last] = None;
                    }
                }
                if next < wanted.len() && from <= cycle && !stages.stalls() {
                    stages.0[0] = Some(next);
                    seen.push(cycle);
                    next += 1;
                    from = cycle + wanted.get(next).map_or(0, |w| w.0.max(1));
                }
                stages.advance();
                cycle += 1;
                prop_assert!(cycle < 10_000);
            }
            let stepped: Vec<_> = seen.into_iter().zip(ends.into_iter().flatten()).collect();
            prop_assert_eq!(told, stepped);
        }
    }
}
