//! The result of a run, as a table and as JSON.

use crate::output::{attention, field, grouped, heading, tell};
use crate::region;
use crate::source::{Format, Only};
use crate::whole::{Partial, Whole};
use perfvec::microarch::stack::{add_up_to, error_90};
use perfvec::microarch::{Estimate, MicroarchTable, ProgramVector, Stack, PARTS};
use perfvec::region::Region;
use perfvec::session::{Interval, Sampling, SessionConfig, WARMING_ALL};
use perfvec::{Error, ErrorKind, Result};
use serde_json::{json, Value};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// One hart's part of a result.
pub struct Stream {
    /// Its program vector.
    pub vector: ProgramVector,
    /// The same units after a quarter of the warming, where that is bounded: see
    /// [`Bounded`](crate::bounded::Bounded).
    pub shorter: Option<ProgramVector>,
    /// The series, empty where none was asked for.
    pub intervals: Vec<Interval>,
    /// The JSON of [`sampling`]; null if everything was measured.
    pub sampling: Value,
}

/// The result of one run.
pub struct Report<'a> {
    /// What ran, with its arguments.
    pub program: String,
    /// The table that priced it.
    pub table: &'a MicroarchTable,
    /// Which microarchitectures to print.
    pub only: &'a Only,
    /// At least one stream; totals are sums over them.
    pub streams: Vec<Stream>,
    /// Which part of the program was asked for.
    pub region: Region,
    /// Why this is only a part of that, where it is.
    pub partial: Option<Partial>,
    /// What else is known of a program that was run.
    pub whole: Option<Whole>,
}

