//! What measuring costs in time, beside everything else that the stream takes.

use crate::bytes::{fields, flag, put};
use crate::error::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time since some moment; never goes back.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The system's clock.
pub fn system_clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

/// Where the time of a stream's regions went.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// On rows and on the model, on whichever thread.
    pub measuring: Duration,
    /// On everything else: what the stream takes without measuring.
    pub other: Duration,
}

/// Reads the clock for the pipeline's thread.
pub struct Meter {
    clock: Clock,
    /// When the present region began, if it did.
    since: Option<Duration>,
    /// Time in earlier parts of regions.
    before: Duration,
    /// Time for rows, and what a restored session had spent on the model.
    measuring: Duration,
    /// Time for which measuring held up the pipeline's thread.
    held: Duration,
}

impl Meter {
    /// A meter at zero.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            since: None,
            before: Duration::ZERO,
            measuring: Duration::ZERO,
            held: Duration::ZERO,
        }
    }

    /// The time now.
    pub fn now(&self) -> Duration {
        (self.clock)()
    }

    /// The time that passes counts from now on.
    pub fn run(&mut self) {
        if self.since.is_none() {
            self.since = Some(self.now());
        }
    }

    /// The time that passes does not count any more.
    pub fn pause(&mut self) {
        if let Some(since) = self.since.take() {
            self.before += self.now().saturating_sub(since);
        }
    }

    /// The pipeline's thread has made rows since `since`.
    pub fn made_rows(&mut self, since: Duration) {
        let took = self.now().saturating_sub(since);
        self.measuring += took;
        self.held += took;
    }

    /// The pipeline's thread has run the model or waited for it since `since`.
    pub fn waited(&mut self, since: Duration) {
        self.held += self.now().saturating_sub(since);
    }

    /// Where the time went, `model` of it into runs of the model.
    pub fn spent(&self, model: Duration) -> Spent {
        let present = self.since.map_or(Duration::ZERO, |s| self.now() - s);
        Spent {
            measuring: self.measuring + model,
            other: (self.before + present).saturating_sub(self.held),
        }
    }

    /// Appends the state, in nanoseconds; `model` of the time went into runs of the model.
    pub fn save(&self, model: Duration, out: &mut Vec<u8>) {
        let spent = self.spent(model);
        let nanos = |d: Duration| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX);
        put(out, &[nanos(spent.measuring), nanos(spent.other)]);
        put(out, &[u64::from(self.since.is_some())]);
    }

    /// Takes the state back.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let [measuring, other] = fields(bytes, "the time spent")?;
        self.measuring = Duration::from_nanos(measuring);
        self.before = Duration::from_nanos(other);
        self.held = Duration::ZERO;
        self.since = flag(bytes, "whether time runs")?.then(|| self.now());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn time_in_regions_is_divided_into_measuring_and_the_rest() {
        let time = Arc::new(AtomicU64::new(5));
        let hand = time.clone();
        let at = move |seconds: u64| hand.store(seconds, Ordering::Relaxed);
        let clock: Clock = Arc::new(move || Duration::from_secs(time.load(Ordering::Relaxed)));
        let mut m = Meter::new(clock);
        let spent = |measuring, other| Spent {
            measuring: Duration::from_secs(measuring),
            other: Duration::from_secs(other),
        };
        at(10);
        assert_eq!(m.spent(Duration::ZERO), spent(0, 0), "outside every region");
        m.run();
        at(20);
        m.run();
        let from = m.now();
        at(23);
        m.made_rows(from);
        let from = m.now();
        at(27);
        m.waited(from);
        // The model ran for 6 s, of which the pipeline's thread has waited for 4.
        let model = Duration::from_secs(6);
        assert_eq!(m.spent(model), spent(9, 10));
        m.pause();
        at(100);
        assert_eq!(m.spent(model), spent(9, 10));
        let mut state = Vec::new();
        m.save(model, &mut state);
        m.run();
        at(101);
        assert_eq!(m.spent(model), spent(9, 11));
        m.restore(&mut &state[..]).unwrap();
        assert_eq!(m.spent(Duration::ZERO), spent(9, 10));
    }
}
