//! Memory below the last cache: DRAM with banks, rows and a bus, or a fixed latency.
//!
//! Times are in picoseconds. The timing parameters are those of gem5 24.0's `DRAMInterface.py`;
//! the rules (open and closed pages, when writes drain, refresh) those of its `MemCtrl`.

use super::calendar::Calendar;
use super::parameters::{CoreParameters, MemoryKind, LINE_BYTES};

/// Timing of a DRAM device, in ps, and its shape.
struct Dram {
    burst_bytes: u64,
    row_bytes: u64,
    ranks: u64,
    banks: u64,
    bank_groups: u64,
    t_rcd: u64,
    t_rcd_write: u64,
    t_cl: u64,
    t_cwl: u64,
    t_rp: u64,
    t_ras: u64,
    /// How long a burst takes, and how long it keeps others from the bus: less where two interleave.
    t_burst: u64,
    t_gap: u64,
    t_ccd_l: u64,
    t_wr: u64,
    t_wtr: u64,
    t_rtw: u64,
    t_rrd: u64,
    t_rtp: u64,
    t_rfc: u64,
    t_refi: u64,
    write_buffer: usize,
    close_page: bool,
}

impl Dram {
    /// The bank of an address, counted over all ranks, and its row there.
    fn place(&self, address: u64) -> (u64, u64) {
        let rest = address / self.row_bytes;
        let (bank, rest) = (rest % self.banks, rest / self.banks);
        let (rank, row) = (rest % self.ranks, rest / self.ranks);
        (rank * self.banks + bank, row)
    }
}

fn dram(kind: MemoryKind) -> Option<Dram> {
    let ddr3 = Dram {
        burst_bytes: 64,
        row_bytes: 8192,
        ranks: 2,
        banks: 8,
        bank_groups: 0,
        t_rcd: 13750,
        t_rcd_write: 13750,
        t_cl: 13750,
        t_cwl: 13750,
        t_rp: 13750,
        t_ras: 35000,
        t_burst: 5000,
        t_gap: 5000,
        t_ccd_l: 0,
        t_wr: 15000,
        t_wtr: 7500,
        t_rtw: 2500,
        t_rrd: 6000,
        t_rtp: 7500,
        t_rfc: 260_000,
        t_refi: 7_800_000,
        write_buffer: 64,
        close_page: false,
    };
    let ddr4 = Dram {
        burst_bytes: 64,
        row_bytes: 8192,
        ranks: 2,
        banks: 16,
        bank_groups: 4,
        t_rcd: 14160,
        t_rcd_write: 14160,
        t_cl: 14160,
        t_cwl: 14160,
        t_rp: 14160,
        t_ras: 32000,
        t_burst: 3332,
        t_gap: 3332,
        t_ccd_l: 5000,
        t_wr: 15000,
        t_wtr: 5000,
        t_rtw: 1666,
        t_rrd: 3332,
        t_rtp: 7500,
        t_rfc: 350_000,
        t_refi: 7_800_000,
        write_buffer: 128,
        close_page: false,
    };
    Some(match kind {
        MemoryKind::Simple => return None,
        MemoryKind::Ddr3_1600 => ddr3,
        MemoryKind::Ddr3_2133 => Dram {
            t_rcd: 13090,
            t_rcd_write: 13090,
            t_cl: 13090,
            t_cwl: 13090,
            t_rp: 13090,
            t_ras: 33000,
            t_burst: 3752,
            t_gap: 3752,
            t_rrd: 5000,
            ..ddr3
        },
        MemoryKind::Ddr4_16x4 | MemoryKind::Ddr4_8x8 => ddr4,
        MemoryKind::Ddr4_4x16 => Dram {
            ranks: 1,
            banks: 8,
            bank_groups: 2,
            t_rrd: 5300,
            ..ddr4
        },
        MemoryKind::Ddr5 => Dram {
            row_bytes: 1024,
            ranks: 1,
            banks: 32,
            bank_groups: 8,
            t_rcd: 14375,
            t_rcd_write: 14375,
            t_cl: 14375,
            t_cwl: 13751,
            t_rp: 14375,
            t_ras: 32000,
            t_burst: 2496,
            t_gap: 2496,
            t_ccd_l: 5000,
            t_wr: 30000,
            t_wtr: 16251,
            t_rtw: 1716,
            t_rrd: 2496,
            t_rfc: 295_000,
            t_refi: 3_900_000,
            write_buffer: 64,
            close_page: true,
            ..ddr4
        },
        MemoryKind::Lpddr3 => Dram {
            burst_bytes: 32,
            row_bytes: 4096,
            ranks: 1,
            t_rcd: 18000,
            t_rcd_write: 18000,
            t_cl: 15000,
            t_cwl: 15000,
            t_rp: 18000,
            t_ras: 42000,
            t_rrd: 10000,
            t_rfc: 130_000,
            t_refi: 3_900_000,
            ..ddr3
        },
        MemoryKind::Lpddr5 => Dram {
            burst_bytes: 64,
            row_bytes: 2048,
            ranks: 1,
            banks: 16,
            bank_groups: 4,
            t_rcd: 18000,
            t_rcd_write: 18000,
            t_cl: 23280,
            t_cwl: 23280,
            t_rp: 18000,
            t_ras: 42000,
            t_burst: 8730,
            t_gap: 5820,
            t_ccd_l: 11640,
            t_wr: 34000,
            t_wtr: 6250,
            t_rtw: 1455,
            t_rrd: 5000,
            t_rtp: 4590,
            t_rfc: 210_000,
            t_refi: 3_900_000,
            close_page: true,
            ..ddr3
        },
        MemoryKind::Hbm => Dram {
            burst_bytes: 32,
            row_bytes: 1024,
            ranks: 1,
            banks: 16,
            bank_groups: 4,
            t_rcd: 12000,
            t_rcd_write: 6000,
            t_cl: 18000,
            t_cwl: 7000,
            t_rp: 14000,
            t_ras: 28000,
            t_burst: 2000,
            t_gap: 2000,
            t_ccd_l: 3000,
            t_wr: 14000,
            t_wtr: 4000,
            t_rtw: 18000,
            t_rrd: 4000,
            t_rtp: 5000,
            t_rfc: 220_000,
            t_refi: 3_900_000,
            write_buffer: 64,
            close_page: true,
        },
    })
}

