//! A profile with names: what every table and every export is made from.

use super::modules::Module;
use super::names::{Location, Names};
use perfvec::inst::StaticInst;
use perfvec::session::{Costs, Value};

/// What retired at one place after one list of calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Index into [`Thread::stacks`].
    pub stack: u32,
    /// Index into [`Resolved::locations`].
    pub location: usize,
    /// As [`Resolved::values`].
    pub values: Vec<f64>,
}

/// A node of a thread's call tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    /// The stack that made the call; parents come before children, and node 0 is the root.
    pub parent: u32,
    /// The call, an index into [`Resolved::locations`].
    pub site: usize,
    /// Where it went, likewise.
    pub callee: usize,
    /// How often.
    pub calls: u64,
}

/// One thread's part.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    /// Its name.
    pub name: String,
    /// Its call tree.
    pub stacks: Vec<Call>,
    /// What it did.
    pub samples: Vec<Sample>,
    /// Calls that found no room in the tree.
    pub cut: u64,
}

/// A whole profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resolved {
    /// The program's command line.
    pub program: String,
    /// The model's id.
    pub model: String,
    /// What is counted: instructions first, then cycles on each core.
    pub values: Vec<Value>,
    /// Retirements, and those that were measured.
    pub retired: u64,
    /// See `retired`.
    pub measured: u64,
    /// Mapped files.
    pub modules: Vec<Module>,
    /// Places, each once.
    pub locations: Vec<Location>,
    /// Threads, the first one first.
    pub threads: Vec<Thread>,
    /// What the user should know: files that are missing, or say nothing.
    pub notes: Vec<String>,
}

impl Resolved {
    /// A profile without threads. `values` are what all of them count.
    pub fn new(program: String, model: String) -> Self {
        Self {
            program,
            model,
            ..Self::default()
        }
    }

    /// Adds a thread's costs, whose static instructions are `insts`; `names` must have joined.
    pub fn add(&mut self, name: String, costs: Costs, insts: &[StaticInst], names: &mut Names) {
        let locations = &mut self.locations;
        let mut place = |pc: u64| names.place(pc, locations);
        // The root was not called: what stands there is never looked at.
        let stacks = costs.stacks.iter().enumerate().map(|(n, s)| match n {
            0 => Call {
                parent: 0,
                site: 0,
                callee: 0,
                calls: 0,
            },
            _ => Call {
                parent: s.parent,
                site: place(insts[s.call as usize].pc),
                callee: place(s.callee),
                calls: s.calls,
            },
        });
        let stacks = stacks.collect();
        let samples = costs.sites.into_iter().map(|site| Sample {
            stack: site.stack,
            location: place(insts[site.inst as usize].pc),
            values: site.values,
        });
        let samples = samples.collect();
        self.threads.push(Thread {
            name,
            stacks,
            samples,
            cut: costs.cut,
        });
        self.values = costs.values;
        self.retired += costs.retired;
        self.measured += costs.measured;
    }

    /// Sums over everything, as [`Resolved::values`].
    pub fn total(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.values.len()];
        for sample in self.threads.iter().flat_map(|t| &t.samples) {
            add(&mut sums, &sample.values);
        }
        sums
    }
}

/// Adds `values` to `sums`, one by one.
pub fn add(sums: &mut [f64], values: &[f64]) {
    for (s, v) in sums.iter_mut().zip(values) {
        *s += v;
    }
}

/// Rounds a series to whole numbers, none below 0, whose sums stay as near to the series' as they
/// can: what one place loses the next gets. Formats of other tools hold nothing else.
#[derive(Debug, Default)]
pub struct Rounding(Vec<f64>);

impl Rounding {
    /// The next of the series, each of its values in a series of its own.
    pub fn next(&mut self, values: &[f64]) -> Vec<u64> {
        self.0.resize(values.len(), 0.0);
        let one = |(rest, v): (&mut f64, &f64)| {
            let exact = *rest + v;
            let whole = exact.round().max(0.0);
            *rest = exact - whole;
            whole as u64
        };
        self.0.iter_mut().zip(values).map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_keeps_sums() {
        let mut rounding = Rounding::default();
        let series = [0.4, 0.4, -1.2, 3.3, 0.7, 0.0, 7.5];
        let whole: Vec<u64> = series
            .iter()
            .map(|v| rounding.next(&[*v, 1.0])[0])
            .collect();
        assert_eq!(whole, [0, 1, 0, 2, 1, 0, 7]);
        assert!((whole.iter().sum::<u64>() as f64 - series.iter().sum::<f64>()).abs() <= 0.5);
    }
}
