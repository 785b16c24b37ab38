//! Recognises the format of a trace by its first bytes.

use super::{champsim, cva6, ibex, memtrace, neorv32, spike, Format};

/// Lines that are looked at: a log may begin with what a simulator or a program printed.
const LINES: usize = 64;

/// The format of a file that begins with `head`; `None` where it is none that is known.
pub fn format(head: &[u8]) -> Option<Format> {
    if head.starts_with(b"ZSTF") || head.starts_with(b"\x01STF") {
        return Some(Format::Stf);
    }
    if memtrace::is_trace(head) {
        return Some(Format::Memtrace);
    }
    if !head.iter().any(|b| *b == 0 || *b >= 0x80) {
        let mut lines = head.split(|b| *b == b'\n').take(LINES);
        return lines.find_map(|line| of_line(line.trim_ascii_end()));
    }
    champsim::is_trace(head).then_some(Format::Champsim)
}

fn of_line(line: &[u8]) -> Option<Format> {
    if line.starts_with(b"VERSION ") {
        Some(Format::RvviText)
    } else if ibex::is_heading(line) {
        Some(Format::Ibex)
    } else if spike::is_line(line) {
        Some(Format::Spike)
    } else if neorv32::is_line(line) {
        Some(Format::Neorv32)
    } else if cva6::is_line(line) {
        Some(Format::Cva6)
    } else {
        None
    }
}