/// No row is open.
const CLOSED: u64 = u64::MAX;

/// A row that was given up for another one: bursts of it that were there when that was decided went
/// first (FR-FCFS), though they come to us later.
#[derive(Clone, Copy)]
struct Past {
    row: u64,
    /// When it was decided.
    until: u64,
    /// Its last command, and its bursts.
    last: u64,
    bursts: u32,
}

#[derive(Clone, Copy)]
struct Bank {
    row: u64,
    /// Bursts of its row since that was opened.
    bursts: u32,
    /// When it was last asked.
    asked: u64,
    /// When the controller chose its last burst: what was requested until then could be seen.
    chosen: u64,
    /// The last command, and the row that was open before.
    last: u64,
    past: Past,
    /// When a column command, a precharge, an activation may come.
    column: u64,
    precharge: u64,
    activate: u64,
}

struct Controller {
    d: Dram,
    banks: Vec<Bank>,
    /// Bursts on the bus, by time in bursts.
    bus: Calendar,
    /// The last command, and when it was requested.
    command: u64,
    asked: u64,
    /// When the controller chooses next: early enough to open a row before the bus is free.
    next: u64,
    /// Column commands of a bank group.
    groups: Vec<u64>,
    activated: u64,
    last_was_write: bool,
    writes: Vec<u64>,
    refreshed: u64,
}

/// Front end and back end of gem5's `MemCtrl`.
const CONTROLLER: u64 = 20_000;
/// Bursts of a row before it is closed (`max_accesses_per_row`).
const ROW_BURSTS: u32 = 16;
/// Writes that drain at a time at least (`min_writes_per_switch`).
const MIN_WRITES: usize = 16;

impl Controller {
    fn new(d: Dram) -> Self {
        let bank = Bank {
            row: CLOSED,
            bursts: 0,
            asked: 0,
            chosen: 0,
            last: 0,
            past: Past {
                row: CLOSED,
                until: 0,
                last: 0,
                bursts: 0,
            },
            column: 0,
            precharge: 0,
            activate: 0,
        };
        Self {
            banks: vec![bank; (d.ranks * d.banks) as usize],
            groups: vec![0; (d.ranks * d.bank_groups.max(1)) as usize],
            bus: Calendar::new(),
            command: 0,
            asked: 0,
            next: 0,
            activated: 0,
            last_was_write: false,
            writes: Vec::new(),
            refreshed: 0,
            d,
        }
    }

