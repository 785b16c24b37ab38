//! Callgrind's format (https://valgrind.org/docs/manual/cl-format.html): what functions cost by
//! source line, and what they called.
//!
//! A function is one that has an address; what was inlined into it is part of it, with its own file
//! and lines.

use crate::profile::names::Location;
use crate::profile::resolved::{add, Resolved, Rounding, Thread};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Object file, source file and name of a function.
type Name<'a> = (&'a str, &'a str, &'a str);
/// Source file and line.
type Place<'a> = (&'a str, u32);

#[derive(Default)]
struct Entry<'a> {
    own: BTreeMap<Place<'a>, Vec<f64>>,
    /// By place and callee: calls, and what happened until they returned.
    calls: BTreeMap<(Place<'a>, Name<'a>), (u64, Vec<f64>)>,
}

/// The profile in the callgrind format.
pub fn text(profile: &Resolved) -> String {
    let mut all: BTreeMap<Name<'_>, Entry<'_>> = BTreeMap::new();
    for thread in &profile.threads {
        collect(profile, thread, &mut all);
    }
    let mut out = String::from("# callgrind format\nversion: 1\n");
    let _ = writeln!(out, "creator: perfvec {}", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(out, "cmd: {}", one_line(&profile.program));
    let _ = writeln!(out, "desc: model: {}", one_line(&profile.model));
    out.push_str("positions: line\n");
    for (n, value) in profile.values.iter().enumerate() {
        let _ = writeln!(out, "event: {} : {}", event(n), one_line(&value.name));
    }
    let events: Vec<String> = (0..profile.values.len()).map(event).collect();
    let _ = writeln!(out, "events: {}\n", events.join(" "));
    let mut rounding = Rounding::default();
    let mut inclusive = Rounding::default();
    let mut total = vec![0; profile.values.len()];
    for ((object, file, name), entry) in &all {
        let _ = writeln!(out, "ob={object}\nfl={file}\nfn={name}");
        let mut current = *file;
        let at = |out: &mut String, current: &mut &str, place: &Place<'_>| {
            if place.0 != *current {
                // Back in the function's own file is `fe`, another one's is `fi`.
                let key = if place.0 == *file { "fe" } else { "fi" };
                let _ = writeln!(out, "{key}={}", place.0);
            }
        };
        for (place, values) in &entry.own {
            at(&mut out, &mut current, place);
            current = place.0;
            let whole = rounding.next(values);
            for (t, v) in total.iter_mut().zip(&whole) {
                *t += v;
            }
            let _ = writeln!(out, "{} {}", place.1, numbers(&whole));
        }
        for ((place, (object, file, name)), (calls, values)) in &entry.calls {
            at(&mut out, &mut current, place);
            current = place.0;
            let _ = writeln!(out, "cob={object}\ncfi={file}\ncfn={name}");
            let _ = writeln!(out, "calls={calls} 0");
            let _ = writeln!(out, "{} {}", place.1, numbers(&inclusive.next(values)));
        }
        out.push('\n');
    }
    let _ = writeln!(out, "totals: {}", numbers(&total));
    out
}

/// Names of events may hold letters only.
fn event(n: usize) -> String {
    match n {
        0 => "Instructions".into(),
        1 => "Cycles".into(),
        n => format!("Cycles{n}"),
    }
}

fn numbers(values: &[u64]) -> String {
    let all: Vec<String> = values.iter().map(u64::to_string).collect();
    all.join(" ")
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn collect<'a>(profile: &'a Resolved, thread: &Thread, all: &mut BTreeMap<Name<'a>, Entry<'a>>) {
    let width = profile.values.len();
    let mut sums = vec![vec![0.0; width]; thread.stacks.len()];
    for sample in &thread.samples {
        add(&mut sums[sample.stack as usize], &sample.values);
        let location = &profile.locations[sample.location];
        let entry = all.entry(name(profile, location)).or_default();
        let own = entry.own.entry(place(location));
        add(own.or_insert_with(|| vec![0.0; width]), &sample.values);
    }
    for n in (1..thread.stacks.len()).rev() {
        let stack = &thread.stacks[n];
        let values = std::mem::take(&mut sums[n]);
        add(&mut sums[stack.parent as usize], &values);
        let site = &profile.locations[stack.site];
        let callee = name(profile, &profile.locations[stack.callee]);
        let entry = all.entry(name(profile, site)).or_default();
        let call = entry.calls.entry((place(site), callee));
        let (calls, inclusive) = call.or_insert_with(|| (0, vec![0.0; width]));
        *calls += stack.calls;
        add(inclusive, &values);
    }
}

fn name<'a>(profile: &'a Resolved, location: &'a Location) -> Name<'a> {
    let module = location.module.map(|m| profile.modules[m].path.as_str());
    let object = module.filter(|path| !path.is_empty()).unwrap_or("???");
    match location.frames.last() {
        Some(f) => (object, known(&f.file), &f.function),
        None => (object, "???", "???"),
    }
}

fn place(location: &Location) -> Place<'_> {
    match location.frames.first() {
        Some(f) => (known(&f.file), f.line),
        None => ("???", 0),
    }
}

fn known(file: &str) -> &str {
    if file.is_empty() {
        "???"
    } else {
        file
    }
}