impl Report<'_> {
    /// Totals over the streams. One too short for the rate of sampling to meet it is taken to be
    /// like the others; where that is all of them there is no estimate.
    pub fn estimates(&self) -> Result<Vec<Estimate>> {
        let all = self.streams.iter().map(|s| &s.vector);
        let measured: Vec<&ProgramVector> = all.filter(|v| v.measured > 0).collect();
        if measured.is_empty() {
            return Err(Error::new(
                ErrorKind::State,
                match (self.total(|v| v.retired), &self.partial) {
                    (0, _) if !self.region.is_all() => format!(
                        "no estimate: nothing retired in the region ({})",
                        region::words(&self.region)
                    ),
                    (0, _) => "nothing retired, so there is nothing to estimate".to_string(),
                    (n, Some(partial)) => format!(
                        "no estimate: nothing of its {} instructions was measured; {}",
                        grouped(n),
                        partial.reasons.join("; ")
                    ),
                    (n, None) => format!(
                        "no estimate: no sampling unit lies in its {} instructions; sample more often, or measure all of it",
                        grouped(n)
                    ),
                },
            ));
        }
        let mut estimates = self.totals(&measured)?;
        for (e, error) in estimates
            .iter_mut()
            .zip(self.warming_errors()?.iter().flatten())
        {
            let width = e.half_width + error / e.cycles.abs();
            e.half_width = if width.is_finite() { width } else { 1.0 };
        }
        Ok(estimates)
    }

    /// What bounded warming may have changed, in cycles of each microarchitecture; `None` where
    /// that is not known, or nothing. Errors of streams point the same way, so they add up.
    fn warming_errors(&self) -> Result<Option<Vec<f64>>> {
        let mut errors = vec![0.0; self.table.entries().len()];
        for stream in &self.streams {
            let Some(shorter) = &stream.shorter else {
                return Ok(None);
            };
            let both = self.table.estimate(&stream.vector)?;
            let both = both.into_iter().zip(self.table.estimate(shorter)?);
            for (error, (e, shorter)) in errors.iter_mut().zip(both) {
                *error += (shorter.cycles - e.cycles).abs();
            }
        }
        Ok(Some(errors))
    }

    /// Totals over streams of which something was measured, with sampling's error alone.
    fn totals(&self, measured: &[&ProgramVector]) -> Result<Vec<Estimate>> {
        if self.streams.len() == 1 {
            return self.table.estimate(measured[0]);
        }
        let parts = measured.iter().map(|v| self.table.estimate(v));
        let parts: Vec<Vec<Estimate>> = parts.collect::<Result<_>>()?;
        let seen: u64 = measured.iter().map(|v| v.retired).sum();
        let scale = self.total(|v| v.retired) as f64 / seen as f64;
        let total = |k: usize| {
            let of_core = parts.iter().zip(measured).map(|(e, v)| (e[k], v.retired));
            let mut total = Estimate::total(of_core);
            total.cycles *= scale;
            total.seconds *= scale;
            total
        };
        Ok((0..self.table.entries().len()).map(total).collect())
    }

    /// The same split by cause, if the model has causes: the parts add up to the cycles.
    fn stacks(&self, estimates: &[Estimate]) -> Result<Option<Vec<Stack>>> {
        let mut sum = vec![[0.0; PARTS.len()]; estimates.len()];
        for s in &self.streams {
            let Some(stacks) = self.table.stacks(&s.vector)? else {
                return Ok(None);
            };
            for (sum, stack) in sum.iter_mut().zip(stacks) {
                sum.iter_mut().zip(stack).for_each(|(sum, x)| *sum += x);
            }
        }
        for (stack, e) in sum.iter_mut().zip(estimates) {
            // A stream of which nothing was measured is taken to be like the others.
            let all: f64 = stack.iter().sum();
            if all > 0.0 {
                stack.iter_mut().for_each(|x| *x *= e.cycles / all);
            }
            add_up_to(stack, e.cycles);
        }
        Ok(Some(sum))
    }

    fn total(&self, count: impl Fn(&ProgramVector) -> u64) -> u64 {
        self.streams.iter().map(|s| count(&s.vector)).sum()
    }

    /// The worst stream's; `None` where the table has no training distribution.
    fn ood_score(&self) -> Result<Option<f64>> {
        let mut worst: Option<f64> = None;
        for stream in &self.streams {
            let score = self.table.ood_score(&stream.vector)?;
            worst = match (worst, score) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (a, b) => a.or(b),
            };
        }
        Ok(worst)
    }

    /// A line for a program that is unlike those of the training.
    pub fn warning(&self) -> Result<Option<String>> {
        let far = self.ood_score()?.filter(|score| *score > 1.0);
        Ok(far.map(|score| {
            let text = format!(
                "warning: this program is unlike the model's training programs\n(out-of-distribution score {score:.1}, above 1); expect larger errors"
            );
            attention(&text) + "\n"
        }))
    }

    /// What `format` asks for, on the way to a person or a program.
    pub fn print(&self, format: Format) -> Result<String> {
        match format {
            Format::Table => self.text(),
            Format::Csv => Ok(CSV_HEADING.to_string() + &self.csv()?),
            Format::Json => Ok(format!("{}\n", self.json()?)),
        }
    }

    /// The rows of [`CSV_HEADING`], in the table's order.
    pub fn csv(&self) -> Result<String> {
        let estimates = self.estimates()?;
        let mut out = String::new();
        for (m, e) in self.table.entries().iter().zip(&estimates) {
            if self.only.wants(&m.name) {
                let _ = writeln!(
                    out,
                    "{},{},{},{},{},{},{}",
                    field(&self.program),
                    field(&m.name),
                    m.clock_hz,
                    e.cpi,
                    e.cycles,
                    e.seconds,
                    e.half_width
                );
            }
        }
        Ok(out)
    }

    /// The table, fastest microarchitecture first.
    pub fn text(&self) -> Result<String> {
        let estimates = self.estimates()?;
        let entries = self.table.entries();
        let mut order: Vec<usize> = (0..entries.len())
            .filter(|i| self.only.wants(&entries[*i].name))
            .collect();
        order.sort_by(|a, b| estimates[*a].seconds.total_cmp(&estimates[*b].seconds));
        let width = entries
            .iter()
            .map(|e| e.name.len())
            .max()
            .unwrap_or(0)
            .max(10);
        let sampled = self.total(|v| v.units) > 0;
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(text.trim_end());
            out.push('\n');
        };
        let stacks = self.stacks(&estimates)?;
        // Where it is known the whole error, else that of sampling.
        let ci = match (&stacks, sampled) {
            (Some(_), _) => "    +-90%",
            (None, true) => "    +-95%",
            (None, false) => "",
        };
        line(heading(&format!(
            "{:width$} {:>9} {:>7} {:>15} {:>12}{ci}",
            "microarch", "GHz", "CPI", "cycles", "time"
        )));
        for &i in &order {
            let (m, e) = (&entries[i], &estimates[i]);
            let ci = match (&stacks, sampled) {
                (Some(stacks), _) => Some(error_90(&m.kind, &stacks[i], e.half_width)),
                (None, true) => Some(e.half_width),
                (None, false) => None,
            };
            let ci = ci.map_or_else(String::new, |x| format!(" {:7.2}%", x * 100.0));
            line(format!(
                "{:width$} {:>9.2} {:>7.3} {:>15.0} {:>12}{ci}",
                m.name,
                m.clock_hz / 1e9,
                e.cpi,
                e.cycles,
                seconds(e.seconds)
            ));
        }
        if let Some(stacks) = &stacks {
            let parts: String = PARTS.iter().map(|part| format!(" {part:>4.4}")).collect();
            line(heading(&format!("{:width$}{parts}", "% of cycles")));
            for &i in &order {
                let share = |x: &f64| format!(" {:4.0}", x / estimates[i].cycles * 100.0);
                let shares: String = stacks[i].iter().map(share).collect();
                line(format!("{:width$}{shares}", entries[i].name));
            }
        }
        let (retired, measured) = (self.total(|v| v.retired), self.total(|v| v.measured));
        let mut note = format!("{} instructions", grouped(retired));
        if !self.region.is_all() {
            let _ = write!(note, " of a region ({})", region::words(&self.region));
        }
        if sampled {
            let units = grouped(self.total(|v| v.units));
            let _ = write!(note, ", {} measured in {units} units", grouped(measured));
        }
        if self.streams.len() > 1 {
            let _ = write!(note, " of {}", self.parts());
        }
        line(note);
        if let Some(text) = self.longest(&order)? {
            line(text);
        }
        if let Some(missed) = self.missed(&estimates) {
            line(attention(&missed.text()));
        }
        if let Some(n) = self.streams[0].sampling["warming"].as_u64() {
            line(format!(
                "functional warming was limited to {} instructions before each unit:\n{}",
                grouped(n),
                match self.streams[0].shorter {
                    Some(_) => "the intervals include what a quarter of that would have changed",
                    None => "the intervals do not include the error of that",
                }
            ));
        }
        if let Some(whole) = self.whole.as_ref().filter(|w| w.ended.contains("killed")) {
            line(format!("the program {}", whole.ended));
        }
        if let Some(partial) = &self.partial {
            line(attention(&partial.text()));
        }
        out.push_str(&self.warning()?.unwrap_or_default());
        Ok(out)
    }

    /// Tells a person that the target error was missed, where the table does not.
    pub fn tell_missed(&self, format: Format) -> Result<()> {
        let missed = self.missed(&self.estimates()?);
        if let Some(missed) = missed.filter(|_| format != Format::Table) {
            tell(&format!("perfvec: {}\n", missed.text()));
        }
        Ok(())
    }

    /// The half width that was asked for.
    fn wanted(&self) -> Option<f64> {
        self.streams[0].sampling["half_width"].as_f64()
    }

    /// Which cores' intervals are wider than was asked for.
    fn missed(&self, estimates: &[Estimate]) -> Option<Missed> {
        let wanted = self.wanted()?;
        let all = self.table.entries().iter().zip(estimates);
        // As wide as asked for, but for rounding.
        let missed = all.filter(|(_, e)| e.half_width > wanted * (1.0 + 1e-9));
        let missed: Vec<_> = missed.collect();
        let widest = missed
            .iter()
            .max_by(|a, b| a.1.half_width.total_cmp(&b.1.half_width))?;
        let (retired, units) = (self.total(|v| v.retired), self.total(|v| v.units));
        // The width falls with the root of the number of units.
        let needed = units as f64 * (widest.1.half_width / wanted).powi(2);
        Some(Missed {
            wanted,
            got: widest.1.half_width,
            widest: widest.0.name.clone(),
            names: missed.iter().map(|(m, _)| m.name.clone()).collect(),
            cores: estimates.len(),
            period: (retired as f64 / needed.max(1.0)) as u64,
            measured: self.total(|v| v.measured) / units.max(1),
        })
    }

    /// The cores that are to be shown.
    pub fn shown(&self) -> Vec<&str> {
        let names = self.table.entries().iter().map(|m| m.name.as_str());
        names.filter(|name| self.only.wants(name)).collect()
    }

    /// The same and the interval series as JSON.
    pub fn json(&self) -> Result<Value> {
        let first = &self.streams[0];
        let mut out = json!({
            "format": "perfvec-estimates-1",
            "program": self.program,
            "model": first.vector.model_id,
            "retired": self.total(|v| v.retired),
            "measured": self.total(|v| v.measured),
            "units": self.total(|v| v.units),
            "region": region::json(&self.region),
            "partial": self.partial.as_ref().map(Partial::json),
            "ood_score": self.ood_score()?,
            "microarchs": [],
            "intervals": [],
        });
        let estimates = self.estimates()?;
        let stacks = self.stacks(&estimates)?;
        out["microarchs"] = self.priced(&estimates, stacks.as_deref());
        for (k, error) in self.warming_errors()?.iter().flatten().enumerate() {
            out["microarchs"][k]["warming_error"] = (error / estimates[k].cycles).into();
        }
        if let Some(wanted) = self.wanted() {
            let missed = self.missed(&estimates);
            out["target"] = json!({
                "half_width": wanted, "met": missed.is_none(),
                "missed": missed.map_or_else(Vec::new, |m| m.names),
            });
        }
        if self.streams.len() == 1 {
            out["intervals"] = self.series(first)?;
            out["sampling"] = first.sampling.clone();
        }
        if let Some(whole) = &self.whole {
            out["ended"] = whole.ended.clone().into();
            let threads = whole.threads.iter().map(|t| self.thread(t));
            out["threads"] = threads.collect::<Result<Vec<_>>>()?.into();
            let processes = whole.processes.iter().map(|p| self.process(p));
            out["processes"] = processes.collect::<Result<Vec<_>>>()?.into();
        }
        Ok(out)
    }

    fn priced(&self, estimates: &[Estimate], stacks: Option<&[Stack]>) -> Value {
        let entries = self.table.entries().iter().enumerate();
        entries
            .zip(estimates)
            .map(|((k, m), e)| {
                let mut priced = json!({
                    "name": m.name, "clock_hz": m.clock_hz, "cycles": e.cycles, "cpi": e.cpi,
                    "seconds": e.seconds, "half_width": e.half_width,
                });
                if let Some(stacks) = stacks {
                    priced["error_90"] = error_90(&m.kind, &stacks[k], e.half_width).into();
                    let parts = PARTS.iter().zip(stacks[k]);
                    let parts = parts.map(|(part, x)| (part.to_string(), x.into()));
                    priced["stack"] = Value::Object(parts.collect());
                }
                priced
            })
            .collect()
    }

    /// The interval series of a stream.
    pub fn series(&self, stream: &Stream) -> Result<Value> {
        let mut series = Vec::new();
        for i in &stream.intervals {
            let v = ProgramVector {
                model_id: stream.vector.model_id.clone(),
                retired: i.retirements,
                measured: i.measured,
                sum: i.vector.clone(),
                ..ProgramVector::default()
            };
            let cpi: Vec<f64> = self.table.estimate(&v)?.iter().map(|e| e.cpi).collect();
            let mut interval = json!({
                "index": i.index, "first": i.first, "retirements": i.retirements,
                "measured": i.measured, "cpi": cpi,
            });
            if let Some(stacks) = self.table.stacks(&v)? {
                interval["stacks"] = json!(stacks);
            }
            series.push(interval);
        }
        Ok(series.into())
    }
}