    /// Every `t_refi` all rows close, and nothing is served for `t_rfc`.
    fn refresh(&mut self, now: u64) {
        let due = now / self.d.t_refi;
        if due > self.refreshed {
            self.refreshed = due;
            let until = due * self.d.t_refi + self.d.t_rfc;
            for b in &mut self.banks {
                b.row = CLOSED;
                b.activate = b.activate.max(until);
            }
        }
    }

    fn burst(&mut self, address: u64, now: u64, write: bool) -> u64 {
        let d = &self.d;
        let (bank, row) = d.place(address);
        let groups = d.bank_groups.max(1);
        let group = bank / d.banks * groups + bank % d.banks % groups;
        let b = &mut self.banks[bank as usize];
        let latency = if write { d.t_cwl } else { d.t_cl } + d.t_burst;
        if now < b.asked {
            // The bank's state is of a later time; only the bus is kept for each time apart.
            let opens = if b.row == row { 0 } else { d.t_rp + d.t_rcd };
            return bus_slot(&mut self.bus, now + opens, d.t_gap) + latency;
        }
        b.asked = now;
        let past = &mut b.past;
        if b.row != row && past.row == row && now <= past.until && past.bursts < ROW_BURSTS {
            // It was there when the row was given up, and so came first.
            past.last = bus_slot(&mut self.bus, now.max(past.last + d.t_gap), d.t_gap);
            past.bursts += 1;
            b.column += d.t_gap;
            b.precharge += d.t_gap;
            return past.last + latency;
        }
        let before = b.row;
        let chosen = if now < self.asked {
            now
        } else {
            now.max(self.next)
        };
        // A page is closed behind a burst unless another one to it waits; one that is to stay open
        // is closed where only others to the bank wait.
        let seen = now <= b.chosen;
        let stays = if d.close_page {
            seen && b.row == row
        } else {
            b.row == row || !seen
        };
        if b.row != CLOSED && !stays {
            b.activate = b.activate.max(b.precharge + d.t_rp);
            b.row = CLOSED;
        }
        if b.row != row {
            let mut act = b.activate.max(chosen);
            if self.activated <= now {
                act = act.max(self.activated + d.t_rrd);
            }
            if b.row != CLOSED {
                act = act.max(b.precharge.max(chosen) + d.t_rp);
            }
            self.activated = act;
            b.past = Past {
                row: before,
                until: chosen,
                last: b.last,
                bursts: b.bursts,
            };
            b.row = row;
            b.bursts = 0;
            b.precharge = act + d.t_ras;
            b.column = b
                .column
                .max(act + if write { d.t_rcd_write } else { d.t_rcd });
        }
        b.chosen = chosen;
        let mut command = b.column.max(chosen);
        let in_time = now >= self.asked;
        if in_time {
            self.asked = now;
            if write != self.last_was_write {
                let turn = if write { d.t_rtw } else { d.t_wtr + d.t_cwl };
                command = command.max(self.command + d.t_burst + turn);
                self.last_was_write = write;
            }
            if d.bank_groups > 0 {
                command = command.max(self.groups[group as usize]);
            }
        }
        let command = bus_slot(&mut self.bus, command, d.t_gap);
        if in_time {
            // Where others wait, they go first while a row is opened for this one.
            let opens = d.t_rp + d.t_rcd;
            let turn = if chosen > now {
                command.min(chosen + opens)
            } else {
                command
            };
            self.next = (turn + d.t_gap).saturating_sub(opens);
        }
        b.last = command;
        self.command = command;
        self.groups[group as usize] = command + d.t_ccd_l;
        let done = command + latency;
        b.precharge = b.precharge.max(if write {
            done + d.t_wr
        } else {
            command + d.t_rtp
        });
        b.bursts += 1;
        if b.bursts == ROW_BURSTS {
            b.activate = b.activate.max(b.precharge + d.t_rp);
            b.row = CLOSED;
        }
        done
    }

    /// Bursts of a line.
    fn bursts(&self) -> u64 {
        (u64::from(LINE_BYTES) / self.d.burst_bytes).max(1)
    }

    fn line(&mut self, address: u64, now: u64, write: bool) -> u64 {
        let mut done = now;
        for i in 0..self.bursts() {
            done = self.burst(address + i * self.d.burst_bytes, now, write);
        }
        done
    }

    fn read(&mut self, address: u64, now: u64) -> u64 {
        self.refresh(now);
        if self.writes.contains(&address) {
            return now + CONTROLLER / 2;
        }
        self.line(address, now, false) + CONTROLLER
    }

