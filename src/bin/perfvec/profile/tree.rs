//! The call tree by function: inlined calls are calls, and what lies at different places of a
//! function is added up.

use super::names::Location;
use super::resolved::{add, Resolved, Thread};
use serde_json::{json, Value};
use std::collections::HashMap;

/// A function as tables show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The mapped file, an index into [`Resolved::modules`].
    pub module: Option<usize>,
    /// Its source file; empty where it is not known.
    pub file: String,
}

/// A function after one list of functions that called each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its caller's node; node 0 is the root, which is no function.
    pub parent: usize,
    /// Index into [`Functions::all`].
    pub function: usize,
    /// Its own, without what it called.
    pub values: Vec<f64>,
}

/// All functions, each once.
#[derive(Debug, Default)]
pub struct Functions {
    /// The functions.
    pub all: Vec<Function>,
    ids: HashMap<Function, usize>,
}

impl Functions {
    fn id(&mut self, function: Function) -> usize {
        let next = self.all.len();
        let id = *self.ids.entry(function.clone()).or_insert(next);
        if id == next {
            self.all.push(function);
        }
        id
    }

    /// What `location` lies in, innermost first, as the location's frames.
    pub fn of(&mut self, location: &Location) -> Vec<usize> {
        let frames = location.frames.iter();
        frames
            .map(|frame| {
                self.id(Function {
                    name: frame.function.clone(),
                    module: location.module,
                    file: frame.file.clone(),
                })
            })
            .collect()
    }
}

/// The call tree of one thread, by function; parents come before children.
pub fn tree(profile: &Resolved, thread: &Thread, functions: &mut Functions) -> Vec<Node> {
    let width = profile.values.len();
    let mut tree = Tree::new(width);
    let by_location: Vec<Vec<usize>> = profile.locations.iter().map(|l| functions.of(l)).collect();
    // Of every stack, the node of the function that made its last call.
    let mut callers: Vec<usize> = Vec::new();
    for (n, stack) in thread.stacks.iter().enumerate() {
        callers.push(match n {
            0 => 0,
            _ => tree.descend(callers[stack.parent as usize], &by_location[stack.site]),
        });
    }
    for sample in &thread.samples {
        let caller = callers[sample.stack as usize];
        let node = tree.descend(caller, &by_location[sample.location]);
        add(&mut tree.nodes[node].values, &sample.values);
    }
    tree.nodes
}

/// Share of the whole that is too narrow for a page.
const NARROW: f64 = 0.0005;

/// Calls within calls that a page shows.
const DEEP: usize = 48;

/// The call tree of all threads in one, without what is too narrow or too deep to be seen: that is
/// in the totals of its callers alone. Parents come before children.
pub fn page(profile: &Resolved) -> Value {
    let mut functions = Functions::default();
    let width = profile.values.len();
    let mut all = Tree::new(width);
    for thread in &profile.threads {
        let mut at = vec![0];
        for (n, node) in tree(profile, thread, &mut functions).iter().enumerate() {
            if n > 0 {
                at.push(all.descend(at[node.parent], &[node.function]));
            }
            add(&mut all.nodes[at[n]].values, &node.values);
        }
    }
    let nodes = &all.nodes;
    let mut totals: Vec<Vec<f64>> = nodes.iter().map(|n| n.values.clone()).collect();
    for n in (1..nodes.len()).rev() {
        let total = totals[n].clone();
        add(&mut totals[nodes[n].parent], &total);
    }
    let wide = |n: usize| (0..width).any(|v| totals[n][v] > NARROW * totals[0][v]);
    let (mut shown, mut names, mut out) = (HashMap::new(), HashMap::new(), Vec::new());
    let mut texts = Vec::new();
    for (n, node) in nodes.iter().enumerate() {
        let above = match n {
            0 => Some((0, 0)),
            _ => shown.get(&node.parent).copied(),
        };
        let Some((parent, depth)) = above.filter(|(_, depth)| *depth <= DEEP && wide(n)) else {
            continue;
        };
        let name = match n {
            0 => "",
            _ => functions.all[node.function].name.as_str(),
        };
        let name = *names.entry(name).or_insert_with(|| {
            texts.push(name);
            texts.len() - 1
        });
        shown.insert(n, (out.len(), depth + 1));
        out.push(json!({
            "parent": parent, "name": name, "total": totals[n], "own": node.values,
        }));
    }
    json!({"names": texts, "nodes": out})
}

struct Tree {
    nodes: Vec<Node>,
    children: HashMap<(usize, usize), usize>,
}

impl Tree {
    /// The root alone; every node has `width` values.
    fn new(width: usize) -> Self {
        Self {
            nodes: vec![Node {
                parent: 0,
                function: 0,
                values: vec![0.0; width],
            }],
            children: HashMap::new(),
        }
    }

    /// The node under `from` of functions innermost first.
    fn descend(&mut self, from: usize, functions: &[usize]) -> usize {
        let width = self.nodes[0].values.len();
        let mut at = from;
        for &function in functions.iter().rev() {
            let next = self.nodes.len();
            let node = *self.children.entry((at, function)).or_insert(next);
            if node == next {
                self.nodes.push(Node {
                    parent: at,
                    function,
                    values: vec![0.0; width],
                });
            }
            at = node;
        }
        at
    }
}

/// The functions on the way from the root to `node`, outermost first.
pub fn path(nodes: &[Node], mut node: usize) -> Vec<usize> {
    let mut path = Vec::new();
    while node != 0 {
        path.push(nodes[node].function);
        node = nodes[node].parent;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::super::image::Frame;
    use super::super::resolved::{Call, Sample};
    use super::*;

    #[test]
    fn a_page_gets_totals_that_hold_what_it_is_not_shown() {
        let location = |name: &str| Location {
            pc: 0,
            module: None,
            frames: vec![Frame {
                function: name.into(),
                file: String::new(),
                line: 0,
            }],
        };
        let call = |parent, site, callee| Call {
            parent,
            site,
            callee,
            calls: 1,
        };
        let sample = |stack, location, cycles: f64| Sample {
            stack,
            location,
            values: vec![1.0, cycles],
        };
        let thread = |cycles: f64| Thread {
            name: String::new(),
            stacks: vec![call(0, 0, 0), call(0, 0, 1), call(1, 1, 2)],
            samples: vec![
                sample(0, 0, 10.0),
                sample(1, 1, cycles),
                sample(2, 2, 0.0001),
            ],
            cut: 0,
        };
        let mut profile = Resolved::new("p".into(), "m".into());
        profile.values = vec![
            perfvec::session::Value {
                name: "cycles".into(),
                unit: "cycles",
            };
            2
        ];
        profile.locations = vec![location("main"), location("work"), location("tiny")];
        profile.threads = vec![thread(20.0), thread(30.0)];
        // Its instructions alone make it too wide to be left out.
        let all = page(&profile);
        assert_eq!(all["names"], json!(["", "main", "work", "tiny"]));
        for thread in &mut profile.threads {
            thread.samples[2].values[0] = 0.0;
        }
        let found = page(&profile);
        assert_eq!(found["names"], json!(["", "main", "work"]));
        let nodes = found["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 3);
        assert_eq!(
            (&nodes[1]["parent"], &nodes[2]["parent"]),
            (&json!(0), &json!(1))
        );
        let total = nodes[1]["total"][1].as_f64().unwrap();
        assert!((total - 70.0002).abs() < 1e-9, "{total}");
        assert_eq!(nodes[2]["own"], json!([2.0, 50.0]));
    }
}
