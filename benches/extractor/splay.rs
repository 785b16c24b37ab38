//! The algorithm class of the published extractor: a hash map from line to time and a splay tree
//! of the times with subtree sizes.

use std::collections::HashMap;

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Node {
    time: u64,
    left: u32,
    right: u32,
    size: u32,
}

#[derive(Default)]
pub struct SplayDistance {
    nodes: Vec<Node>,
    root: Option<u32>,
    last: HashMap<u64, u64>,
    time: u64,
}

impl SplayDistance {
    pub fn peek(&self, line: u64) -> Option<u64> {
        let &time = self.last.get(&line)?;
        let (mut at, mut later) = (self.root.unwrap_or(NONE), 0);
        loop {
            let n = self.nodes[at as usize];
            if time > n.time {
                at = n.right;
                continue;
            }
            later += u64::from(self.size(n.right));
            if time == n.time {
                return Some(later + 1);
            }
            later += 1;
            at = n.left;
        }
    }

    pub fn access(&mut self, line: u64) -> Option<u64> {
        let distance = self.peek(line);
        let node = match self.last.insert(line, self.time) {
            Some(time) => self.remove(time),
            None => {
                self.nodes.push(Node {
                    time: 0,
                    left: NONE,
                    right: NONE,
                    size: 1,
                });
                self.nodes.len() as u32 - 1
            }
        };
        // The newest time is the largest: the old tree becomes the left child.
        let left = self.root.unwrap_or(NONE);
        self.nodes[node as usize] = Node {
            time: self.time,
            left,
            right: NONE,
            size: self.size(left) + 1,
        };
        self.root = Some(node);
        self.time += 1;
        distance
    }

    fn size(&self, at: u32) -> u32 {
        if at == NONE {
            0
        } else {
            self.nodes[at as usize].size
        }
    }

    fn fix(&mut self, at: u32) {
        let n = self.nodes[at as usize];
        self.nodes[at as usize].size = self.size(n.left) + self.size(n.right) + 1;
    }

    fn remove(&mut self, time: u64) -> u32 {
        let top = self.splay(self.root.unwrap_or(NONE), time);
        let Node { left, right, .. } = self.nodes[top as usize];
        self.root = if left == NONE {
            (right != NONE).then_some(right)
        } else {
            let joined = self.splay(left, time);
            self.nodes[joined as usize].right = right;
            self.fix(joined);
            Some(joined)
        };
        top
    }

    /// Top-down splay of the node with `time`, or of a neighbour, to the root of `at`'s tree.
    fn splay(&mut self, mut at: u32, time: u64) -> u32 {
        let (mut smaller, mut larger) = (Vec::new(), Vec::new());
        loop {
            let n = self.nodes[at as usize];
            let goes_left = time < n.time;
            let child = if goes_left { n.left } else { n.right };
            if time == n.time || child == NONE {
                break;
            }
            let c = self.nodes[child as usize];
            if goes_left && time < c.time && c.left != NONE {
                self.nodes[at as usize].left = c.right;
                self.fix(at);
                self.nodes[child as usize].right = at;
                larger.push(child);
                at = c.left;
            } else if !goes_left && time > c.time && c.right != NONE {
                self.nodes[at as usize].right = c.left;
                self.fix(at);
                self.nodes[child as usize].left = at;
                smaller.push(child);
                at = c.right;
            } else if goes_left {
                larger.push(at);
                at = child;
            } else {
                smaller.push(at);
                at = child;
            }
        }
        let Node {
            mut left,
            mut right,
            ..
        } = self.nodes[at as usize];
        while let Some(s) = smaller.pop() {
            self.nodes[s as usize].right = left;
            self.fix(s);
            left = s;
        }
        while let Some(l) = larger.pop() {
            self.nodes[l as usize].left = right;
            self.fix(l);
            right = l;
        }
        self.nodes[at as usize].left = left;
        self.nodes[at as usize].right = right;
        self.fix(at);
        at
    }
}
