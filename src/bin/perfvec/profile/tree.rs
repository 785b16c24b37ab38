//! The call tree by function: inlined calls are calls, and what lies at different places of a
//! function is added up.

use super::resolved::{add, Location, Resolved, Thread};
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
    let mut tree = Tree {
        nodes: vec![Node {
            parent: 0,
            function: 0,
            values: vec![0.0; width],
        }],
        children: HashMap::new(),
    };
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

struct Tree {
    nodes: Vec<Node>,
    children: HashMap<(usize, usize), usize>,
}

impl Tree {
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
