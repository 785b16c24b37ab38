//! When an in-order core's clock stands still.

use std::collections::VecDeque;

/// Minor stops its clock while nothing moves, and the answer that starts it again is seen a cycle
/// later (gem5 `ActivityRecorder`, `Ticked`).
///
/// Whether something moves when an answer comes depends on what is behind the access: it is decided
/// when that is known, and every time after it is a cycle later.
#[derive(Default)]
pub(super) struct Clock {
    /// Cycles in which it was late, which all times of the core are without.
    late: u64,
    /// How long the passing of instructions from stage to stage keeps it running.
    stages: u64,
    /// The last cycle in which it runs, as far as is known.
    runs: u64,
    /// Answers that are waited for, and until when it runs before they come.
    answers: VecDeque<(u64, u64)>,
}

impl Clock {
    /// It runs on for `stages` cycles when instructions are passed on: the longest delay between two
    /// stages.
    pub(super) fn new(stages: u64) -> Self {
        Self {
            stages,
            ..Self::default()
        }
    }

    /// How many cycles it has been late.
    pub(super) fn late(&self) -> u64 {
        self.late
    }

    /// Something moves in cycle `at`, so that the clock runs until the cycle `until`.
    pub(super) fn moves(&mut self, at: u64, until: u64) {
        self.runs = self.runs.max(until);
        for (answer, runs) in &mut self.answers {
            if at < *answer {
                *runs = (*runs).max(until);
            }
        }
    }

    /// Instructions are passed on in cycle `at`.
    pub(super) fn passes(&mut self, at: u64) {
        self.moves(at, at + self.stages);
    }

    /// An instruction goes into a unit of `latency` cycles at `at`.
    pub(super) fn issues(&mut self, at: u64, latency: u64) {
        self.moves(at, at + self.stages.max(latency - 1));
    }

    /// An answer that comes at `at` is waited for.
    pub(super) fn waits(&mut self, at: u64) {
        self.answers.push_back((at, self.runs));
    }

    /// Whatever moves from now on does so at `at` or later.
    pub(super) fn decide(&mut self, at: u64) {
        while let Some((answer, runs)) = self.answers.front().filter(|a| a.0 <= at) {
            self.late += u64::from(runs < answer);
            self.answers.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_late_where_nothing_moves_in_the_cycle_before_it() {
        let late = |moves: &[(u64, u64)]| {
            let mut clock = Clock::new(2);
            clock.issues(10, 1);
            clock.waits(15);
            moves.iter().for_each(|m| clock.moves(m.0, m.1));
            clock.decide(14);
            assert_eq!(clock.late(), 0, "it is not known yet");
            clock.decide(15);
            clock.late()
        };
        assert_eq!(
            late(&[]),
            1,
            "what was issued keeps it running for two cycles"
        );
        assert_eq!(late(&[(12, 14)]), 1);
        assert_eq!(late(&[(13, 15)]), 0);
        assert_eq!(late(&[(15, 17)]), 1, "that comes too late");
    }

    #[test]
    fn a_long_operation_keeps_the_clock_running_until_it_is_at_its_end() {
        let mut clock = Clock::new(1);
        clock.waits(20);
        clock.waits(29);
        clock.issues(18, 12);
        clock.decide(30);
        assert_eq!(clock.late(), 0);
        clock.waits(31);
        clock.decide(40);
        assert_eq!(clock.late(), 1);
    }
}
