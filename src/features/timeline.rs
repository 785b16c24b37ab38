//! Live time slots and how many of them come after a given one.
//!
//! Time is cut into slots, one per access; a slot is live while the access in it is the latest to
//! its line. The live slots are a bitmap; above it stands a tree of counts, one count per node of
//! [`BLOCK`] slots and one node per [`FANOUT`] nodes further up. Counting walks up only until it
//! meets the newest slot's node, so what is recent is cheap; moving a slot touches only the nodes
//! that the old and the new slot do not share.

/// Slots per node of the lowest level.
const BLOCK: usize = 512;
/// `u64` words per such node.
const WORDS: usize = BLOCK / 64;
/// Nodes per node of the level above: 16 counts are one cache line.
const FANOUT: usize = 16;

/// Time slots in order; see the module. All slots are below the capacity given at creation.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    bits: Vec<[u64; WORDS]>,
    levels: Vec<Vec<[u32; FANOUT]>>,
    capacity: u32,
    /// The next slot to hand out.
    next: u32,
    live: u32,
}

impl Timeline {
    /// A timeline whose first `live` slots are live, with room for at least `capacity` slots.
    pub(super) fn new(live: u32, capacity: u32) -> Self {
        let blocks = (capacity.max(live) as usize).div_ceil(BLOCK);
        let mut bits = vec![[0u64; WORDS]; blocks];
        let full = live as usize / 64;
        for i in 0..full {
            bits[i / WORDS][i % WORDS] = u64::MAX;
        }
        if !live.is_multiple_of(64) {
            bits[full / WORDS][full % WORDS] = (1 << (live % 64)) - 1;
        }
        let mut levels = Vec::new();
        let (mut nodes, mut span) = (blocks, BLOCK);
        loop {
            let mut level = vec![[0u32; FANOUT]; nodes.div_ceil(FANOUT)];
            for n in 0..(live as usize).div_ceil(span) {
                level[n / FANOUT][n % FANOUT] = (live as usize - n * span).min(span) as u32;
            }
            levels.push(level);
            if nodes <= FANOUT {
                break;
            }
            (nodes, span) = (nodes.div_ceil(FANOUT), span * FANOUT);
        }
        Self {
            bits,
            levels,
            capacity: (blocks * BLOCK).min(u32::MAX as usize) as u32,
            next: live,
            live,
        }
    }

    /// Live slots.
    pub(super) fn live(&self) -> u32 {
        self.live
    }

    /// Slots that can be handed out in all.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Whether every slot has been handed out.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.next == self.capacity
    }

    /// Live slots after `slot`, which must have been handed out.
    #[inline(always)]
    pub(super) fn live_after(&self, slot: u32) -> u32 {
        let (slot, newest) = (slot as usize, self.next as usize - 1);
        let block = &self.bits[slot / BLOCK];
        let word = slot / 64 % WORDS;
        let mut count = (block[word] >> (slot % 64) >> 1).count_ones();
        if slot / 64 == newest / 64 {
            return count;
        }
        for w in &block[word + 1..] {
            count += w.count_ones();
        }
        let (mut node, mut last) = (slot / BLOCK, newest / BLOCK);
        for level in &self.levels {
            if node == last {
                break;
            }
            // A sum over all sixteen with a mask has no unpredictable branch.
            let first = (node % FANOUT) as u32 + 1;
            for (i, &c) in level[node / FANOUT].iter().enumerate() {
                count += if i as u32 >= first { c } else { 0 };
            }
            (node, last) = (node / FANOUT, last / FANOUT);
        }
        count
    }

    /// Hands out the next slot, live. The timeline must not be full.
    #[inline]
    pub(super) fn push(&mut self) -> u32 {
        let slot = self.next as usize;
        self.bits[slot / BLOCK][slot / 64 % WORDS] |= 1 << (slot % 64);
        let mut node = slot / BLOCK;
        for level in &mut self.levels {
            level[node / FANOUT][node % FANOUT] += 1;
            node /= FANOUT;
        }
        self.next += 1;
        self.live += 1;
        slot as u32
    }

    /// Hands out the next slot in place of the live slot `old`. The timeline must not be full.
    #[inline(always)]
    pub(super) fn replace(&mut self, old: u32) -> u32 {
        let (old, slot) = (old as usize, self.next as usize);
        self.bits[old / BLOCK][old / 64 % WORDS] &= !(1 << (old % 64));
        self.bits[slot / BLOCK][slot / 64 % WORDS] |= 1 << (slot % 64);
        self.next += 1;
        let (mut from, mut to) = (old / BLOCK, slot / BLOCK);
        for level in &mut self.levels {
            if from == to {
                break;
            }
            level[from / FANOUT][from % FANOUT] -= 1;
            level[to / FANOUT][to % FANOUT] += 1;
            (from, to) = (from / FANOUT, to / FANOUT);
        }
        slot as u32
    }

    /// Live slots before `slot`: its place once the dead slots are squeezed out.
    pub(super) fn rank(&self, slot: u32) -> u32 {
        self.live - 1 - self.live_after(slot)
    }
}
