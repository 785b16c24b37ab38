//! Folded stacks: a line per stack, "outermost;...;innermost cycles".

use crate::profile::resolved::{Resolved, Rounding};
use crate::profile::tree::{path, tree, Functions};
use std::fmt::Write;

/// The text. The cycles are those of the first core, or where there is none the instructions.
pub fn text(profile: &Resolved) -> String {
    let mut functions = Functions::default();
    let shown = 1.min(profile.values.len().saturating_sub(1));
    let mut out = String::new();
    for thread in &profile.threads {
        let nodes = tree(profile, thread, &mut functions);
        let mut rounding = Rounding::default();
        for n in 1..nodes.len() {
            let Some(&count) = rounding.next(&nodes[n].values).get(shown) else {
                continue;
            };
            if count == 0 {
                continue;
            }
            let names = path(&nodes, n).into_iter().map(|f| &functions.all[f].name);
            let mut line = Vec::new();
            if profile.threads.len() > 1 {
                line.push(plain(&thread.name));
            }
            line.extend(names.map(|name| plain(name)));
            let _ = writeln!(out, "{} {count}", line.join(";"));
        }
    }
    out
}

/// A name without what separates stacks and lines.
fn plain(name: &str) -> String {
    name.replace(';', ":").replace(['\n', '\r'], " ")
}
