//! A DRAM controller, as gem5 24.0's `MemCtrl` and `DRAMInterface` are: one queue of reads and one of
//! writes, row hits first (FR-FCFS), rows that are closed where nobody waits for them, and writes
//! that go in batches.
//!
//! Times are in picoseconds. A read must be answered when it comes, though later ones may go before
//! it: it is answered as if nothing more came. Accesses come in the order of the program, not of
//! time, so that what the controller decided is final only some time after it.

use super::dram::Dram;
use super::parameters::LINE_BYTES;

/// What it takes to put an access into a queue, and to send an answer (`static_frontend_latency`,
/// `static_backend_latency`).
pub(super) const FRONT_END: u64 = 10_000;
const BACK_END: u64 = 10_000;
/// No row is open.
const CLOSED: u64 = u64::MAX;
/// Of a device without bank groups.
const NONE: u16 = u16::MAX;
/// Bursts of a row before it is closed (`max_accesses_per_row`).
const ROW_BURSTS: u32 = 16;
/// Reads or writes of a batch at least (`min_reads_per_switch`, `min_writes_per_switch`).
const BATCH: u32 = 16;
/// How much earlier than the latest access another one may still be.
const SLACK: u64 = 300_000;

#[derive(Clone, Copy)]
struct Bank {
    row: u64,
    /// Bursts of its row since that was opened.
    bursts: u32,
    /// When an activation, a precharge, a read, a write may come, for what happens in it.
    activate: u64,
    precharge: u64,
    read: u64,
    write: u64,
}

impl Bank {
    /// Its row is closed, from `at` on.
    fn close(&mut self, d: &Dram, at: u64) {
        self.activate = self.activate.max(self.precharge.max(at) + d.t_rp);
        self.row = CLOSED;
    }
}

/// When commands may come to all banks of a rank, or of a bank group.
#[derive(Clone, Copy, Default)]
struct Allowed {
    activate: u64,
    read: u64,
    write: u64,
}

/// A burst that waits.
#[derive(Clone, Copy)]
struct Burst {
    came: u64,
    line: u64,
    row: u64,
    bank: u16,
    rank: u16,
    /// Of all ranks; none where a device has no groups.
    group: u16,
}

/// A burst that was served.
enum Served {
    Read { line: u64, over: u64 },
    Write,
}

#[derive(Clone)]
struct State {
    banks: Vec<Bank>,
    ranks: Vec<Allowed>,
    groups: Vec<Allowed>,
    reads: Vec<Burst>,
    writes: Vec<Burst>,
    /// The bus is free for another burst.
    free: u64,
    /// The command of the last burst.
    last: u64,
    /// When the controller chose last, and when it chooses next.
    chosen: u64,
    next: u64,
    writing: bool,
    /// Bursts of this batch.
    batch: u32,
    refreshed: u64,
    /// The last activations (`tXAW`).
    activated: [u64; 4],
}

/// The controller of one channel.
pub(super) struct Controller {
    d: Dram,
    state: State,
    /// The latest access.
    latest: u64,
    /// What would happen if nothing more came, and whether it follows from what did.
    ahead: State,
    follows: bool,
}

impl Controller {
    pub(super) fn new(d: Dram) -> Self {
        let bank = Bank {
            row: CLOSED,
            bursts: 0,
            activate: 0,
            precharge: 0,
            read: 0,
            write: 0,
        };
        let state = State {
            banks: vec![bank; (d.ranks * d.banks) as usize],
            ranks: vec![Allowed::default(); d.ranks as usize],
            groups: vec![Allowed::default(); (d.ranks * d.bank_groups) as usize],
            reads: Vec::new(),
            writes: Vec::new(),
            free: 0,
            last: 0,
            chosen: 0,
            next: 0,
            writing: false,
            batch: 0,
            refreshed: 0,
            activated: [0; 4],
        };
        Self {
            d,
            ahead: state.clone(),
            state,
            latest: 0,
            follows: true,
        }
    }

    /// A line is read at `now`: when it leaves the controller.
    pub(super) fn read(&mut self, address: u64, now: u64) -> u64 {
        self.settle(now);
        if self.state.writes.iter().any(|w| w.line == address) {
            return now + FRONT_END;
        }
        self.come(address, now, false);
        if !self.follows {
            self.ahead.clone_from(&self.state);
            self.follows = true;
        }
        let mut done = now;
        let mut left = self
            .ahead
            .reads
            .iter()
            .filter(|r| r.line == address)
            .count();
        while left > 0 {
            match self.ahead.step(&self.d, u64::MAX) {
                Some(Served::Read { line, over }) if line == address => {
                    done = done.max(over);
                    left -= 1;
                }
                Some(_) => {}
                None => break,
            }
        }
        done + FRONT_END + BACK_END
    }

