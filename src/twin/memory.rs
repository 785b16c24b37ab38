//! Memory below the last cache: DRAM with banks, rows and a bus, or a fixed latency.
//!
//! Times are in picoseconds. The timing parameters are those of gem5 24.0's `DRAMInterface.py`.

use super::calendar::Calendar;
use super::controller::Controller;
use super::parameters::{CoreParameters, MemoryKind, LINE_BYTES};

/// Timing of a DRAM device, in ps, and its shape.
pub(super) struct Dram {
    pub(super) burst_bytes: u64,
    pub(super) row_bytes: u64,
    pub(super) ranks: u64,
    pub(super) banks: u64,
    pub(super) bank_groups: u64,
    pub(super) t_rcd: u64,
    pub(super) t_rcd_write: u64,
    pub(super) t_cl: u64,
    pub(super) t_cwl: u64,
    pub(super) t_rp: u64,
    pub(super) t_ras: u64,
    /// How long a burst takes, and from when on another one may go between its halves.
    pub(super) t_burst: u64,
    pub(super) t_burst_min: u64,
    /// In which no more than four rows are opened.
    pub(super) t_xaw: u64,
    pub(super) t_ccd_l: u64,
    pub(super) t_wr: u64,
    pub(super) t_wtr: u64,
    pub(super) t_rtw: u64,
    pub(super) t_rrd: u64,
    pub(super) t_rtp: u64,
    pub(super) t_rfc: u64,
    pub(super) t_refi: u64,
    pub(super) write_buffer: usize,
    pub(super) close_page: bool,
}

impl Dram {
    /// The bank of an address, counted over all ranks, and its row there.
    pub(super) fn place(&self, address: u64) -> (u64, u64) {
        let rest = address / self.row_bytes;
        let (bank, rest) = (rest % self.banks, rest / self.banks);
        let (rank, row) = (rest % self.ranks, rest / self.ranks);
        (rank * self.banks + bank, row)
    }
}

pub(super) fn dram(kind: MemoryKind) -> Option<Dram> {
    let ddr3 = Dram {
        t_xaw: 30000,
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
        t_burst_min: 5000,
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
        t_xaw: 21000,
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
        t_burst_min: 3332,
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
            t_xaw: 25000,
            t_rcd: 13090,
            t_rcd_write: 13090,
            t_cl: 13090,
            t_cwl: 13090,
            t_rp: 13090,
            t_ras: 33000,
            t_burst: 3752,
            t_burst_min: 3752,
            t_rrd: 5000,
            ..ddr3
        },
        MemoryKind::Ddr4_8x8 => ddr4,
        MemoryKind::Ddr4_16x4 => Dram {
            t_xaw: 13_328,
            ..ddr4
        },
        MemoryKind::Ddr4_4x16 => Dram {
            t_xaw: 30000,
            ranks: 1,
            banks: 8,
            bank_groups: 2,
            t_rrd: 5300,
            ..ddr4
        },
        MemoryKind::Ddr5 => Dram {
            t_xaw: 10000,
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
            t_burst_min: 2496,
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
            t_xaw: 50000,
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
            t_xaw: 20000,
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
            t_burst_min: 2910,
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
            t_xaw: 16000,
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
            t_burst_min: 2000,
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
    use super::super::controller::FRONT_END;
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
        let soon = 3 * us + 10_000;
        assert!(m.read(128, soon) - soon > quiet, "they drain");
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
                (m.read(1 << 20, 9 * us) - 9 * us) < 2 * FRONT_END
            };
            assert!(waiting(lines) && !waiting(lines + 1), "{kind:?}");
        }
    }

    #[test]
    fn what_waits_to_be_written_is_read_from_there() {
        let mut m = memory(MemoryKind::Ddr3_1600);
        m.write(640, 0);
        assert!(m.read(640, 20) - 20 < 2 * FRONT_END);
    }

    #[test]
    fn a_refresh_delays_what_comes_in_it() {
        let mut m = memory(MemoryKind::Ddr3_1600);
        let d = dram(MemoryKind::Ddr3_1600).unwrap();
        m.read(0, 1000);
        assert!(m.read(64, d.t_refi) - d.t_refi >= d.t_rfc);
    }
}
