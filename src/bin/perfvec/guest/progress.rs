//! Live progress on a terminal.

use super::code::lock;
use crate::output::grouped;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often the line is drawn.
pub const PAUSE: Duration = Duration::from_millis(200);

/// One line on standard error; nothing where that is no terminal.
pub struct Progress {
    bar: Option<ProgressBar>,
    start: Instant,
    /// When the line was drawn last.
    drawn: Instant,
    microarch: String,
    /// Of streams that have an estimate: retirements, and cycles for them.
    estimates: Mutex<BTreeMap<usize, (u64, f64)>>,
}

impl Progress {
    /// Shows progress if it is wanted and someone can see it. The running CPI is `microarch`'s.
    pub fn new(wanted: bool, microarch: &str) -> Self {
        let bar = (wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]") {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            start: Instant::now(),
            drawn: Instant::now(),
            microarch: microarch.to_string(),
            estimates: Mutex::default(),
        }
    }

    /// Whether there is a line to keep up to date.
    pub fn is_shown(&self) -> bool {
        self.bar.is_some()
    }

    /// Tells how stream `number` does.
    pub fn tell(&self, number: usize, retired: u64, cycles: f64) {
        lock(&self.estimates).insert(number, (retired, cycles));
    }

    /// Draws the line for this many retirements, with the last reported CPI.
    pub fn update(&self, retired: &AtomicU64) {
        let (estimated, cycles) = lock(&self.estimates)
            .values()
            .fold((0, 0.0), |sum, s| (sum.0 + s.0, sum.1 + s.1));
        self.draw(retired.load(Ordering::Relaxed), cycles / estimated as f64);
    }

    /// Whether the line is so old that it is worth finding out what it should say.
    pub fn is_due(&self) -> bool {
        self.is_shown() && self.drawn.elapsed() >= PAUSE
    }

    /// Draws the line for this many retirements at this CPI.
    pub fn show(&mut self, retired: u64, cpi: f64) {
        self.draw(retired, cpi);
        self.drawn = Instant::now();
    }

    fn draw(&self, retired: u64, cpi: f64) {
        if let Some(bar) = &self.bar {
            let elapsed = self.start.elapsed().as_secs_f64();
            bar.set_message(line(retired, cpi, elapsed, &self.microarch));
            bar.tick();
        }
    }

    /// Removes the line.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(retired: u64, cpi: f64, elapsed: f64, microarch: &str) -> String {
    let mips = retired as f64 / elapsed.max(1e-9) / 1e6;
    let mut text = format!("{} instructions  {mips:.2} MIPS", grouped(retired));
    if cpi > 0.0 {
        text.push_str(&format!("  CPI {cpi:.3} on {microarch}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_count_speed_and_cpi() {
        assert_eq!(
            line(3_000_000, 1.25, 2.0, "big"),
            "3 000 000 instructions  1.50 MIPS  CPI 1.250 on big"
        );
        let none = line(0, f64::NAN, 0.0, "big");
        assert_eq!(none, "0 instructions  0.00 MIPS");
    }
}