    fn write(&mut self, address: u64, now: u64) {
        if self.writes.contains(&address) {
            return;
        }
        self.writes.push(address);
        let bursts = self.bursts() as usize;
        if self.writes.len() * bursts > self.d.write_buffer / 2 {
            for _ in 0..MIN_WRITES / bursts + 1 {
                let order = |n: &usize| self.column_at(self.writes[*n], now);
                let Some(first) = (0..self.writes.len()).min_by_key(order) else {
                    break;
                };
                let address = self.writes.remove(first);
                self.line(address, now, true);
            }
        }
    }

    /// When a burst at `address` could have its column command: the first one goes first (FR-FCFS).
    fn column_at(&self, address: u64, now: u64) -> u64 {
        let d = &self.d;
        let (bank, row) = d.place(address);
        let b = &self.banks[bank as usize];
        let next = self.command.max(now) + d.t_gap;
        if b.row == row {
            return b.column.max(next);
        }
        let closed = if b.row == CLOSED {
            0
        } else {
            b.precharge + d.t_rp
        };
        (b.activate.max(closed).max(now) + d.t_rcd_write).max(next)
    }
}

/// The first time from `from` on when the bus is free for a burst.
fn bus_slot(bus: &mut Calendar, from: u64, burst: u64) -> u64 {
    let slot = bus.reserve(from / burst, 1);
    from.max(slot * burst)
}

enum Device {
    /// Latency, ps per line, and lines by time.
    Simple {
        latency: u64,
        line: u64,
        lines: Calendar,
    },
    Dram(Box<Controller>),
}

/// The memory and the crossbar before it.
pub struct Memory {
    device: Device,
}

/// gem5's `SystemXBar` at the 1.5 GHz of `system.py`.
const BUS_PERIOD: u64 = 667;
const BUS_REQUEST: u64 = 8 * BUS_PERIOD;
const BUS_RESPONSE: u64 = 2 * BUS_PERIOD;

fn bus_edge(now: u64) -> u64 {
    now.div_ceil(BUS_PERIOD) * BUS_PERIOD
}

impl Memory {
    /// The memory of a core.
    pub fn new(p: &CoreParameters) -> Self {
        let device = match dram(p.memory) {
            Some(d) => Device::Dram(Box::new(Controller::new(d))),
            None => Device::Simple {
                latency: (p.memory_latency_ns * 1000.0).round() as u64,
                line: (f64::from(LINE_BYTES) * 1e12 / (p.memory_gib_s * f64::from(1 << 30))) as u64,
                lines: Calendar::new(),
            },
        };
        Self { device }
    }

    /// A line is requested at `now`: when it comes back through the crossbar.
    pub fn read(&mut self, address: u64, now: u64) -> u64 {
        let header = bus_edge(now) - now + BUS_REQUEST;
        let done = match &mut self.device {
            Device::Simple {
                latency,
                line,
                lines,
            } => {
                let start = bus_slot(lines, now, *line);
                start + header + *latency
            }
            Device::Dram(c) => c.read(address, now) + header,
        };
        bus_edge(done) + BUS_RESPONSE
    }

