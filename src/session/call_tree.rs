//! The call stack of every retirement, reconstructed from calls and returns alone.
//!
//! A stack is the list of call instructions that led here, as a debugger shows it; a tail call
//! leaves no trace in it, as in a debugger. Stacks are nodes of a tree, and every retirement
//! belongs to one. Where a call is made that is on its own stack already (recursion), the stack
//! goes back to the node of the first one: a tree of a recursive program has as many nodes as it
//! has different ways, not as it has different depths.

use crate::inst::{InstFlags, InstId, StaticInst};
use std::collections::{BTreeSet, HashMap};

/// A node of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stack {
    /// The stack that made the call. The root, which is node 0, has none, and was not called.
    pub parent: u32,
    /// The call.
    pub call: InstId,
    /// Address of the called function.
    pub callee: u64,
    /// Number of calls.
    pub calls: u64,
}

/// Nodes of a tree at most: beyond them, callees are counted with their callers.
pub const MAX_STACKS: usize = 1 << 17;
/// Calls that may be open at once; the outermost half of more is forgotten.
const MAX_FRAMES: usize = 1 << 16;

/// An open call.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Where it returns to.
    back: u64,
    /// Node of the caller.
    node: u32,
    /// First instruction of the caller, 0 where it was never called.
    entry: u64,
}

#[derive(Debug, Clone, Copy)]
enum Pending {
    Call(InstId),
    Return,
}

/// Follows one stream.
pub struct CallTree {
    stacks: Vec<Stack>,
    children: HashMap<(u32, InstId, u64), u32>,
    frames: Vec<Frame>,
    /// Node and first instruction of the function that runs.
    at: u32,
    entry: u64,
    /// What the last retirement did; where it went shows in the next.
    pending: Option<Pending>,
    /// The static instruction that returns come back behind, and who made that call last.
    calls: HashMap<u64, u64>,
    entries: BTreeSet<u64>,
    cut: u64,
}

impl Default for CallTree {
    fn default() -> Self {
        Self {
            stacks: vec![Stack::default()],
            children: HashMap::new(),
            frames: Vec::new(),
            at: 0,
            entry: 0,
            pending: None,
            calls: HashMap::new(),
            entries: BTreeSet::new(),
            cut: 0,
        }
    }
}

impl CallTree {
    /// Takes the next retirement; the node of its stack.
    #[inline]
    pub fn step(&mut self, insts: &[StaticInst], inst: InstId) -> u32 {
        let i = &insts[inst as usize];
        if let Some(pending) = self.pending.take() {
            match pending {
                Pending::Call(call) => self.call(insts, call, i.pc),
                Pending::Return => self.back(i.pc),
            }
        }
        if i.flags.contains(InstFlags::CALL) {
            self.pending = Some(Pending::Call(inst));
        } else if i.flags.contains(InstFlags::RETURN) {
            self.pending = Some(Pending::Return);
        }
        self.at
    }

    /// The tree, and how many calls found no room in it.
    pub fn finish(self) -> (Vec<Stack>, u64) {
        (self.stacks, self.cut)
    }

    fn call(&mut self, insts: &[StaticInst], call: InstId, callee: u64) {
        let back = insts[call as usize].fall_through();
        if callee == back {
            // How position-independent code asks for its own address; nothing will return.
            return;
        }
        if self.frames.len() == MAX_FRAMES {
            self.frames.drain(..MAX_FRAMES / 2);
        }
        self.frames.push(Frame {
            back,
            node: self.at,
            entry: self.entry,
        });
        self.calls.insert(back, self.entry);
        self.entries.insert(callee);
        self.entry = callee;
        self.at = self.child(call, callee);
    }

    /// The node of what is called, or its caller's where the tree is full.
    fn child(&mut self, call: InstId, callee: u64) -> u32 {
        if let Some(&known) = self.children.get(&(self.at, call, callee)) {
            self.stacks[known as usize].calls += 1;
            return known;
        }
        let mut above = self.at;
        while above != 0 {
            let stack = &self.stacks[above as usize];
            if (stack.call, stack.callee) == (call, callee) {
                break;
            }
            above = stack.parent;
        }
        let node = if above != 0 {
            above
        } else if self.stacks.len() < MAX_STACKS {
            let (parent, node) = (self.at, self.stacks.len() as u32);
            self.stacks.push(Stack {
                parent,
                call,
                callee,
                calls: 0,
            });
            node
        } else {
            self.cut += 1;
            return self.at;
        };
        self.children.insert((self.at, call, callee), node);
        self.stacks[node as usize].calls += 1;
        node
    }

    fn back(&mut self, pc: u64) {
        // Almost always the innermost; one further out where functions were left by other ways.
        if let Some(depth) = self.frames.iter().rposition(|f| f.back == pc) {
            self.unwind(depth);
            return;
        }
        // No call that is open: longjmp comes back behind a call (setjmp's) that has returned
        // already, an exception goes on in the middle of a function. Both are in functions that
        // are still open.
        let behind = || self.entries.range(..=pc).next_back();
        let owner = self.calls.get(&pc).or_else(behind).copied();
        let Some(owner) = owner.filter(|owner| *owner != self.entry) else {
            return;
        };
        // Where none is, as with threads that a program switches itself, the stack stays: what
        // comes back to an open call finds it.
        if let Some(depth) = self.frames.iter().rposition(|f| f.entry == owner) {
            self.unwind(depth);
        }
    }

