//! What an exploration tells: a table for people, JSON for programs.

use super::price::{hash, Program, Work};
use super::results::{Results, Standing};
use super::space::{plain, Design, Space};
use super::standing::Sensitivity;
use super::Objective;
use crate::output::heading;
use crate::region::{self, words};
use perfvec::microarch::PARTS;
use perfvec::{Error, ErrorKind, Result};
use serde_json::{json, Map, Value};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Designs that a table shows as the best, and on the front.
const SHOWN: usize = 10;
/// Designs that a page holds at most, where the front has no more.
const ON_PAGE: usize = 1000;
/// Columns of a table.
const WIDTH: usize = 80;

/// Whose merit a difference is.
pub struct Explained {
    /// The design before.
    pub from: String,
    /// The design after.
    pub to: String,
    /// Cores that were priced for it.
    pub priced: usize,
    /// Orders that were drawn; `None` where all count.
    pub orders: Option<usize>,
    /// The changes, and the logarithm of what each does to the speedup.
    pub shares: Vec<(String, f64)>,
}

/// All that was found.
pub struct Exploration<'a> {
    /// The space.
    pub space: &'a Space,
    /// The programs.
    pub programs: &'a [Program],
    /// How they were priced.
    pub work: &'a Work<'a>,
    /// What came out.
    pub results: &'a Results,
    /// The designs.
    pub designs: &'a [Design],
    /// Where each stands.
    pub standing: &'a [Standing],
    /// The objective of each.
    pub values: &'a [f64],
    /// What each axis is worth.
    pub sensitivities: &'a [Sensitivity],
    /// Whose merit a difference is.
    pub explained: Option<&'a Explained>,
    /// Estimates of the space and its base.
    pub estimates: usize,
    /// Of these, priced now.
    pub new: usize,
    /// Rows of --designs that are no designs of the space.
    pub left_out: usize,
}