    /// A dirty line is written back at `now`.
    pub fn write(&mut self, address: u64, now: u64) {
        match &mut self.device {
            Device::Simple { line, lines, .. } => {
                bus_slot(lines, now, *line);
            }
            Device::Dram(c) => c.write(address, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::parameters::CoreKind;

    fn memory(kind: MemoryKind) -> Memory {
        let mut p = CoreParameters::middle(CoreKind::OutOfOrder);
        p.memory = kind;
        Memory::new(&p)
    }

    #[test]
    fn a_fixed_latency_is_that_and_the_crossbar() {
        let mut m = memory(MemoryKind::Simple);
        let alone = BUS_REQUEST + 60_000;
        assert_eq!(m.read(0, 0), bus_edge(alone) + BUS_RESPONSE);
        // 64 bytes at 12.8 GiB/s take 4656 ps; the second waits for them.
        assert_eq!(m.read(64, 0), bus_edge(alone + 4656) + BUS_RESPONSE);
    }

    #[test]
    fn an_open_row_is_faster_than_a_closed_one_and_that_than_another() {
        let mut m = memory(MemoryKind::Ddr3_1600);
        let us = 1_000_000;
        let closed = m.read(0, us) - us;
        let open = m.read(64, 2 * us) - 2 * us;
        // The same bank: 8 banks and 2 ranks of rows of 8 KiB further.
        let other = m.read(8192 * 16, 3 * us) - 3 * us;
        let (d, tolerance) = (dram(MemoryKind::Ddr3_1600).unwrap(), 2 * BUS_PERIOD);
        assert!(
            (closed - open).abs_diff(d.t_rcd) <= tolerance,
            "{closed} {open}"
        );
        assert!(
            (other - closed).abs_diff(d.t_rp) <= tolerance,
            "{other} {closed}"
        );
    }

    #[test]
    fn close_page_devices_find_every_row_closed() {
        let mut m = memory(MemoryKind::Ddr5);
        let us = 1_000_000;
        let first = m.read(0, us) - us;
        let second = m.read(64, 2 * us) - 2 * us;
        assert!(first.abs_diff(second) <= 2 * BUS_PERIOD, "{first} {second}");
    }

    #[test]
    fn writes_drain_when_half_the_buffer_is_full_and_delay_reads() {
        let mut m = memory(MemoryKind::Ddr3_1600);
        let us = 1_000_000;
        let quiet = m.read(0, us) - us;
        (0..32).for_each(|i| m.write((1 << 20) + 64 * i, 2 * us));
        assert!((m.read(64, 2 * us) - 2 * us) < quiet, "writes wait");
        (32..40).for_each(|i| m.write((1 << 20) + 64 * i, 3 * us));
        assert!(m.read(128, 3 * us) - 3 * us > quiet, "they drain");
    }

    #[test]
    fn a_row_is_closed_behind_its_last_burst() {
        let mut m = memory(MemoryKind::Ddr3_1600);
        // Between two refreshes.
        let at = |n: u64| 8_200_000 + 200_000 * n;
        let took: Vec<u64> = (0..34).map(|n| m.read(64 * n, at(n)) - at(n)).collect();
        let opens: Vec<usize> = (1..34)
            .filter(|n| took[*n] > took[n - 1] + 10_000)
            .collect();
        assert_eq!(opens, [16, 32], "{took:?}");
    }

    #[test]
    fn a_burst_of_the_open_row_goes_before_one_that_opens_another() {
        let mut m = memory(MemoryKind::Ddr3_1600);
        let at = 8_200_000;
        let other_row = 8192 * 16;
        m.read(0, at);
        // Another bank's bursts keep the controller busy.
        let later = at + 200_000;
        (0..8).for_each(|n| {
            m.read(8192 + 64 * n, later);
        });
        let opens = m.read(other_row, later + 1000);
        let hits = m.read(64, later + 2000);
        assert!(hits < opens, "{hits} {opens}");
        // What comes once the row was given up does not.
        let closed = m.read(128, opens);
        assert!(closed - opens > hits - later, "{closed}");
    }

    #[test]
    fn writes_to_one_row_drain_together() {
        let us = 1_000_000;
        let delayed = |address: fn(u64) -> u64| {
            let mut m = memory(MemoryKind::Ddr3_1600);
            (0..33).for_each(|n| m.write((1 << 20) + address(n), 2 * us));
            m.read(64, 2 * us) - 2 * us
        };
        let rows = |n: u64| n / 2 * 64 + n % 2 * 8192 * 16;
        let (row, mixed) = (delayed(|n| n * 64), delayed(rows));
        assert!(mixed < row + 150_000, "{row} {mixed}");
    }

    #[test]
    fn the_write_buffer_holds_bursts() {
        let us = 1_000_000;
        // Two bursts of 32 bytes a line, so that half of its 64 places are taken by 16 lines.
        for (kind, lines) in [(MemoryKind::Lpddr3, 16), (MemoryKind::Ddr3_1600, 32)] {
            let waiting = |lines: u64| {
                let mut m = memory(kind);
                (0..lines).for_each(|i| m.write((1 << 20) + 64 * i, us));
                (m.read(1 << 20, 9 * us) - 9 * us) < 2 * CONTROLLER
            };
            assert!(waiting(lines) && !waiting(lines + 1), "{kind:?}");
        }
    }

    #[test]
    fn what_waits_to_be_written_is_read_from_there() {
        let mut m = memory(MemoryKind::Ddr3_1600);
        m.write(640, 0);
        let us = 1_000_000;
        assert!(m.read(640, us) - us < CONTROLLER);
    }

    #[test]
    fn a_refresh_delays_what_comes_in_it() {
        let mut m = memory(MemoryKind::Ddr3_1600);
        let d = dram(MemoryKind::Ddr3_1600).unwrap();
        m.read(0, 1000);
        assert!(m.read(64, d.t_refi) - d.t_refi >= d.t_rfc);
    }
}
