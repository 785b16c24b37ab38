//! An engine that fails without a panic, as ONNX Runtime does where it has no memory left.

use super::*;
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::time::Duration;

struct Failing;

impl Engine for Failing {
    fn reset(&mut self) {}
    fn run(&mut self, _: &[f32], _: usize, _: usize, _: usize, _: &mut [f32]) -> Result<()> {
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
