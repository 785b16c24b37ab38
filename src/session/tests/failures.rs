//! What a host does wrong, and engines that fail.

use super::*;
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::time::Duration;

struct Failing;

impl Engine for Failing {
    fn reset(&mut self) {}
    fn run(&mut self, _: &Rows, _: Out) -> Result<()> {
        Err(Error::new(ErrorKind::Runtime, "the engine failed"))
    }
}

struct FailingFactory;

impl EngineFactory for FailingFactory {
    fn engine(&self, _lanes: usize, _steps: usize) -> Result<Box<dyn Engine>> {
        Ok(Box::new(Failing))
    }
    fn backend(&self) -> Backend {
        Backend::OnnxRuntime
    }
}

/// What `f` gives, or a panic where it hangs.
fn in_time<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    let (answer, got) = channel();
    let thread = std::thread::spawn(move || answer.send(f()));
    match got.recv_timeout(Duration::from_secs(60)) {
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
        got => {
            thread.join().unwrap().unwrap();
            got.unwrap()
        }
    }
}

/// Whichever call runs the engine first.
#[test]
fn an_engine_that_fails_poisons_the_session_and_never_hangs_it() {
    let calls: [fn(&mut Session) -> Result<()>; 3] = [
        |s| s.finish().map(drop),
        Session::sync,
        |s| s.snapshot().map(drop),
    ];
    for threads in 0..3 {
        for first in calls {
            for then in calls {
                in_time(move || {
                    let info = model(false).info().clone();
                    let failing = Model::from_parts(info, Box::new(FailingFactory));
                    let mut s = Session::new(failing, &config(threads)).unwrap();
                    s.intern(&program()[0]).unwrap();
                    // Too few for a batch: it is the call that runs the engine.
                    s.retire_many(&[Retirement::default(); 20]).unwrap();
                    let e = first(&mut s).unwrap_err();
                    assert!(e.message().contains("the engine failed"), "{e}");
                    let e = then(&mut s).unwrap_err();
                    assert_eq!(e.kind(), ErrorKind::Poisoned, "{e}");
                    assert!(e.message().contains("the engine failed"), "{e}");
                    let e = s.program_vector().unwrap_err();
                    assert_eq!(e.kind(), ErrorKind::Poisoned, "{e}");
                    // Nor does it take more than the block that the host fills.
                    let block = vec![Retirement::default(); BLOCK];
                    let e = s.retire_many(&block).unwrap_err();
                    assert_eq!(e.kind(), ErrorKind::Poisoned, "{e}");
                });
            }
        }
    }
}

#[test]
fn a_retirement_that_cannot_be_takes_nothing() {
    let mut s = session(&config(0));
    let good = Retirement::default();
    let flags = |flags| Retirement { flags, ..good };
    let unknown = Retirement { inst: 99, ..good };
    for (bad, says) in [
        (unknown, "99"),
        (flags(3), "0x3"),
        (flags(7), "0x7"),
        (flags(8), "0x8"),
    ] {
        let e = s.retire_many(&[good, bad]).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::InvalidArgument);
        assert!(e.message().contains(says), "{e}");
        assert_eq!(s.counts().retired, 0);
    }
    for good in [0, 1, 2, 4, 5, 6] {
        s.retire(&flags(good)).unwrap();
    }
    assert_eq!(s.counts().retired, 6);
}

#[test]
fn a_panic_on_a_thread_poisons_the_session_and_never_hangs_it() {
    for threads in [1, 2, 3] {
        let mut s = Session::new(model(true), &config(threads)).unwrap();
        for i in program() {
            s.intern(&i).unwrap();
        }
        let stream = vec![Retirement::default(); 5000];
        let failed = (0..100).find_map(|_| s.retire_many(&stream).err());
        let e = match failed {
            Some(e) => e,
            None => s.sync().unwrap_err(),
        };
        assert_eq!(e.kind(), ErrorKind::Poisoned, "{e}");
        assert!(e.message().contains("the engine broke"), "{e}");
        assert_eq!(s.sync().unwrap_err().kind(), ErrorKind::Poisoned);
    }
}
