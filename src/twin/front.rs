//! The front end of gem5's O3 between fetch and dispatch: decode and rename, and how they stall each
//! other.
//!
//! A stage that cannot process everything that arrives keeps the rest in its skid buffer and blocks
//! the stage before it. That stage learns of it a cycle later, keeps what arrives in its own skid
//! buffer and blocks the one before it in turn. A blocked stage processes only its skid buffer, and
//! unblocks the stage before it when the buffer is empty. Then the pipe between them has to fill
//! again: a short stall of rename costs the latency from fetch.
//!
//! Instructions are simulated one at a time, in order, so the state that an instruction finds depends
//! only on those before it.

use super::parts::{At, Part};

/// A time that is not known yet.
const OPEN: u64 = u64::MAX;

/// A stage's last cycle of work and how many it took in it.
#[derive(Clone, Copy, Default)]
struct Tick {
    cycle: u64,
    count: u32,
}

impl Tick {
    fn take(&mut self, cycle: u64) {
        if cycle == self.cycle {
            self.count += 1;
        } else {
            *self = Tick { cycle, count: 1 };
        }
    }
}

/// The cycles during which a stage is stalled by the next one.
#[derive(Clone, Copy)]
struct Stop {
    from: u64,
    until: u64,
}

impl Stop {
    const NEVER: Stop = Stop {
        from: OPEN,
        until: 0,
    };
}

/// Decode and rename.
#[derive(Clone)]
pub struct Front {
    decode_width: u32,
    rename_width: u32,
    to_decode: u64,
    to_rename: u64,
    sent: Tick,
    arrives: u64,
    decoded: Tick,
    renamed: Tick,
    /// Whether the last instruction came out of the skid buffer of decode, and of rename.
    decode_skid: bool,
    rename_skid: bool,
    /// The last two times that decode was stopped by rename, and fetch by decode.
    decode_stops: [Stop; 2],
    fetch_stops: [Stop; 2],
    /// The older stop of fetch ends where decode was empty before the younger one began.
    undecided: bool,
    /// From this cycle on no stage is blocked, as far as is known: [`OPEN`] where it has to be
    /// looked up.
    quiet: u64,
}

impl Front {
    /// Both are empty.
    pub fn new(decode_width: u32, rename_width: u32, to_decode: u32, to_rename: u32) -> Self {
        Self {
            decode_width,
            rename_width,
            to_decode: u64::from(to_decode),
            to_rename: u64::from(to_rename),
            sent: Tick::default(),
            arrives: 0,
            decoded: Tick::default(),
            renamed: Tick::default(),
            decode_skid: false,
            rename_skid: false,
            decode_stops: [Stop::NEVER; 2],
            fetch_stops: [Stop::NEVER; 2],
            undecided: false,
            quiet: 0,
        }
    }

    /// When the next instruction, fetched at `fetched`, is sent to decode.
    pub fn send(&mut self, fetched: At) -> At {
        let mut at = fetched;
        if at.cycle() <= self.sent.cycle {
            let full = self.sent.count >= self.decode_width;
            at = At::new(self.sent.cycle + u64::from(full), Part::Base);
        }
        if at.cycle() < self.quiet {
            at = self.send_stopped(at);
        }
        self.sent.take(at.cycle());
        at
    }

    /// When what could be sent at `at` is, where fetch may be blocked.
    fn send_stopped(&mut self, mut at: At) -> At {
        for n in 0..2 {
            let stop = self.fetch_stops[n];
            if at.cycle() < stop.from {
                continue;
            }
            if stop.until == OPEN {
                self.fetch_stops[n].until = self.decode_empty() + 1;
            }
            let until = self.fetch_stops[n].until;
            if until > at.cycle() {
                at = At::new(until, Part::Window);
            }
            self.undecided &= n > 0;
        }
        at
    }

    /// From when on nothing is blocked any more.
    fn look_quiet(&mut self) {
        let ([a, b], [c, d]) = (self.decode_stops, self.fetch_stops);
        let last = a.until.max(b.until).max(c.until.max(d.until));
        self.quiet = if self.undecided { OPEN } else { last };
    }

    /// The cycle in which decode is empty and unblocks fetch, if nothing more comes.
    fn decode_empty(&mut self) -> u64 {
        let last = self.decode_stops[1];
        if last.from == OPEN || last.from <= self.decoded.cycle {
            return self.decoded.cycle;
        }
        self.close();
        self.decode_stops[1].until
    }

    /// Rename's skid buffer is empty after the last instruction.
    fn close(&mut self) {
        let last = &mut self.decode_stops[1];
        if last.until == OPEN {
            last.until = self.renamed.cycle + 1;
        }
    }

    /// When the instruction sent at `sent` is decoded.
    pub fn decode(&mut self, sent: At) -> At {
        let arrives = sent.cycle() + self.to_decode;
        if !self.decode_skid && arrives >= self.quiet {
            self.decoded.take(arrives);
            return sent.after(self.to_decode);
        }
        self.decode_stopped(sent, arrives)
    }

