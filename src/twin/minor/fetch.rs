//! The front end of an in-order core: lines that fetch1 requests, and groups of instructions that
//! fetch2 and decode pass on.

use super::super::pages::{Place, PAGE};
use super::super::parts::{At, Part};
use super::super::predictors::branch_unit::Fetched;
use super::super::prepared::Prepared;
use super::InOrder;

/// Bytes of an instruction, as compressed ones and others lie mixed.
pub(super) const INST_BYTES: u64 = 3;

/// When a line was requested, and when it came.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked {
    pub(super) at: u64,
    pub(super) came: u64,
}

impl InOrder {
    /// When fetch2 takes `i` out of its line.
    pub(super) fn fetch(&mut self, i: &Prepared, place: &Place) -> At {
        let mask = !u64::from(self.p.fetch_bytes - 1);
        let (first, last) = (i.pc & mask, (i.pc + u64::from(i.size) - 1) & mask);
        if let Some(at) = self.restart.take() {
            if std::mem::take(&mut self.predicted) {
                self.turn(at.cycle());
            }
            self.line = u64::MAX;
            self.arrived = at;
            self.bring(place, first, at, true);
        } else if first != self.line {
            self.bring(place, first, At::default(), false);
        }
        let mut at = self.arrived;
        if last != first {
            self.bring(place, last, At::default(), false);
            at = self.arrived;
        }
        let before = self.fetched.cycle();
        let mut at = at.max(self.fetched);
        if at.cycle() > before || self.fetch2.full() {
            let room = self.decoded.back(self.p.decode_buffer as usize);
            at = at.max(At::new(room.unwrap_or(0), Part::Dependence));
        }
        let at = self.fetch2.pass(at);
        if at.cycle() > before {
            self.groups.push(self.group);
            self.group = 0;
            self.clock.decide(at.cycle());
            self.clock.passes(at.cycle());
            self.decode(at);
        }
        self.fetched = at;
        at
    }

    /// Decode passes on a group that fetch2 did at `at`, once there is room behind it.
    pub(super) fn decode(&mut self, at: At) {
        let mut at = at.after(u64::from(self.p.fetch2_to_decode));
        let before = self.decoded.back(1).map_or(0, |d| d + 1);
        let left = self.groups.back(self.p.execute_buffer as usize);
        at = at.max(At::new(before.max(left.unwrap_or(0)), Part::Dependence));
        self.decoded.push(at.cycle());
        self.clock.passes(at.cycle());
        self.arrives = at.after(u64::from(self.p.decode_to_execute));
    }

    /// Fetch1 is told of a prediction at `at`. Until then it has requested what is behind the last
    /// line: as soon as there was room for it, and once more when fetch2 let go of what it had, in
    /// the cycle before.
    pub(super) fn turn(&mut self, at: u64) {
        let let_go = at.saturating_sub(1);
        let ask = self.next_ask();
        if ask < let_go {
            self.run_on(ask);
        }
        if self.room_to_ask(let_go) == let_go {
            self.run_on(let_go);
        }
    }

    /// Fetch takes the wrong path that `b` sent it to, from behind `i` on, until it starts again at
    /// `until`: in sequence, as far as the buffers behind it have room.
    ///
    /// What is there is unknown: instructions of [`INST_BYTES`], none of which goes elsewhere. A line
    /// that is still under way when fetch starts again is waited for.
    pub(super) fn wrong_path(&mut self, i: &Prepared, place: &Place, b: &Fetched, until: u64) {
        let bytes = u64::from(self.p.fetch_bytes);
        let group = INST_BYTES * u64::from(self.p.decode_width);
        let buffers = (self.p.decode_buffer + self.p.execute_buffer) as usize;
        let mut groups = 0;
        let mut done = self.fetched.cycle();
        let mut rest = if b.predicted_taken {
            let at = self.fetched.after(1).cycle();
            self.turn(at);
            let target = place.code_elsewhere(b.goes_to & !(bytes - 1));
            let ask = self.room_to_ask(at);
            self.left = 0;
            done = self.request(target, ask) + 1;
            bytes - b.goes_to % bytes
        } else {
            (i.pc + u64::from(i.size)).wrapping_neg() % bytes
        };
        loop {
            // The line's groups, each when one before has left the buffers.
            for _ in 0..rest.div_ceil(group) {
                groups += 1;
                let left = match buffers.checked_sub(groups) {
                    Some(0) => self.group,
                    Some(back) => self.groups.back(back).unwrap_or(0),
                    None => self.group + (groups - buffers) as u64,
                };
                done = left.max(done + 1);
            }
            let ask = self.next_ask();
            if ask >= until {
                return;
            }
            self.left = done;
            match self.run_on(ask) {
                Some(came) => done = done.max(came + 1),
                None => return,
            }
            rest = bytes;
        }
    }

    /// Requests the line behind the last one of the page, on a path that is not taken.
    pub(super) fn run_on(&mut self, ask: u64) -> Option<u64> {
        let line = self.line_physical + u64::from(self.p.fetch_bytes);
        if line.is_multiple_of(PAGE) {
            return None;
        }
        Some(self.request(line, ask))
    }

    /// Requests the line at a physical address: when fetch1 sees the answer, behind those requested
    /// before.
    pub(super) fn request(&mut self, line: u64, at: u64) -> u64 {
        self.line_physical = line;
        let before = self.asked.back(1).map_or(0, |a| a.came + 1);
        let late = self.clock.late();
        let came = self.hierarchy.fetch(line, at + late).at - late;
        let came = came.max(before);
        self.clock.moves(at, at + 1);
        self.clock.passes(came);
        self.asked.push(Asked { at, came });
        came
    }

    /// When a line may be requested, from `at` on: fewer than the most are under way.
    pub(super) fn room_to_ask(&self, at: u64) -> u64 {
        let most = self.p.fetch_lines_in_flight as usize;
        at.max(self.asked.back(most).map_or(0, |a| a.came + 1))
    }

    /// When the line behind the last one may be requested: as soon as fewer than the most are under
    /// way and fetch2 has let go of the one before the last.
    pub(super) fn next_ask(&self) -> u64 {
        let last = self.asked.back(1).unwrap_or_default();
        self.room_to_ask((last.at + 1).max(self.left))
    }

    /// Fetch1 requests `line`: in sequence as soon as it may, or at `at`.
    pub(super) fn bring(&mut self, place: &Place, line: u64, at: At, turned: bool) {
        let hit = u64::from(self.p.l1i_latency);
        let ask = if turned {
            self.left = 0;
            self.room_to_ask(at.cycle())
        } else {
            let ask = self.next_ask();
            self.left = self.fetched.cycle();
            ask
        };
        let came = self.request(place.code(line), ask);
        self.line = line;
        let part = if came > at.cycle() + hit || !turned {
            Part::Fetch
        } else {
            at.part()
        };
        self.arrived = At::new(came + 1, part);
    }
}
