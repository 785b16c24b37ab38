//! Live progress on a terminal.

use super::outbox::{Counters, Outbox};
use crate::report::grouped;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
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
        }
    }

    /// Whether there is a line to keep up to date.
    pub fn is_shown(&self) -> bool {
        self.bar.is_some()
    }

    /// Draws the line of a guest.
    pub fn update(&self, outbox: &Outbox) {
        self.draw(outbox.counters());
    }

    /// Whether the line is so old that it is worth finding out what it should say.
    pub fn is_due(&self) -> bool {
        self.is_shown() && self.drawn.elapsed() >= PAUSE
    }

    /// Draws the line of what was counted here.
    pub fn show(&mut self, counters: Counters) {
        self.draw(counters);
        self.drawn = Instant::now();
    }

    fn draw(&self, counters: Counters) {
        if let Some(bar) = &self.bar {
            let elapsed = self.start.elapsed().as_secs_f64();
            bar.set_message(line(counters, elapsed, &self.microarch));
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

fn line(c: Counters, elapsed: f64, microarch: &str) -> String {
    let mips = c.retired as f64 / elapsed.max(1e-9) / 1e6;
    let mut text = format!("{} instructions  {mips:.2} MIPS", grouped(c.retired));
    if c.cpi > 0.0 {
        text.push_str(&format!("  CPI {:.3} on {microarch}", c.cpi));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_count_speed_and_cpi() {
        let c = Counters {
            retired: 3_000_000,
            cpi: 1.25,
        };
        assert_eq!(
            line(c, 2.0, "big"),
            "3 000 000 instructions  1.50 MIPS  CPI 1.250 on big"
        );
        let none = line(Counters::default(), 0.0, "big");
        assert_eq!(none, "0 instructions  0.00 MIPS");
    }
}
