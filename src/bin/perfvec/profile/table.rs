//! A profile as a table of functions, lines, files or threads.

use super::resolved::{add, Resolved};
use super::tree::{tree, Functions};
use crate::output::{field, heading};
use perfvec::microarch::PARTS;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// Columns of a terminal that nobody made wider.
const WIDTH: usize = 80;

/// What the rows of the table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// A function; what was inlined is a function of its own.
    Function,
    /// A line of source.
    Line,
    /// A mapped file.
    Module,
    /// A thread.
    Thread,
}

/// A row: a name, and what happened there and in what it called.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is.
    pub name: String,
    /// Where its source is, as far as that is known.
    pub file: String,
    /// Without what it called, as [`Resolved::values`].
    pub own: Vec<f64>,
    /// With it.
    pub total: Vec<f64>,
}

/// The rows, most cycles first.
pub fn rows(profile: &Resolved, by: By) -> Vec<Row> {
    let mut rows = match by {
        By::Function => functions(profile),
        By::Line => places(profile, |profile, location| {
            let frame = &profile.locations[location].frames[0];
            match frame.line {
                0 => frame.function.clone(),
                line => format!("{}:{line}", short(&frame.file)),
            }
        }),
        By::Module => places(profile, |profile, location| {
            match profile.locations[location].module {
                None => "[unknown]".to_string(),
                Some(m) => match profile.modules[m].path.as_str() {
                    "" => "[JIT]".to_string(),
                    path => path.to_string(),
                },
            }
        }),
        By::Thread => profile
            .threads
            .iter()
            .map(|thread| {
                let mut own = vec![0.0; profile.values.len()];
                thread.samples.iter().for_each(|s| add(&mut own, &s.values));
                Row {
                    name: thread.name.clone(),
                    file: String::new(),
                    total: own.clone(),
                    own,
                }
            })
            .collect(),
    };
    let key = usize::from(profile.values.len() > 1);
    rows.sort_by(|a, b| {
        let order = b.own[key].total_cmp(&a.own[key]);
        order.then_with(|| (&a.name, &a.file).cmp(&(&b.name, &b.file)))
    });
    rows
}

/// The last two parts of a path.
fn short(path: &str) -> &str {
    let mut parts = path.rmatch_indices('/');
    parts.nth(1).map_or(path, |(at, _)| &path[at + 1..])
}

fn functions(profile: &Resolved) -> Vec<Row> {
    let mut functions = Functions::default();
    let width = profile.values.len();
    let mut sums: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for thread in &profile.threads {
        let nodes = tree(profile, thread, &mut functions);
        sums.resize(functions.all.len(), (vec![0.0; width], vec![0.0; width]));
        let mut inclusive: Vec<Vec<f64>> = nodes.iter().map(|n| n.values.clone()).collect();
        for n in (1..nodes.len()).rev() {
            let values = inclusive[n].clone();
            let node = &nodes[n];
            add(&mut sums[node.function].0, &node.values);
            // A function that called itself is counted once: where it was called first.
            let mut above = node.parent;
            while above != 0 && nodes[above].function != node.function {
                above = nodes[above].parent;
            }
            if above == 0 {
                add(&mut sums[node.function].1, &values);
            }
            add(&mut inclusive[node.parent], &values);
        }
    }
    let all = functions.all.into_iter().zip(sums);
    all.map(|(f, (own, total))| Row {
        name: f.name,
        file: match f.module {
            _ if !f.file.is_empty() => f.file,
            Some(m) => profile.modules[m].path.clone(),
            None => String::new(),
        },
        own,
        total,
    })
    .collect()
}

/// Rows of what `name` calls the same. Totals count every stack once.
fn places(profile: &Resolved, name: impl Fn(&Resolved, usize) -> String) -> Vec<Row> {
    let width = profile.values.len();
    let mut sums: HashMap<String, (Vec<f64>, Vec<f64>)> = HashMap::new();
    let names: Vec<String> = (0..profile.locations.len())
        .map(|l| name(profile, l))
        .collect();
    for thread in &profile.threads {
        for sample in &thread.samples {
            let empty = || (vec![0.0; width], vec![0.0; width]);
            let own = &names[sample.location];
            let row = sums.entry(own.clone()).or_insert_with(empty);
            add(&mut row.0, &sample.values);
            let mut seen = HashSet::from([own]);
            add(&mut row.1, &sample.values);
            let mut at = sample.stack as usize;
            while at != 0 {
                let caller = &names[thread.stacks[at].site];
                if seen.insert(caller) {
                    let row = sums.entry(caller.clone()).or_insert_with(empty);
                    add(&mut row.1, &sample.values);
                }
                at = thread.stacks[at].parent as usize;
            }
        }
    }
    let rows = sums.into_iter().map(|(name, (own, total))| Row {
        name,
        file: String::new(),
        own,
        total,
    });
    rows.collect()
}

