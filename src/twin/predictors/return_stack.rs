//! The return address stack (gem5 `cpu/pred/ras.cc`): a ring, which forgets the oldest.
//!
//! Calls push at fetch and returns pop there. What is popped stays, so that a return too many
//! finds an old address again.

/// A return address stack: a ring of return addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct ReturnStack {
    /// 0 is none.
    addresses: Vec<u64>,
    top: usize,
}

impl ReturnStack {
    /// An empty one of `entries`.
    pub fn new(entries: usize) -> Self {
        Self {
            addresses: vec![0; entries],
            top: 0,
        }
    }

    /// A call is fetched.
    #[inline]
    pub fn push(&mut self, address: u64) {
        self.top += 1;
        if self.top == self.addresses.len() {
            self.top = 0;
        }
        self.addresses[self.top] = address;
    }

    /// A return is fetched: where it is thought to go.
    #[inline]
    pub fn pop(&mut self) -> Option<u64> {
        let address = self.addresses[self.top];
        self.top = self.top.checked_sub(1).unwrap_or(self.addresses.len() - 1);
        (address != 0).then_some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_addresses_come_back_in_turn() {
        let mut stack = ReturnStack::new(3);
        assert_eq!(stack.pop(), None);
        for address in [10, 20, 30, 40] {
            stack.push(address);
        }
        assert_eq!(
            [stack.pop(), stack.pop(), stack.pop()],
            [Some(40), Some(30), Some(20)]
        );
        assert_eq!(
            stack.pop(),
            Some(40),
            "the oldest made room; its place holds the youngest"
        );
    }

    #[test]
    fn one_entry_is_the_last_call() {
        let mut stack = ReturnStack::new(1);
        stack.push(8);
        assert_eq!((stack.pop(), stack.pop()), (Some(8), Some(8)));
    }
}
