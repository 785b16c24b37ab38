//! The memory that the plugin writes a program's stream into; `qemu-glue/share.h` is its other
//! side and says what is where.

use perfvec::{Error, ErrorKind, Result};
use rustix::fs::{fallocate, ftruncate, memfd_create, FallocateFlags, MemfdFlags};
use rustix::process::{getrlimit, setrlimit, Resource, Rlimit};
use rustix::thread::futex;
use std::ffi::OsStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

const MAGIC: u64 = u64::from_le_bytes(*b"PVSHARE2");
/// Most processes and threads that live at one time.
const PROCESSES: usize = 4096;
const THREADS: usize = 8192;
/// Words in a ring.
pub const RING: usize = 16384;
/// Bytes of the command line.
const TEXT: usize = 65536;

// Everything below counts in words of 64 bits.
const HEAD: usize = (4096 + TEXT) / 8;
const PROCESS: usize = 64;
const THREAD: usize = 16;
const THREADS_AT: usize = HEAD + PROCESSES * PROCESS;
/// The rings start on a page.
const RINGS_AT: usize = (THREADS_AT + THREADS * THREAD) / 512 * 512 + 512;
const WORDS: usize = RINGS_AT + THREADS * RING;

/// States of the records of processes and threads.
pub mod state {
    pub const FREE: u64 = 0;
    pub const RUNS: u64 = 2;
    pub const ENDED: u64 = 3;
    pub const EXECED: u64 = 4;
}

/// The memory, mapped. Any of it may change at any time, so that all of it is atomic.
pub struct Share {
    map: memmap2::MmapRaw,
    file: OwnedFd,
}

/// What a process's record says.
pub struct ProcessRecord {
    /// One of [`state`].
    pub state: u64,
    /// Number of the image.
    pub image: u64,
    /// Process number.
    pub pid: u64,
    /// The image that it was before; 0 for none.
    pub before: u64,
    /// Blocks with smaller numbers are those of `before`.
    pub first_block: u64,
    /// Nanoseconds of the monotonic clock.
    pub start: u64,
    /// The same; 0 where it is not told.
    pub end: u64,
    /// Why it is not measured to its end; 0 where it is.
    pub problem: u64,
    /// Its path, where exec made it.
    pub program: String,
    /// The path that it calls exec for.
    pub becomes: String,
}

/// The record of a thread that writes a ring.
pub struct ThreadRecord {
    /// One of [`state`].
    pub state: u64,
    /// The image of its process.
    pub image: u64,
    /// Thread number.
    pub tid: u64,
    /// Nanoseconds of the monotonic clock.
    pub start: u64,
    /// The same; 0 where it is not told.
    pub end: u64,
    /// The thread's name, empty where it has none of its own.
    pub name: String,
}

impl Share {
    /// New memory, all zero. What is sure to be used is there now, so that a lack of memory is reported
    /// now. Programs that this process starts inherit the descriptor.
    pub fn create() -> Result<Self> {
        let failed = |e| Error::io("memory for the program's stream", &std::io::Error::from(e));
        let file = memfd_create("perfvec", MemfdFlags::empty()).map_err(failed)?;
        // A limit of files' sizes is not meant for memory.
        let limit = getrlimit(Resource::Fsize);
        let most = Rlimit {
            current: limit.maximum,
            ..limit
        };
        setrlimit(Resource::Fsize, most).map_err(failed)?;
        let sized = ftruncate(&file, WORDS as u64 * 8);
        setrlimit(Resource::Fsize, limit).map_err(failed)?;
        sized.map_err(failed)?;
        let used = (RINGS_AT + RING) as u64 * 8;
        fallocate(&file, FallocateFlags::empty(), 0, used).map_err(failed)?;
        let map = memmap2::MmapOptions::new()
            .no_reserve_swap()
            .map_raw(&file)
            .map_err(|e| Error::io("memory for the program's stream", &e))?;
        let share = Self { map, file };
        let [magic, owner, ..] = share.words() else {
            return Err(Error::new(
                ErrorKind::Internal,
                "the shared memory is empty",
            ));
        };
        magic.store(MAGIC, Ordering::Relaxed);
        owner.store(std::process::id().into(), Ordering::Relaxed);
        share.words()[7].store(share.descriptor() as u64, Ordering::Relaxed);
        Ok(share)
    }