    /// A line is written at `now`, unless it waits to be already.
    pub(super) fn write(&mut self, address: u64, now: u64) {
        self.settle(now);
        if !self.state.writes.iter().any(|w| w.line == address) {
            self.come(address, now, true);
        }
    }

    /// There was an access at `now`: what was decided long before is final.
    fn settle(&mut self, now: u64) {
        self.latest = self.latest.max(now);
        let until = self.latest.saturating_sub(SLACK);
        while self.state.step(&self.d, until).is_some() {}
    }

    fn come(&mut self, address: u64, now: u64, write: bool) {
        let d = &self.d;
        let (bank, row) = d.place(address);
        let rank = bank / d.banks;
        let group = (bank % d.banks).checked_rem(d.bank_groups);
        let burst = Burst {
            came: now,
            line: address,
            row,
            bank: bank as u16,
            rank: rank as u16,
            group: group.map_or(NONE, |g| (rank * d.bank_groups + g) as u16),
        };
        let bursts = (u64::from(LINE_BYTES) / d.burst_bytes).max(1) as usize;
        self.state.come(&burst, bursts, write);
        // What was looked ahead at holds where nothing was chosen from this time on.
        self.follows &= now > self.ahead.chosen;
        if self.follows {
            self.ahead.come(&burst, bursts, write);
        }
    }
}

impl State {
    fn queue(&self, writes: bool) -> &[Burst] {
        if writes {
            &self.writes
        } else {
            &self.reads
        }
    }

    fn queue_mut(&mut self, writes: bool) -> &mut Vec<Burst> {
        if writes {
            &mut self.writes
        } else {
            &mut self.reads
        }
    }

    fn come(&mut self, burst: &Burst, bursts: usize, write: bool) {
        let queue = self.queue_mut(write);
        let at = queue.partition_point(|b| b.came <= burst.came);
        queue.splice(at..at, std::iter::repeat_n(*burst, bursts));
    }

    /// The next burst, if it is chosen by `until`.
    fn step(&mut self, d: &Dram, until: u64) -> Option<Served> {
        let low = d.write_buffer / 2;
        let high = d.write_buffer * 85 / 100;
        let mut writes = self.writing && !self.writes.is_empty();
        if !writes {
            let when = |b: Option<&Burst>| b.map(|b| b.came.max(self.next));
            let (read, enough) = (when(self.reads.first()), when(self.writes.get(low)));
            writes = enough.is_some_and(|w| read.is_none_or(|r| w < r));
        }
        let queue = self.queue(writes);
        let at = queue.first()?.came.max(self.next);
        let at = if writes && !self.writing {
            // Its last one makes it start.
            at.max(queue[low].came)
        } else {
            at
        };
        if at > until {
            return None;
        }
        let there = queue.partition_point(|b| b.came <= at);
        if writes != self.writing {
            (self.writing, self.batch) = (writes, 0);
        }
        self.refresh(d, at);
        self.chosen = at;
        let chosen = self.choose(d, at, there);
        let burst = self.queue_mut(self.writing).remove(chosen);
        let over = self.serve(d, &burst, at, there - 1);
        let served = if self.writing {
            Served::Write
        } else {
            Served::Read {
                line: burst.line,
                over,
            }
        };
        self.batch += 1;
        let wait = |queue: &[Burst]| queue.partition_point(|b| b.came <= at);
        if self.writing {
            let (writes, reads) = (wait(&self.writes), wait(&self.reads));
            let below = writes + (BATCH as usize) < low;
            if writes == 0 || below || reads > 0 && self.batch >= BATCH {
                (self.writing, self.batch) = (false, 0);
            }
        } else if wait(&self.writes) > high && (self.batch >= BATCH || wait(&self.reads) == 0) {
            (self.writing, self.batch) = (true, 0);
        }
        Some(served)
    }

    /// Every `t_refi` all rows close, and nothing is served for `t_rfc`.
    fn refresh(&mut self, d: &Dram, now: u64) {
        let due = now / d.t_refi;
        if due > self.refreshed {
            self.refreshed = due;
            let until = due * d.t_refi + d.t_rfc;
            for b in &mut self.banks {
                b.row = CLOSED;
                b.activate = b.activate.max(until);
            }
        }
    }

