//! Memory below the last cache: DRAM with banks, rows and a bus, or a fixed latency.
//!
//! Times are in picoseconds.

use super::calendar::Calendar;
use super::controller::Controller;
use super::dram::dram;
use super::parameters::{CoreParameters, LINE_BYTES};

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
    use super::super::dram::dram;
    use super::*;
    use crate::twin::parameters::{CoreKind, MemoryKind};

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