    /// The number of its descriptor, here and in the program that is started.
    pub fn descriptor(&self) -> i32 {
        self.file.as_raw_fd()
    }

    fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is page-aligned, WORDS words long, readable and writable, and lives
        // as long as `self`; nothing but atomic words is ever made of it, by either process.
        unsafe { std::slice::from_raw_parts(self.map.as_mut_ptr().cast(), WORDS) }
    }

    /// The lower half of a word.
    fn half(&self, word: usize) -> &AtomicU32 {
        let word = &self.words()[word];
        // SAFETY: inside the word, aligned, and atomic as it is.
        unsafe { &*std::ptr::from_ref(word).cast() }
    }

    /// Sets the command line that a followed exec starts.
    pub fn set_command<'a>(&self, line: impl IntoIterator<Item = &'a OsStr>) -> Result<()> {
        let mut text = Vec::new();
        let mut count = 0u64;
        for argument in line {
            text.extend_from_slice(argument.as_bytes());
            text.push(0);
            count += 1;
        }
        if text.len() > TEXT {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the paths of QEMU, plugin and sysroot are longer than 64 KiB",
            ));
        }
        for (i, bytes) in text.chunks(8).enumerate() {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            self.words()[512 + i].store(u64::from_le_bytes(word), Ordering::Relaxed);
        }
        self.words()[2].store(count << 32, Ordering::Release);
        Ok(())
    }

    /// Grows when there is something new.
    pub fn bell(&self) -> u32 {
        self.half(2).load(Ordering::Acquire)
    }

    /// Waits until the bell is no longer at `seen`, for a while.
    pub fn wait_for_bell(&self, seen: u32, most: Duration) {
        wait(self.half(2), seen, most);
    }

    /// Rings it.
    pub fn ring_bell(&self) {
        self.half(2).fetch_add(1, Ordering::AcqRel);
        wake(self.half(2));
    }

    /// Processes that found no free record.
    pub fn crowded(&self) -> u64 {
        self.words()[3].load(Ordering::Relaxed)
    }

    /// Children between their parents' fork() and their own first step.
    pub fn forking(&self) -> u64 {
        self.words()[8].load(Ordering::SeqCst)
    }

    /// Nobody reads any more: what still runs goes on without being measured.
    pub fn close(&self) {
        self.words()[9].store(1, Ordering::SeqCst);
    }

    /// How many records may be in use.
    pub fn processes(&self) -> usize {
        (self.words()[5].load(Ordering::Acquire) as usize).min(PROCESSES)
    }

    /// How many threads' records may be in use.
    pub fn threads(&self) -> usize {
        (self.words()[6].load(Ordering::Acquire) as usize).min(THREADS)
    }

    /// A process's record.
    pub fn process(&self, i: usize) -> ProcessRecord {
        let w = &self.words()[HEAD + i * PROCESS..][..PROCESS];
        let at = |i: usize| w[i].load(Ordering::Relaxed);
        ProcessRecord {
            state: w[0].load(Ordering::Acquire),
            image: at(1),
            pid: at(2),
            before: at(3),
            first_block: at(4),
            start: at(5),
            end: at(6),
            problem: at(7),
            program: text(&w[8..36]),
            becomes: text(&w[36..]),
        }
    }

    /// Gives a process's record back.
    pub fn free_process(&self, i: usize) {
        self.words()[HEAD + i * PROCESS].store(state::FREE, Ordering::Release);
    }

    fn thread_words(&self, i: usize) -> &[AtomicU64] {
        &self.words()[THREADS_AT + i * THREAD..][..THREAD]
    }

    /// The record of a thread.
    pub fn thread(&self, i: usize) -> ThreadRecord {
        let w = self.thread_words(i);
        let at = |i: usize| w[i].load(Ordering::Relaxed);
        ThreadRecord {
            state: w[0].load(Ordering::Acquire),
            image: at(1),
            tid: at(2),
            start: at(3),
            end: at(4),
            name: text(&w[5..7]),
        }
    }

    /// Its state alone, which is asked for most often.
    pub fn thread_state(&self, i: usize) -> u64 {
        self.thread_words(i)[0].load(Ordering::SeqCst)
    }

    /// Gives a ring and its thread's record back.
    pub fn free_ring(&self, i: usize) {
        self.thread_words(i)[0].store(state::FREE, Ordering::Release);
    }

    /// Moves all words that are in ring `i` to the end of `out`; how many.
    pub fn read(&self, i: usize, out: &mut Vec<u64>) -> usize {
        let w = self.thread_words(i);
        let (head, tail) = (w[7].load(Ordering::Acquire), w[8].load(Ordering::Relaxed));
        // Only a damaged head says more than fits.
        let n = (head.wrapping_sub(tail) as usize).min(RING);
        let ring = &self.words()[RINGS_AT + i * RING..][..RING];
        let (before, from) = ring.split_at(tail as usize % RING);
        let words = from.iter().chain(before).take(n);
        out.extend(words.map(|w| w.load(Ordering::Relaxed)));
        w[8].store(tail + n as u64, Ordering::SeqCst);
        let full = self.half(THREADS_AT + i * THREAD + 10);
        if full.swap(0, Ordering::SeqCst) != 0 {
            wake(full);
        }
        n
    }

    /// Moves the words that the thread of ring `i` could still have taken back to the end of `out`:
    /// after all others, where it writes no more.
    pub fn read_rest(&self, i: usize, out: &mut Vec<u64>) {
        let w = self.thread_words(i);
        let (head, reach) = (w[7].load(Ordering::Acquire), w[11].load(Ordering::Acquire));
        let ring = &self.words()[RINGS_AT + i * RING..][..RING];
        // A damaged reach says more than fits.
        let rest = head..reach.min(head.saturating_add(RING as u64));
        out.extend(rest.map(|n| ring[n as usize % RING].load(Ordering::Relaxed)));
    }

    /// Waits until there may be words in ring `i`, for a while.
    pub fn wait_for_words(&self, i: usize, most: Duration) {
        let w = self.thread_words(i);
        let sleeping = self.half(THREADS_AT + i * THREAD + 9);
        sleeping.store(1, Ordering::SeqCst);
        let more = w[7].load(Ordering::SeqCst) != w[8].load(Ordering::Relaxed);
        if !more && w[0].load(Ordering::SeqCst) != state::ENDED {
            wait(sleeping, 1, most);
        }
        sleeping.store(0, Ordering::Relaxed);
    }

    /// Ends [`Share::wait_for_words`] on ring `i`.
    pub fn wake_reader(&self, i: usize) {
        let sleeping = self.half(THREADS_AT + i * THREAD + 9);
        sleeping.store(0, Ordering::SeqCst);
        wake(sleeping);
    }
}