/// The first `top` rows, in 80 columns.
pub fn text(profile: &Resolved, rows: &[Row], top: usize) -> String {
    let sum = profile.total();
    let cycles = usize::from(sum.len() > 1);
    let titles = "   self   total         cycles   instructions     CPI  ";
    let head = titles.len();
    let mut out = heading(&format!("{titles}where"));
    out.push('\n');
    let mut line = |name: &str, own: &[f64], total: Option<&[f64]>| {
        let share = |part: f64| 100.0 * part / sum[cycles];
        let total = total.map_or(String::new(), |t| format!("{:6.2}%", share(t[cycles])));
        let cpi = match own[0] > 0.0 {
            true => format!("{:.3}", own[cycles] / own[0]),
            false => "-".into(),
        };
        let _ = writeln!(
            out,
            "{:6.2}% {total:>7} {:>14.0} {:>14.0} {cpi:>7}  {}",
            share(own[cycles]),
            own[cycles],
            own[0],
            clipped(name, WIDTH - head),
        );
    };
    let (shown, others) = rows.split_at(top.min(rows.len()));
    for row in shown {
        line(&row.name, &row.own, Some(&row.total));
    }
    if !others.is_empty() {
        let mut own = vec![0.0; sum.len()];
        others.iter().for_each(|row| add(&mut own, &row.own));
        line(&format!("({} others)", others.len()), &own, None);
    }
    out
}

/// What a core is called of which one cause counts.
pub fn cause(core: &str, part: &str) -> String {
    format!("{core}: {part}")
}

/// The causes of the first `top` rows' cycles, in 80 columns; empty where they were not split.
pub fn causes(profile: &Resolved, rows: &[Row], top: usize) -> String {
    let Some(cycles) = profile.values.get(1) else {
        return String::new();
    };
    let first = cause(&cycles.name, PARTS[0]);
    let Some(first) = profile.values.iter().position(|v| v.name == first) else {
        return String::new();
    };
    let parts: String = PARTS.iter().map(|part| format!("{part:>4.4} ")).collect();
    let head = parts.len() + 1;
    let mut out = heading(&format!("{parts} % of its cycles"));
    out.push('\n');
    for row in rows.iter().take(top) {
        for part in &row.own[first..first + PARTS.len()] {
            let share = match row.own[1] > 0.0 {
                true => 100.0 * part / row.own[1],
                false => 0.0,
            };
            let _ = write!(out, "{share:4.0} ");
        }
        let _ = writeln!(out, " {}", clipped(&row.name, WIDTH - head));
    }
    out
}

/// All rows, each with what happened in it and in what it called.
pub fn csv(profile: &Resolved, rows: &[Row]) -> String {
    let mut out = "name,file".to_string();
    for value in &profile.values {
        let _ = write!(out, ",{0} (self),{0} (total)", field(&value.name));
    }
    out.push('\n');
    for row in rows {
        let _ = write!(out, "{},{}", field(&row.name), field(&row.file));
        for (own, total) in row.own.iter().zip(&row.total) {
            let _ = write!(out, ",{own},{total}");
        }
        out.push('\n');
    }
    out
}

/// `name`, with its end left out where it has no room.
fn clipped(name: &str, room: usize) -> String {
    if name.chars().count() <= room {
        return name.into();
    }
    let head: String = name.chars().take(room - 3).collect();
    format!("{head}...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit() {
        assert_eq!(clipped("main", 10), "main");
        assert_eq!(clipped("a_long_name", 10), "a_long_...");
        assert_eq!(short("/a/b/c.c"), "b/c.c");
        assert_eq!(short("c.c"), "c.c");
        assert_eq!(short("b/c.c"), "b/c.c");
    }
}
