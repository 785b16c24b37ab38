//! Branches that were fetched and have not committed, in order.

use super::Record;

/// What commit needs of a control transfer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct InFlight {
    pub(super) taken: bool,
    pub(super) next: u64,
    pub(super) record: Record,
}

/// A queue whose places are filled where they lie, since a record is long.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    places: Vec<InFlight>,
    first: usize,
    count: usize,
}

impl Queue {
    /// None are in flight.
    pub(super) fn new() -> Self {
        Self {
            places: vec![InFlight::default(); 4],
            first: 0,
            count: 0,
        }
    }

    /// The place of one more, with what an older one left there.
    #[inline]
    pub(super) fn push(&mut self) -> &mut InFlight {
        if self.count == self.places.len() {
            self.grow();
        }
        let at = (self.first + self.count) & (self.places.len() - 1);
        self.count += 1;
        &mut self.places[at]
    }

    fn grow(&mut self) {
        let mut places: Vec<InFlight> = self.iter().copied().collect();
        places.resize(2 * self.places.len(), InFlight::default());
        (self.places, self.first) = (places, 0);
    }

    /// The oldest.
    #[inline]
    pub(super) fn first(&self) -> Option<&InFlight> {
        (self.count > 0).then(|| &self.places[self.first])
    }

    /// The oldest leaves.
    #[inline]
    pub(super) fn pop(&mut self) {
        debug_assert!(self.count > 0);
        self.first = (self.first + 1) & (self.places.len() - 1);
        self.count -= 1;
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    fn iter(&self) -> impl Iterator<Item = &InFlight> {
        let mask = self.places.len() - 1;
        (self.first..self.first + self.count).map(move |at| &self.places[at & mask])
    }
}

impl PartialEq for Queue {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn it_is_a_queue(pushes in prop::collection::vec((any::<bool>(), 0u64..9), 1..200)) {
            let (mut queue, mut naive) = (Queue::new(), VecDeque::new());
            for (push, next) in pushes {
                if push {
                    let place = queue.push();
                    (place.taken, place.next) = (next % 2 == 0, next);
                    naive.push_back((next % 2 == 0, next));
                } else if naive.pop_front().is_some() {
                    queue.pop();
                }
                let first = queue.first().map(|f| (f.taken, f.next));
                prop_assert_eq!(first, naive.front().copied());
                let all: Vec<_> = queue.iter().map(|f| (f.taken, f.next)).collect();
                prop_assert!(all.iter().eq(naive.iter()));
            }
            queue.clear();
            prop_assert!(queue.first().is_none());
        }
    }
}