    /// When the instruction sent at `sent`, which arrives at `arrives`, is decoded, where decode may be
    /// blocked.
    fn decode_stopped(&mut self, sent: At, arrives: u64) -> At {
        let mut at = arrives;
        if self.decode_skid {
            let last = self.decoded;
            if arrives > last.cycle {
                self.decode_skid = false;
                self.end_fetch_stop(last.cycle + 1);
            } else {
                let now = arrives < last.cycle && last.count < self.decode_width;
                at = last.cycle + u64::from(!now);
                if std::mem::take(&mut self.undecided) {
                    // Decode was not empty in between: one long stop.
                    let from = self.fetch_stops[0].from;
                    self.fetch_stops = [Stop::NEVER, Stop { from, until: OPEN }];
                }
            }
        }
        for n in 0..2 {
            let stop = self.decode_stops[n];
            if at < stop.from {
                continue;
            }
            if stop.until == OPEN {
                self.close();
            }
            let until = self.decode_stops[n].until;
            if !self.decode_skid && arrives < until {
                self.decode_skid = true;
            } else if !self.decode_skid {
                self.end_fetch_stop(until + 1);
            }
            at = at.max(until);
        }
        self.decoded.take(at);
        if !self.decode_skid {
            self.look_quiet();
        }
        if at > arrives {
            At::new(at, Part::Window)
        } else {
            sent.after(self.to_decode)
        }
    }

    fn end_fetch_stop(&mut self, until: u64) {
        self.undecided = false;
        for stop in &mut self.fetch_stops {
            if stop.until == OPEN {
                stop.until = until;
            }
        }
    }

    /// When the instruction decoded at `decoded` could be renamed, for its width. Then comes
    /// [`Front::renamed`].
    pub fn rename(&mut self, decoded: At) -> At {
        let arrives = decoded.after(self.to_rename);
        let last = self.renamed;
        self.arrives = arrives.cycle();
        if self.rename_skid && self.arrives > last.cycle {
            self.rename_skid = false;
            self.close();
        }
        if self.rename_skid {
            let now = self.arrives < last.cycle && last.count < self.rename_width;
            arrives.max(At::new(last.cycle + u64::from(!now), Part::Base))
        } else if self.arrives == last.cycle && last.count >= self.rename_width {
            At::new(last.cycle + 1, Part::Base)
        } else {
            arrives
        }
    }

    /// It is renamed at `at`.
    pub fn renamed(&mut self, at: u64) {
        if !self.rename_skid && at > self.arrives {
            self.rename_skid = true;
            self.stop_decode(self.arrives);
        }
        self.renamed.take(at);
    }

    /// Rename blocks decode in cycle `cycle`.
    fn stop_decode(&mut self, cycle: u64) {
        self.quiet = OPEN;
        self.decode_stops = [
            self.decode_stops[1],
            Stop {
                from: cycle + 1,
                until: OPEN,
            },
        ];
        let last = self.fetch_stops[1];
        if last.until == OPEN {
            if self.decoded.cycle > cycle {
                return;
            }
            self.fetch_stops[1].until = self.decoded.cycle + 1;
            self.undecided = true;
        }
        self.fetch_stops = [
            self.fetch_stops[1],
            Stop {
                from: cycle + 2,
                until: OPEN,
            },
        ];
    }

    /// An instruction that is fetched at `fetched` and waits for nothing else: when it is renamed.
    pub fn pass(&mut self, fetched: u64) -> u64 {
        let sent = self.send(At::new(fetched, Part::Fetch));
        let decoded = self.decode(sent);
        let renamed = self.rename(decoded).cycle();
        self.renamed(renamed);
        renamed
    }

    /// The last instruction's cycle of decoding.
    pub fn decoded(&self) -> u64 {
        self.decoded.cycle
    }

    /// Decode found a wrong target: everything younger is squashed.
    pub fn squash_decode(&mut self) {
        self.decode_skid = false;
        self.undecided = false;
        self.fetch_stops = [Stop::NEVER; 2];
        self.look_quiet();
    }

    /// While commit squashes, dispatch takes nothing: rename is stopped, and stops decode from `from`
    /// to `until`. Follows [`Front::squash`].
    pub fn stop(&mut self, from: u64, until: u64) {
        self.quiet = OPEN;
        self.decode_stops[1] = Stop { from, until };
        self.fetch_stops[1] = Stop {
            from: from + 1,
            until: OPEN,
        };
    }

