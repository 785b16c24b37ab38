//! Work that several threads share.

use crate::sync::lock;
use std::sync::Mutex;

/// A piece of work.
pub type Task<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Does all of it on up to `threads` threads, the caller's among them. Whoever is done takes the
/// next piece, since they differ in what they cost.
pub fn share(threads: usize, tasks: Vec<Task>) {
    let threads = threads.min(tasks.len());
    if threads < 2 {
        tasks.into_iter().for_each(|task| task());
        return;
    }
    let tasks = Mutex::new(tasks.into_iter());
    std::thread::scope(|scope| {
        let work = || loop {
            // The lock is given back before the work.
            let next = lock(&tasks).next();
            let Some(task) = next else { return };
            task();
        };
        for _ in 1..threads {
            // Where no thread can be had, this one does it all.
            let _ = std::thread::Builder::new()
                .name("perfvec-cores".into())
                .spawn_scoped(scope, work);
        }
        work();
    });
}