/// A target error that was not met.
struct Missed {
    wanted: f64,
    /// The widest interval, and the core that has it.
    got: f64,
    widest: String,
    names: Vec<String>,
    cores: usize,
    /// One unit in so many retirements would have met it.
    period: u64,
    /// Retirements in a unit.
    measured: u64,
}

impl Missed {
    fn text(&self) -> String {
        let again = match self.period >= 2 * self.measured {
            true => format!("--sample {} may meet it", self.period),
            false => "measure all of it, without --sample-error".into(),
        };
        format!(
            "target missed: --sample-error {}% asked for, but the 95% interval of {} of {} cores\nis wider, +-{:.2}% on {}; {again}",
            (self.wanted * 1e6).round() / 1e4,
            self.names.len(),
            self.cores,
            self.got * 100.0,
            self.widest,
        )
    }
}

/// The columns of [`Report::csv`].
pub const CSV_HEADING: &str = "program,microarch,clock_hz,cpi,cycles,seconds,half_width\n";

/// What `--sample-like` needs to measure the same again, where the session chose `plan`.
pub fn sampling(config: &SessionConfig, plan: &[u64]) -> Value {
    let (unit, seed) = (config.unit, config.seed);
    let mut out = match &config.sampling {
        Sampling::Full => return Value::Null,
        Sampling::FixedRate { period } => json!({"unit": unit, "seed": seed, "period": period}),
        _ => json!({"unit": unit, "seed": seed, "plan": plan}),
    };
    if let Sampling::TargetError { half_width, .. } = &config.sampling {
        out["half_width"] = (*half_width).into();
    }
    if config.warming < WARMING_ALL {
        out["warming"] = config.warming.into();
    }
    out
}

/// A time with a fitting unit.
fn seconds(s: f64) -> String {
    match s {
        s if s >= 1.0 => format!("{s:.3} s"),
        s if s >= 1e-3 => format!("{:.3} ms", s * 1e3),
        s => format!("{:.3} us", s * 1e6),
    }
}

/// The file of the stream numbered `n`: `path` itself for the first, else with ".n" before the
/// extension.
pub fn numbered(path: &Path, n: usize) -> PathBuf {
    if n == 0 {
        return path.to_path_buf();
    }
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push(format!(".{n}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}