impl Exploration<'_> {
    /// What tells a design from others: the values of axes that have several.
    fn words(&self, design: &Design) -> Vec<String> {
        let axes = self.space.axes.iter().zip(&design.at);
        axes.filter(|(axis, _)| axis.values.len() > 1)
            .map(|(axis, at)| format!("{}={}", axis.name, plain(&axis.values[*at])))
            .collect()
    }

    /// Indices of designs, the best first.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.designs.len()).collect();
        order.sort_by(|a, b| self.values[*b].total_cmp(&self.values[*a]));
        order
    }

    fn row(&self, text: &mut String, i: usize) {
        let s = &self.standing[i];
        let mark = if s.front { '*' } else { ' ' };
        let start = format!(
            "{:>8.4} {:>8.4} {:>9}{mark}  ",
            s.speedup,
            s.worst,
            Short(s.cost)
        );
        wrapped(text, &start, &self.words(&self.designs[i]));
    }

    /// Tables in 80 columns.
    pub fn text(&self) -> Result<String> {
        let mut text = String::new();
        self.put_summary(&mut text)?;
        self.put_designs(&mut text);
        self.put_axes(&mut text);
        if let Some(explained) = self.explained {
            put_explained(&mut text, explained);
        }
        Ok(text)
    }

    /// What was priced, and how exactly.
    fn put_summary(&self, text: &mut String) -> Result<()> {
        let _ = writeln!(
            text,
            "{} designs like {}, {} program{}: {} estimates, {} of them priced now",
            self.designs.len(),
            self.space.base.name,
            self.programs.len(),
            if self.programs.len() == 1 { "" } else { "s" },
            self.estimates,
            self.new
        );
        if self.left_out > 0 {
            let _ = writeln!(
                text,
                "{} of the given rows are not designs of this space",
                self.left_out
            );
        }
        let regions: BTreeSet<String> = self.programs.iter().map(|p| words(&p.region)).collect();
        match &regions.into_iter().collect::<Vec<_>>()[..] {
            [one] if one.is_empty() => (),
            [one] => {
                let _ = writeln!(text, "of a region ({one})");
            }
            // A function lies elsewhere in each program.
            _ => self.programs.iter().for_each(|p| {
                let _ = writeln!(text, "{}: of a region ({})", p.name, words(&p.region));
            }),
        }
        let widest = self.half_widths()?;
        if widest > 0.0 {
            let _ = writeln!(
                text,
                "95% intervals of the cycles from sampling: at most {:.2}% to each side",
                100.0 * widest
            );
        }
        Ok(())
    }

    /// The best designs, and the Pareto front by cost.
    fn put_designs(&self, text: &mut String) {
        let columns = format!("{:>8} {:>8} {:>9}   ", "speedup", "worst", "cost");
        let order = self.order();
        let _ = write!(
            text,
            "\n{}\n",
            heading(&format!("{columns}the best designs (* on the front)"))
        );
        order.iter().take(SHOWN).for_each(|i| self.row(text, *i));

        let mut front: Vec<usize> = order
            .into_iter()
            .filter(|i| self.standing[*i].front)
            .collect();
        front.sort_by(|a, b| self.standing[*a].cost.total_cmp(&self.standing[*b].cost));
        let shown = if front.len() > 2 * SHOWN {
            format!("; {} of its {} designs", 2 * SHOWN, front.len())
        } else {
            String::new()
        };
        let title = format!("{columns}the Pareto front of cost and speedup{shown}");
        let _ = write!(text, "\n{}\n", heading(&title));
        for i in spread(&front, 2 * SHOWN) {
            self.row(text, i);
        }
    }

    /// What each axis is worth, most first.
    fn put_axes(&self, text: &mut String) {
        let title = format!(
            "{:20} {:>8} {:>8}  {}",
            "axis", "range", "effect", "speedup by value"
        );
        let _ = write!(text, "\n{}\n", heading(&title));
        let mut axes: Vec<usize> = (0..self.sensitivities.len()).collect();
        axes.sort_by(|a, b| {
            self.sensitivities[*b]
                .range()
                .total_cmp(&self.sensitivities[*a].range())
        });
        for k in axes {
            let (axis, s) = (&self.space.axes[k], &self.sensitivities[k]);
            let effect = s
                .effect
                .map_or("-".into(), |e| format!("{:.2}%", 100.0 * e.exp_m1()));
            let range = format!("{:.2}%", 100.0 * (s.range() - 1.0));
            let words: Vec<String> = axis
                .values
                .iter()
                .zip(&s.means)
                .map(|(value, mean)| match mean {
                    Some(mean) => format!("{}:{mean:.3}", plain(value)),
                    None => format!("{}:-", plain(value)),
                })
                .collect();
            wrapped(
                text,
                &format!("{:20} {range:>8} {effect:>8}  ", axis.name),
                &words,
            );
        }
    }

    fn half_widths(&self) -> Result<f64> {
        let mut widest: f64 = 0.0;
        for design in self.designs {
            for program in self.programs {
                widest = widest.max(self.estimate(design, program)?.half_width);
            }
        }
        Ok(widest)
    }

    fn estimate(&self, design: &Design, program: &Program) -> Result<&super::results::Row> {
        let row = self
            .results
            .get(&self.work.key(program, &design.parameters));
        row.ok_or_else(|| Error::new(ErrorKind::State, "a design was not priced".to_string()))
    }

    /// For a page: the JSON with at most `ON_PAGE` designs, and what it says of them.
    pub fn page(&self, cost: &str, objective: Objective) -> Result<Value> {
        let order = self.order();
        // The front and the best are what is looked for; of the others, some of every rank.
        let mut shown: BTreeSet<usize> = (0..order.len())
            .filter(|i| self.standing[*i].front)
            .chain(order.iter().copied().take(SHOWN))
            .collect();
        let rest: Vec<usize> = order.into_iter().filter(|i| !shown.contains(i)).collect();
        let room = ON_PAGE.saturating_sub(shown.len());
        if room > 1 {
            shown.extend(spread(&rest, room));
        }
        let best = self.order()[0];
        let objective = match objective {
            Objective::Mean => "speedup",
            Objective::Worst => "worst",
        };
        Ok(json!({
            "result": self.json_of(shown.iter().copied())?, "of": self.designs.len(),
            "best": format!("{:016x}", hash(&self.designs[best].parameters)),
            "front": self.standing.iter().filter(|s| s.front).count(),
            "objective": objective, "cost": cost,
        }))
    }

    /// For programs.
    pub fn json(&self) -> Result<Value> {
        self.json_of(0..self.designs.len())
    }

    /// The same, with these of the designs.
    fn json_of(&self, shown: impl Iterator<Item = usize>) -> Result<Value> {
        let mut designs = Vec::new();
        for i in shown {
            let (design, s) = (&self.designs[i], &self.standing[i]);
            let axes = self.space.axes.iter().zip(&design.at);
            let axes: Map<String, Value> = axes
                .map(|(a, at)| (a.name.clone(), a.values[*at].clone()))
                .collect();
            let mut programs = Vec::new();
            for program in self.programs {
                let row = self.estimate(design, program)?;
                let stack: Map<String, Value> = PARTS
                    .iter()
                    .zip(row.stack)
                    .map(|(p, x)| (p.to_string(), x.into()))
                    .collect();
                programs.push(json!({
                    "program": program.name, "retired": row.retired, "cycles": row.cycles,
                    "cpi": row.cpi, "seconds": row.seconds, "half_width": row.half_width,
                    "stack": stack,
                }));
            }
            designs.push(json!({
                "core": format!("{:016x}", hash(&design.parameters)), "axes": axes,
                "cost": s.cost, "speedup": s.speedup, "worst": s.worst, "pareto": s.front,
                "programs": programs,
            }));
        }
        let axes = self.space.axes.iter().zip(self.sensitivities);
        let axes: Vec<Value> = axes
            .map(|(axis, s)| {
                json!({
                    "axis": axis.name, "values": axis.values, "speedup": s.means,
                    "range": s.range(), "effect": s.effect,
                })
            })
            .collect();
        let explained = self.explained.map(|e| {
            let shares: Vec<Value> = e
                .shares
                .iter()
                .map(|(change, value)| json!({"change": change, "log_speedup": value}))
                .collect();
            json!({"from": e.from, "to": e.to, "cores": e.priced, "orders": e.orders, "shares": shares})
        });
        let regions = self.programs.iter();
        let regions: Map<String, Value> = regions
            .map(|p| (p.name.clone(), region::json(&p.region)))
            .collect();
        Ok(json!({
            "like": self.space.base.name, "settings": self.work.measure.text(),
            "regions": regions, "estimates": self.estimates, "new": self.new,
            "left_out": self.left_out,
            "designs": designs, "axes": axes, "explained": explained,
        }))
    }
}

