//! The table that handles are looked up in, so that no pointer from C is ever followed.
//!
//! A handle looks like a pointer to C but is a number: the kind of its object, the generation of
//! its slot, and the slot's index. A slot that is used again has another generation, so a handle
//! that was freed, or one that never was a handle, is recognised whatever the memory allocator
//! does. The table is static and lock-free: a fork() cannot leave it locked in the child.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// Handles that can be alive at once: 2 MiB of zero pages, which only used slots fill.
pub(super) const SLOTS: usize = 1 << 16;

const LOW_BITS: u32 = 20;
const LOW: u64 = (1 << LOW_BITS) - 1;
const KIND_SHIFT: u32 = 52;
const GENERATION: u64 = (1 << 32) - 1;

/// What the low bits of a slot's word say while it is in use; a number of readers otherwise.
pub(super) const IDLE: u64 = 0;
const MOST_READERS: u64 = LOW - 2;
pub(super) const POISONED: u64 = LOW - 1;
pub(super) const BUSY: u64 = LOW;

/// Kind of a slot that no handle uses. No type of handle has it.
const UNUSED: u64 = 0;
/// Kind of a slot whose generations are used up, which is never used again.
const RETIRED: u64 = 0xfff;

// A handle has 64 bits, and its slot's index fits the bits that its word uses for the state.
const _: () = assert!(usize::BITS == 64 && (SLOTS as u64) <= LOW);

/// One place of the table.
pub(super) struct Slot {
    /// Kind, generation and state in one word, so that one exchange checks all three.
    word: AtomicU64,
    /// The `fork::generation()` in which the handle was made.
    process: AtomicU32,
    /// The handle's object; accessed only by callers that the state admits.
    body: AtomicPtr<()>,
}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
        word: AtomicU64::new(0),
        process: AtomicU32::new(0),
        body: AtomicPtr::new(ptr::null_mut()),
    }
}; SLOTS];

/// Where to look for an unused slot first.
static HINT: AtomicUsize = AtomicUsize::new(0);

/// Why a handle does not open its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// It is not a handle of that kind.
    Foreign,
    /// It was freed.
    Freed,
    /// Another call is using it.
    Busy,
    /// A call failed inside.
    Poisoned,
}

/// A slot and the tag (kind and generation) that opens it.
#[derive(Clone, Copy)]
pub(super) struct Key {
    slot: &'static Slot,
    tag: u64,
}

/// Gives `body` a new handle of `kind`; `None` if all slots are in use.
pub(super) fn insert(kind: u16, process: u32, body: *mut ()) -> Option<usize> {
    let start = HINT.load(Ordering::Relaxed);
    for index in (0..SLOTS).map(|i| (start + i) % SLOTS) {
        let slot = &TABLE[index];
        let word = slot.word.load(Ordering::Relaxed);
        let tag = u64::from(kind) << KIND_SHIFT | word & GENERATION << LOW_BITS;
        let free = word >> KIND_SHIFT == UNUSED && word & LOW == IDLE;
        let claimed = free
            && slot
                .word
                .compare_exchange(word, tag | BUSY, Ordering::Acquire, Ordering::Relaxed)
                .is_ok();
        if claimed {
            HINT.store((index + 1) % SLOTS, Ordering::Relaxed);
            slot.process.store(process, Ordering::Relaxed);
            slot.body.store(body, Ordering::Relaxed);
            slot.word.store(tag | IDLE, Ordering::Release);
            return Some((tag | index as u64) as usize);
        }
    }
    None
}

/// The slot that a handle of `kind` names. Whether the handle is alive is seen when it is entered.
#[inline(always)]
pub(super) fn find(kind: u16, handle: usize) -> Result<Key, Closed> {
    let handle = handle as u64;
    let slot = TABLE.get((handle & LOW) as usize);
    match slot {
        Some(slot) if handle >> KIND_SHIFT == u64::from(kind) => Ok(Key {
            slot,
            tag: handle & !LOW,
        }),
        _ => Err(Closed::Foreign),
    }
}

impl Key {
    /// Whether the handle was made in another process than that of `process`.
    #[inline(always)]
    pub fn is_of_another(self, process: u32) -> bool {
        self.slot.process.load(Ordering::Relaxed) != process
    }

    /// Whether the handle is alive; another thread may free it at any moment.
    pub fn is_alive(self) -> bool {
        self.slot.word.load(Ordering::Acquire) & !LOW == self.tag
    }

    /// Takes the slot for one call: from `IDLE` or `POISONED` to `BUSY`.
    #[inline(always)]
    pub fn enter(self, from: u64) -> Result<*mut (), Closed> {
        let (old, new) = (self.tag | from, self.tag | BUSY);
        match (self.slot.word).compare_exchange(old, new, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Ok(self.slot.body.load(Ordering::Relaxed)),
            Err(word) => Err(self.why(word)),
        }
    }

    /// Leaves a slot that was entered.
    #[inline(always)]
    pub fn leave(self, state: u64) {
        self.slot.word.store(self.tag | state, Ordering::Release);
    }

