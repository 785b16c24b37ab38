//! The blocks of code that an image ran, as the plugin defined them, and the files they came from.

use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

/// One block: instructions that follow each other.
pub struct Block {
    /// Address of the first.
    pub pc: u64,
    /// Their encodings.
    pub bytes: Box<[u8]>,
}

impl Block {
    /// The instructions: address and encoding. On RISC-V the lowest two bits give the length.
    pub fn insts(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let first = *self.bytes.get(at)?;
            let size = if first & 3 == 3 { 4 } else { 2 };
            let from = at;
            at += size;
            Some((self.pc + from as u64, self.bytes.get(from..at)?))
        })
    }
}

/// Which files an image's code came from, as the plugin told: those of the images that it was
/// before fork(), and its own.
#[derive(Debug, Clone, Default)]
pub struct Maps(Vec<Arc<Mutex<String>>>);

impl Maps {
    /// Those of a child of fork().
    fn of_child(&self) -> Self {
        let mut all = self.0.clone();
        all.push(Arc::default());
        Self(all)
    }

    fn add(&self, text: &str) {
        if let Some(own) = self.0.last() {
            lock(own).push_str(text);
        }
    }

    /// Lines as `qemu-glue/maps.c` says.
    pub fn text(&self) -> String {
        self.0.iter().map(|part| lock(part).clone()).collect()
    }
}

/// Blocks in the first part; each part has twice as many as the one before.
const FIRST: u64 = 1024;

/// How long a block is waited for: the ring of the thread that defined it is read all the time.
const PATIENCE: Duration = Duration::from_secs(60);

/// All blocks of an image by number. Threads find them without a lock; one that comes across a
/// block before the thread that defined it was read waits for that.
pub struct Code {
    /// Smaller numbers are blocks of `before`: this is a child of fork().
    first: u64,
    before: Option<Arc<Code>>,
    parts: [OnceLock<Box<[OnceLock<Block>]>>; 44],
    over: Mutex<bool>,
    news: Condvar,
    maps: Maps,
}

impl Code {
    /// No blocks yet, but for those before `first`, which are those of `before`.
    pub fn new(first: u64, before: Option<Arc<Code>>) -> Self {
        let maps = before.as_ref().map(|b| &b.maps);
        Self {
            first,
            maps: maps.unwrap_or(&Maps::default()).of_child(),
            before,
            parts: [const { OnceLock::new() }; 44],
            over: Mutex::new(false),
            news: Condvar::new(),
        }
    }

    /// The place of a block; `None` for a number that no image comes to.
    fn place(&self, id: u64) -> Option<&OnceLock<Block>> {
        let n = (id - self.first) / FIRST + 1;
        let part = n.ilog2();
        let size = FIRST << part;
        let at = (id - self.first) - (size - FIRST);
        let new = || (0..size).map(|_| OnceLock::new()).collect();
        Some(&self.parts.get(part as usize)?.get_or_init(new)[at as usize])
    }

    /// Takes the definition of a block.
    pub fn define(&self, id: u64, block: Block) {
        if id < self.first {
            return;
        }
        if let Some(place) = self.place(id) {
            // A number is given once.
            let _ = place.set(block);
        }
        // Under the lock, so that no thread can sleep between its check and this wake-up.
        let _over = lock(&self.over);
        self.news.notify_all();
    }

    /// Takes the plugin's lines about mapped files.
    pub fn map(&self, text: &str) {
        self.maps.add(text);
    }

    /// Which files its code came from.
    pub fn maps(&self) -> &Maps {
        &self.maps
    }

    /// Nothing more will be defined.
    pub fn end(&self) {
        *lock(&self.over) = true;
        self.news.notify_all();
    }

    /// A block that was defined by now.
    pub fn find(&self, id: u64) -> Option<&Block> {
        match id < self.first {
            true => self.before.as_ref()?.find(id),
            false => self.place(id)?.get(),
        }
    }

    /// A block; `None` where it was never defined, because the thread that would have done so was
    /// killed or failed.
    pub fn get(&self, id: u64) -> Option<&Block> {
        if id < self.first {
            return self.before.as_ref()?.get(id);
        }
        let place = self.place(id)?;
        if let Some(block) = place.get() {
            return Some(block);
        }
        let mut over = lock(&self.over);
        loop {
            if let Some(block) = place.get() {
                return Some(block);
            }
            if *over {
                return None;
            }
            let (guard, waited) = self
                .news
                .wait_timeout(over, PATIENCE)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if waited.timed_out() {
                return place.get();
            }
            over = guard;
        }
    }
}

/// Locks; the data are consistent even if a thread that held the lock panicked.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(pc: u64) -> Block {
        let bytes = [0x13, 0, 0, 0, 1, 0].into();
        Block { pc, bytes }
    }

    #[test]
    fn blocks_are_found_by_number_and_in_the_parent() {
        let parent = Arc::new(Code::new(0, None));
        for id in 0..5000 {
            parent.define(id, block(id * 8));
        }
        let child = Code::new(3000, Some(parent.clone()));
        child.define(3000, block(7));
        parent.map("a\n");
        child.map("b\n");
        assert_eq!(child.maps().text(), "a\nb\n");
        assert_eq!(parent.maps().text(), "a\n");
        for id in [0, 1023, 1024, 2999] {
            assert_eq!(child.get(id).map(|b| b.pc), Some(id * 8));
        }
        assert_eq!(child.get(3000).map(|b| b.pc), Some(7));
        assert_eq!(child.find(2999).map(|b| b.pc), Some(2999 * 8));
        assert!(child.find(3001).is_none());
        assert_eq!(parent.get(4999).map(|b| b.pc), Some(4999 * 8));
        child.end();
        assert!(child.get(3001).is_none() && child.get(u64::MAX).is_none());
        let insts: Vec<(u64, usize)> = block(8).insts().map(|(pc, b)| (pc, b.len())).collect();
        assert_eq!(insts, [(8, 4), (12, 2)]);
    }

    #[test]
    fn who_comes_too_early_waits() {
        let code = Code::new(0, None);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| code.get(2000).map(|b| b.pc));
            code.define(2000, block(1));
            assert_eq!(reader.join().unwrap(), Some(1));
        });
    }
}