    fn unwind(&mut self, depth: usize) {
        let frame = self.frames[depth];
        (self.at, self.entry) = (frame.node, frame.entry);
        self.frames.truncate(depth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inst::OpClass;

    const CALL: InstFlags = InstFlags::CALL.union(InstFlags::UNCOND_CTRL);
    const RETURN: InstFlags = InstFlags::RETURN.union(InstFlags::UNCOND_CTRL);

    /// A program of four-byte instructions, id = pc / 4, in functions of 16 instructions of which
    /// the last returns; those at `calls` call.
    fn program(calls: &[u64]) -> Vec<StaticInst> {
        (0..128u64)
            .map(|n| {
                let mut i = StaticInst::new(n * 4, OpClass::IntAlu, 4);
                if calls.contains(&n) {
                    i.flags = CALL;
                } else if n % 16 == 15 {
                    i.flags = RETURN;
                }
                i
            })
            .collect()
    }

    /// The stacks of a walk, each as the list of its calls, outermost first.
    fn walk(insts: &[StaticInst], path: &[u32]) -> Vec<Vec<InstId>> {
        let mut tree = CallTree::default();
        let nodes: Vec<u32> = path.iter().map(|i| tree.step(insts, *i)).collect();
        let (stacks, cut) = tree.finish();
        assert_eq!(cut, 0);
        let calls = |mut node: u32| {
            let mut all = Vec::new();
            while node != 0 {
                all.push(stacks[node as usize].call);
                node = stacks[node as usize].parent;
            }
            all.reverse();
            all
        };
        nodes.into_iter().map(calls).collect()
    }

    #[test]
    fn calls_nest_and_return() {
        let insts = program(&[2, 18]);
        let stacks = walk(&insts, &[1, 2, 16, 18, 32, 47, 19, 31, 3]);
        let (none, one, two) = (vec![], vec![2], vec![2, 18]);
        let want = [&none, &none, &one, &one, &two, &two, &one, &one, &none];
        assert_eq!(stacks.iter().collect::<Vec<_>>(), want);
    }

    #[test]
    fn a_tail_call_returns_to_the_caller_of_both() {
        let insts = program(&[2]);
        // 16 jumps to 32, whose return comes back behind 2.
        assert_eq!(
            walk(&insts, &[2, 16, 32, 47, 3])[2..],
            [vec![2], vec![2], vec![]]
        );
    }

    #[test]
    fn recursion_goes_back_to_the_first_activation() {
        let insts = program(&[2, 18]);
        let mut path = vec![2u32];
        path.extend([16, 18].repeat(1000));
        path.extend([16, 31]);
        path.extend([19, 31].repeat(1000));
        path.push(3);
        let stacks = walk(&insts, &path);
        assert!(stacks.iter().all(|s| s.len() <= 2));
        assert_eq!(stacks[1], [2]);
        assert_eq!(stacks[3], [2, 18], "one deeper");
        assert_eq!(stacks[2001], [2, 18], "a thousand deep");
        assert_eq!(stacks[stacks.len() - 2], [2], "all inner ones returned");
        assert_eq!(stacks[stacks.len() - 1], [0u32; 0]);
    }

    #[test]
    fn longjmp_and_exceptions_leave_what_they_jump_over() {
        // 16 calls setjmp at 18, then 32 at 20, which calls longjmp (64) at 34, whose return goes
        // behind 18.
        let insts = program(&[2, 18, 20, 34]);
        let path = [2, 16, 18, 48, 63, 19, 20, 32, 34, 64, 79, 19, 31, 3];
        let stacks = walk(&insts, &path);
        assert_eq!(stacks[9], [2, 20, 34]);
        assert_eq!(stacks[11..], [vec![2], vec![2], vec![]]);
        // The same with an exception, whose handler is in the middle of function 16.
        let path = [2, 16, 20, 32, 34, 64, 79, 27, 31, 3];
        assert_eq!(walk(&insts, &path)[7..], [vec![2], vec![2], vec![]]);
    }

    #[test]
    fn a_return_to_nowhere_changes_nothing_and_heals() {
        let insts = program(&[2, 18]);
        let stacks = walk(&insts, &[2, 16, 18, 32, 47, 100, 101, 111, 19, 31, 3]);
        assert_eq!(stacks[6], [2, 18]);
        assert_eq!(stacks[8..], [vec![2], vec![2], vec![]]);
    }

    #[test]
    fn asking_for_the_own_address_is_no_call() {
        let insts = program(&[2, 3]);
        let stacks = walk(&insts, &[2, 3, 16, 31, 4]);
        assert_eq!(stacks[2..], [vec![3], vec![3], vec![]]);
    }
}