    /// Takes the slot together with other readers.
    pub fn enter_shared(self) -> Result<*mut (), Closed> {
        let mut word = self.slot.word.load(Ordering::Relaxed);
        loop {
            if word & !LOW != self.tag || word & LOW >= MOST_READERS {
                return Err(self.why(word));
            }
            match (self.slot.word).compare_exchange_weak(
                word,
                word + 1,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(self.slot.body.load(Ordering::Relaxed)),
                Err(now) => word = now,
            }
        }
    }

    /// Leaves a slot that was entered together with other readers.
    pub fn leave_shared(self) {
        self.slot.word.fetch_sub(1, Ordering::Release);
    }

    /// Ends a slot that was entered alone: its handle is dead from here on.
    pub fn remove(self) {
        self.slot.body.store(ptr::null_mut(), Ordering::Relaxed);
        let generation = self.tag >> LOW_BITS & GENERATION;
        let word = if generation == GENERATION {
            RETIRED << KIND_SHIFT
        } else {
            UNUSED << KIND_SHIFT | (generation + 1) << LOW_BITS | IDLE
        };
        let index = (ptr::from_ref(self.slot).addr() - TABLE.as_ptr().addr()) / size_of::<Slot>();
        self.slot.word.store(word, Ordering::Release);
        HINT.store(index, Ordering::Relaxed);
    }

    #[cold]
    fn why(self, word: u64) -> Closed {
        match word & LOW {
            _ if word & !LOW != self.tag => Closed::Freed,
            POISONED => Closed::Poisoned,
            _ => Closed::Busy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: u16 = 0x123;

    fn alive(handle: usize) -> bool {
        find(KIND, handle).is_ok_and(Key::is_alive)
    }

    #[test]
    fn a_slot_used_again_has_another_handle() {
        let first = insert(KIND, 0, ptr::null_mut()).unwrap();
        let mut seen = vec![first];
        for _ in 0..1000 {
            let last = *seen.last().unwrap();
            let key = find(KIND, last).unwrap();
            key.enter(IDLE).unwrap();
            key.remove();
            seen.push(insert(KIND, 0, ptr::null_mut()).unwrap());
        }
        let (last, dead) = seen.split_last().unwrap();
        assert!(alive(*last));
        assert!(dead.iter().all(|h| !alive(*h)));
        // Other tests use slots as well, but surely not a thousand in between.
        let slots: std::collections::BTreeSet<u64> = seen.iter().map(|h| *h as u64 & LOW).collect();
        assert!(slots.len() < 500, "{} slots", slots.len());
        let key = find(KIND, dead[0]).unwrap();
        assert_eq!(key.enter(IDLE), Err(Closed::Freed));
        assert_eq!(key.enter_shared(), Err(Closed::Freed));
        let key = find(KIND, *last).unwrap();
        key.enter(IDLE).unwrap();
        key.remove();
    }

    #[test]
    fn generations_that_are_used_up_end_the_slot() {
        let handle = insert(KIND, 0, ptr::null_mut()).unwrap();
        let key = find(KIND, handle).unwrap();
        key.enter(IDLE).unwrap();
        let last = Key {
            tag: key.tag | GENERATION << LOW_BITS,
            ..key
        };
        last.leave(BUSY);
        last.remove();
        let word = key.slot.word.load(Ordering::Relaxed);
        assert_eq!(word >> KIND_SHIFT, RETIRED);
        assert!(find(RETIRED as u16, word as usize).is_ok() && !last.is_alive());
    }

    #[test]
    fn readers_keep_writers_out_and_the_other_way_round() {
        let handle = insert(KIND, 0, ptr::null_mut()).unwrap();
        let key = find(KIND, handle).unwrap();
        for _ in 0..3 {
            key.enter_shared().unwrap();
        }
        assert_eq!(key.enter(IDLE), Err(Closed::Busy));
        for _ in 0..3 {
            key.leave_shared();
        }
        key.enter(IDLE).unwrap();
        assert_eq!(key.enter_shared(), Err(Closed::Busy));
        key.leave(POISONED);
        assert_eq!(key.enter_shared(), Err(Closed::Poisoned));
        assert_eq!(key.enter(IDLE), Err(Closed::Poisoned));
        key.enter(POISONED).unwrap();
        key.remove();
    }

    #[test]
    fn what_is_no_handle_is_foreign() {
        let handle = insert(KIND, 0, ptr::null_mut()).unwrap();
        for wrong in [
            0,
            1,
            usize::MAX,
            handle | LOW as usize,
            &raw const TABLE as usize,
        ] {
            assert!(
                matches!(find(KIND, wrong), Err(Closed::Foreign)),
                "{wrong:#x}"
            );
        }
        assert!(matches!(find(KIND + 1, handle), Err(Closed::Foreign)));
        let key = find(KIND, handle).unwrap();
        key.enter(IDLE).unwrap();
        key.remove();
    }
}