/// Text up to its NUL.
fn text(words: &[AtomicU64]) -> String {
    let bytes: Vec<u8> = words
        .iter()
        .flat_map(|w| w.load(Ordering::Relaxed).to_le_bytes())
        .take_while(|b| *b != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn wait(word: &AtomicU32, expected: u32, most: Duration) {
    let most = futex::Timespec {
        tv_sec: most.as_secs() as i64,
        tv_nsec: i64::from(most.subsec_nanos()),
    };
    // However it ends, the caller looks again.
    let _ = futex::wait(word, futex::Flags::empty(), expected, Some(&most));
}

fn wake(word: &AtomicU32) {
    // Fails for no word of this process.
    let _ = futex::wake(word, futex::Flags::empty(), 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of a ring come out once, in order, past its end as well.
    #[test]
    fn a_ring_gives_its_words_in_order() {
        let share = Share::create().unwrap();
        let w = share.thread_words(3);
        let mut written = 0u64;
        let mut got = Vec::new();
        for n in [1, RING as u64, 0, 7000, 15000, 16000] {
            for _ in 0..n {
                let at = RINGS_AT + 3 * RING + written as usize % RING;
                share.words()[at].store(written, Ordering::Relaxed);
                written += 1;
            }
            w[7].store(written, Ordering::Release);
            assert_eq!(share.read(3, &mut got) as u64, n);
        }
        assert!(got.iter().copied().eq(0..written));
    }
}