    /// Which of the first `there` bursts goes next at `at` (`chooseNextFRFCFS`).
    fn choose(&self, d: &Dram, at: u64, there: usize) -> usize {
        if there == 1 {
            return 0;
        }
        let queue = self.queue(self.writing);
        let soon = self.free.max(at);
        // The first hit without a delay; else what can open its row without one; else a hit.
        let mut hit = None;
        for (n, burst) in queue[..there].iter().enumerate() {
            let bank = &self.banks[burst.bank as usize];
            if bank.row == burst.row {
                if self.column(burst) <= soon {
                    return n;
                }
                hit = hit.or(Some(n));
            }
        }
        let rcd = if self.writing { d.t_rcd_write } else { d.t_rcd };
        let opens = |burst: &Burst| {
            let bank = &self.banks[burst.bank as usize];
            if bank.row == CLOSED {
                self.activate(burst).max(at)
            } else {
                bank.precharge.max(at) + d.t_rp
            }
        };
        let (mut first, mut seamless) = (None::<(u64, usize)>, false);
        for (n, burst) in queue[..there].iter().enumerate() {
            let bank = &self.banks[burst.bank as usize];
            if bank.row == burst.row {
                continue;
            }
            let act = opens(burst);
            let new = self.column(burst).max(act + rcd) <= soon;
            let earlier = first.is_none_or(|f| act < f.0);
            if !seamless && (new || earlier) {
                first = Some((act, n));
                seamless |= new;
            }
        }
        let hidden = first.is_some_and(|f| f.0 <= soon.saturating_sub(rcd).max(at));
        match (first, hit) {
            (Some((_, n)), None) => n,
            (Some((_, n)), Some(_)) if hidden => n,
            (_, Some(n)) => n,
            (None, None) => 0,
        }
    }

    /// When the column command of a burst may come, but for the bus.
    fn column(&self, burst: &Burst) -> u64 {
        let bank = &self.banks[burst.bank as usize];
        let rank = &self.ranks[burst.rank as usize];
        let group = self.groups.get(burst.group as usize);
        let group = group.copied().unwrap_or_default();
        if self.writing {
            bank.write.max(rank.write).max(group.write)
        } else {
            bank.read.max(rank.read).max(group.read)
        }
    }

    /// When its bank may open a row.
    fn activate(&self, burst: &Burst) -> u64 {
        let bank = &self.banks[burst.bank as usize];
        bank.activate.max(self.ranks[burst.rank as usize].activate)
    }

    /// A burst is served, chosen at `at`, while `others` wait: when it is over (`doBurstAccess`).
    fn serve(&mut self, d: &Dram, burst: &Burst, at: u64, others: usize) -> u64 {
        let own = burst.bank as usize;
        if self.banks[own].row != burst.row {
            let bank = &mut self.banks[own];
            if bank.row != CLOSED {
                bank.close(d, at);
            }
            let act = self.activate(burst).max(at);
            let bank = &mut self.banks[own];
            bank.row = burst.row;
            bank.bursts = 0;
            bank.precharge = act + d.t_ras;
            bank.read = bank.read.max(act + d.t_rcd);
            bank.write = bank.write.max(act + d.t_rcd_write);
            self.activated.rotate_right(1);
            self.activated[0] = act;
            let rank = &mut self.ranks[burst.rank as usize];
            rank.activate = rank.activate.max(act + d.t_rrd);
            if self.activated[3] > 0 {
                rank.activate = rank.activate.max(self.activated[3] + d.t_xaw);
            }
        }
        let mut command = self.column(burst).max(self.free).max(at);
        let mut gap = d.t_burst_min;
        if d.t_burst_min < d.t_burst {
            if command == self.last + d.t_burst_min {
                gap = d.t_burst;
            } else if command < self.last + d.t_burst {
                command = self.last + d.t_burst;
            }
        }
        self.last = command;
        let latency = if self.writing { d.t_cwl } else { d.t_cl };
        let over = command + latency + d.t_burst;
        let turn = d.t_burst + d.t_rtw;
        let to_read = d.t_burst + d.t_wtr + d.t_cwl;
        for (n, rank) in self.ranks.iter_mut().enumerate() {
            let (read, write) = match (n == burst.rank as usize, self.writing) {
                (false, _) => (turn, turn),
                (true, true) => (to_read, gap),
                (true, false) => (gap, turn),
            };
            rank.read = rank.read.max(command + read);
            rank.write = rank.write.max(command + write);
        }
        if let Some(group) = self.groups.get_mut(burst.group as usize) {
            group.read = group.read.max(command + d.t_ccd_l);
            group.write = group.write.max(command + d.t_ccd_l);
        }
        self.free = command + gap;
        self.next = self.free.saturating_sub(d.t_rp + d.t_rcd);
        let queue = self.queue(self.writing);
        let waiting = &queue[..others];
        let of_bank = || waiting.iter().filter(|b| b.bank == burst.bank);
        let hits = of_bank().any(|b| b.row == burst.row);
        let closes = !hits && (d.close_page || of_bank().next().is_some());
        let bank = &mut self.banks[own];
        bank.precharge = bank.precharge.max(if self.writing {
            over + d.t_wr
        } else {
            command + d.t_rtp
        });
        bank.bursts += 1;
        if bank.bursts == ROW_BURSTS || closes {
            bank.close(d, at);
        }
        over
    }
}

#[cfg(test)]
mod tests;