/// At most `most` of `all`, evenly, the ends among them.
fn spread(all: &[usize], most: usize) -> Vec<usize> {
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most)
        .map(|i| all[i * (all.len() - 1) / (most - 1)])
        .collect()
}

/// `words` after `start`, in lines that go on below the first word.
fn wrapped(text: &mut String, start: &str, words: &[String]) {
    let indent = start.chars().count();
    let mut line = start.to_string();
    for word in words {
        let used = line.chars().count();
        if used > indent && used + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(indent);
        }
        line += word;
        line.push(' ');
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

/// A number of any size in few digits.
struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let x = self.0;
        let text = match x.abs() {
            0.0 => "0".into(),
            a if !(1e-3..1e7).contains(&a) => format!("{x:.3e}"),
            a if a >= 1000.0 => format!("{x:.0}"),
            a if a >= 10.0 => format!("{x:.1}"),
            _ => format!("{x:.3}"),
        };
        f.pad(&text)
    }
}

/// What each change is worth between two designs.
fn put_explained(text: &mut String, e: &Explained) {
    let total: f64 = e.shares.iter().map(|(_, v)| v).sum();
    let how = match e.orders {
        None => "every order of the changes".to_string(),
        Some(n) => format!("{n} orders of the changes, drawn"),
    };
    let title = format!(
        "{:>8} {:>7}  from {} to {}",
        "speedup", "share", e.from, e.to
    );
    let _ = write!(text, "\n{}\n", heading(&title));
    let mut shares: Vec<&(String, f64)> = e.shares.iter().collect();
    shares.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    for (name, value) in shares {
        let share = match total == 0.0 {
            true => "-".to_string(),
            false => format!("{:.1}%", 100.0 * value / total),
        };
        let _ = writeln!(text, "{:>8.4} {share:>7}  {name}", value.exp());
    }
    let _ = writeln!(
        text,
        "{:>8.4} {:>7}  together; mean over {how}, {} cores",
        total.exp(),
        "",
        e.priced
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_within_80_columns() {
        let words: Vec<String> = (0..30).map(|i| format!("axis{i}=value{i}")).collect();
        let mut text = String::new();
        wrapped(&mut text, "  1.0000   1.0000    12.345*  ", &words);
        assert!(text.lines().count() > 5);
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
        let all: Vec<&str> = text.split_whitespace().skip(3).collect();
        assert_eq!(all, words);
    }

    #[test]
    fn a_long_front_is_shown_from_end_to_end() {
        let all: Vec<usize> = (0..100).collect();
        let some = spread(&all, 20);
        assert_eq!((some.len(), some[0], some[19]), (20, 0, 99));
        assert_eq!(spread(&all[..7], 20), all[..7]);
    }

    #[test]
    fn costs_of_any_size_fit() {
        let texts = [0.0, 0.5, 12.34, 123_456.7, 3e9, 1e-6].map(|x| format!("{:>9}", Short(x)));
        let texts = texts.map(|t| t.trim().to_string());
        assert_eq!(
            texts,
            ["0", "0.500", "12.3", "123457", "3.000e9", "1.000e-6"]
        );
    }
}
