//! A pipeline stage that takes instructions in order, up to its width per cycle.

use super::parts::{At, Part};

/// The stage's last instruction and how many went with it.
#[derive(Clone, Copy, Default)]
pub struct Stage {
    last: At,
    count: u32,
    width: u32,
}

impl Stage {
    /// A stage `width` wide.
    pub fn new(width: u32) -> Self {
        Self {
            last: At::default(),
            count: 0,
            width,
        }
    }

    /// When an instruction that could pass at `at` does: not before the one ahead of it, and in
    /// the next cycle where the stage is full.
    #[inline(always)]
    pub fn pass(&mut self, at: At) -> At {
        if at.cycle() > self.last.cycle() {
            self.last = at;
            self.count = 1;
        } else if self.count < self.width {
            self.count += 1;
        } else {
            self.last = self.last.after(1).because(Part::Base);
            self.count = 1;
        }
        self.last
    }

    /// As [`Stage::pass`], of an instruction that takes no place.
    pub fn pass_beside(&mut self, at: At) -> At {
        let at = self.pass(at);
        self.count -= 1;
        at
    }

    /// Nothing more passes in the last cycle.
    pub fn fill(&mut self) {
        self.count = self.width;
    }

    /// Whether the last cycle's width is taken.
    pub fn full(&self) -> bool {
        self.count >= self.width
    }

    /// The last instruction's time.
    #[inline(always)]
    pub fn last(&self) -> At {
        self.last
    }
}

/// The last N items, by age.
#[derive(Clone)]
pub struct Ring<T> {
    items: Vec<T>,
    mask: usize,
    count: usize,
}

impl<T: Copy + Default> Ring<T> {
    /// One that remembers at least `size`.
    pub fn new(size: usize) -> Self {
        let size = (size + 1).next_power_of_two();
        Self {
            items: vec![T::default(); size],
            mask: size - 1,
            count: 0,
        }
    }

    /// The next one.
    #[inline(always)]
    pub fn push(&mut self, item: T) {
        self.items[self.count & self.mask] = item;
        self.count += 1;
    }

    /// The one pushed `back` before the next: 1 is the last.
    #[inline(always)]
    pub fn back(&self, back: usize) -> Option<T> {
        (back <= self.count).then(|| self.items[(self.count - back) & self.mask])
    }

    /// How many were pushed.
    pub fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_takes_so_many_a_cycle_in_order() {
        let mut s = Stage::new(2);
        let at = |c| At::new(c, Part::Memory);
        let passed: Vec<(u64, Part)> = [3, 3, 3, 2, 9]
            .map(|c| s.pass(at(c)))
            .iter()
            .map(|a| (a.cycle(), a.part()))
            .collect();
        use Part::{Base, Memory};
        assert_eq!(
            passed,
            [(3, Memory), (3, Memory), (4, Base), (4, Base), (9, Memory)]
        );
        assert_eq!(s.last(), at(9));
    }

    #[test]
    fn a_ring_remembers_the_last_ones() {
        let mut r = Ring::new(3);
        (1..=9u64).for_each(|i| r.push(i));
        assert_eq!(
            [r.back(1), r.back(3), r.back(4)],
            [Some(9), Some(7), Some(6)]
        );
        assert_eq!((r.count(), r.back(10)), (9, None));
    }
}