    /// Commit squashes everything.
    pub fn squash(&mut self) {
        self.squash_decode();
        self.rename_skid = false;
        self.decode_stops = [Stop::NEVER; 2];
        self.quiet = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(cycle: u64) -> At {
        At::new(cycle, Part::Base)
    }

    /// Cycles in which instructions, all fetched in cycle 1, are renamed. `room`: from when on.
    fn renamed(front: &mut Front, count: u32, room: impl Fn(u32, u64) -> u64) -> Vec<u64> {
        (0..count)
            .map(|n| {
                let sent = front.send(at(1));
                let decoded = front.decode(sent);
                let cycle = room(n, front.rename(decoded).cycle());
                front.renamed(cycle);
                cycle
            })
            .collect()
    }

    #[test]
    fn equal_widths_flow() {
        let mut front = Front::new(2, 2, 3, 1);
        assert_eq!(
            renamed(&mut front, 8, |_, c| c),
            [5, 5, 6, 6, 7, 7, 8, 8],
            "fetched in 1, decoded 3 cycles later, renamed the cycle after"
        );
    }

    #[test]
    fn a_narrower_rename_costs_more_than_its_width() {
        // Worked out by hand from gem5's stages: of five, four are renamed, then one; those that
        // were on their way meanwhile, four and one; and decode starts again behind them.
        let mut front = Front::new(5, 4, 1, 1);
        let cycles = renamed(&mut front, 20, |_, c| c);
        let per_cycle: Vec<usize> = (3..=9)
            .map(|c| cycles.iter().filter(|x| **x == c).count())
            .collect();
        assert_eq!(per_cycle, [4, 1, 4, 1, 0, 4, 1], "{cycles:?}");
    }

    #[test]
    fn a_stop_of_rename_costs_the_way_from_fetch() {
        let wait = |n: u32, c: u64| if n == 2 { c.max(40) } else { c };
        let longest = |to_decode: u32| {
            let mut front = Front::new(2, 2, to_decode, 1);
            let cycles = renamed(&mut front, 40, wait);
            let gaps = cycles[3..].windows(2).map(|w| w[1] - w[0]);
            gaps.max().unwrap_or(0)
        };
        // Two skid buffers are emptied, then the pipe from fetch fills again.
        assert_eq!(longest(5) - longest(2), 3);
        assert!(longest(2) > 2);
    }

    #[test]
    fn what_is_fetched_while_commit_squashes_waits_for_its_end() {
        // As gem5 has it of 8 wide: the squash begins in cycle 2 and takes 10 cycles; dispatch is
        // free in 13, rename in 14, decode in 15. What was sent before decode was stopped is
        // decoded then and in the cycle after, and only then the way from fetch fills again.
        let mut front = Front::new(8, 8, 3, 1);
        front.squash();
        front.stop(2 + 4, 2 + 10 + 3);
        let fetched = [5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 7];
        let renamed = fetched.map(|f| front.pass(f));
        assert_eq!(renamed, [16, 16, 16, 16, 16, 16, 16, 16, 17, 21, 21]);
    }

    #[test]
    fn a_short_squash_is_over_before_anything_comes() {
        let mut front = Front::new(8, 8, 3, 1);
        front.squash();
        front.stop(6, 7);
        assert_eq!(front.pass(5), 9, "fetched in 5, decoded in 8");
    }

    #[test]
    fn after_a_squash_nothing_is_left() {
        let mut front = Front::new(2, 2, 3, 1);
        renamed(&mut front, 8, |n, c| if n == 3 { c.max(30) } else { c });
        front.squash();
        let sent = front.send(at(60));
        let decoded = front.decode(sent);
        assert_eq!(
            (sent.cycle(), decoded.cycle(), front.rename(decoded).cycle()),
            (60, 63, 64)
        );
    }

    proptest! {
        #[test]
        fn to_leave_out_stops_that_are_over_changes_nothing(
            widths in (1u32..6, 1u32..6, 1u32..5, 1u32..3),
            steps in prop::collection::vec((0u64..4, 0u64..12, 0u32..24), 1..400),
        ) {
            let (decode, rename, to_decode, to_rename) = widths;
            let mut front = Front::new(decode, rename, to_decode, to_rename);
            let mut plain = front.clone();
            let mut fetched = 1;
            for (later, wait, event) in steps {
                fetched += later / 2;
                let mut times = Vec::new();
                for f in [&mut front, &mut plain] {
                    let sent = f.send(at(fetched));
                    let decoded = f.decode(sent);
                    // Most wait for nothing.
                    let room = f.rename(decoded).cycle() + wait.saturating_sub(8);
                    f.renamed(room);
                    match event {
                        0 => f.squash_decode(),
                        1 => f.squash(),
                        2 => {
                            f.squash();
                            f.stop(room + 4, room + 9);
                        }
                        _ => {}
                    }
                    times.push((sent, decoded, room));
                }
                prop_assert_eq!(times[0], times[1]);
                if event < 3 {
                    fetched = times[0].2 + 3;
                }
                // Nothing is left out there.
                plain.quiet = OPEN;
            }
        }
    }
}
