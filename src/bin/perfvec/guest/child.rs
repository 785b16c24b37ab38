//! The guest's process: its signals and how it ended.

use super::outbox::Outbox;
use super::progress::{Progress, PAUSE};
use perfvec::{Error, Result};
use rustix::process::{kill_process, Pid, Signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

/// How the guest ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It exited with this code.
    Exited(u8),
    /// This signal killed it.
    Killed(i32),
}

impl Outcome {
    fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Outcome::Exited(code as u8),
            (None, Some(signal)) => Outcome::Killed(signal),
            // Neither exited nor killed: waiting answers no such thing.
            (None, None) => Outcome::Exited(0),
        }
    }

    /// The exit code to pass on: the program's own, or 128 + the signal's number.
    pub fn code(self) -> u8 {
        match self {
            Outcome::Exited(code) => code,
            Outcome::Killed(signal) => 128u8.saturating_add(signal as u8),
        }
    }

    /// The signal that killed it, by name.
    pub fn signal(self) -> Option<String> {
        match self {
            Outcome::Exited(_) => None,
            Outcome::Killed(n) => Some(
                signal_hook::low_level::signal_name(n)
                    .map_or_else(|| format!("signal {n}"), str::to_string),
            ),
        }
    }
}

/// Runs the guest to its end, with this process's standard streams. Signals that ask this process
/// to end are the guest's business: a terminal sends them to both, others are handed on.
pub fn run(mut command: Command, outbox: &Outbox, progress: &Progress) -> Result<Outcome> {
    let mut signals = Signals::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP])
        .map_err(|e| Error::io("signal handlers", &e))?;
    let program = command.get_program().to_owned();
    let mut child = command
        .spawn()
        .map_err(|e| Error::io(std::path::Path::new(&program), &e))?;
    let pid = Pid::from_child(&child);
    let handle = signals.handle();
    let forwarder = thread::spawn(move || {
        for signal in signals.forever() {
            let forward = match signal {
                SIGTERM => Signal::TERM,
                SIGHUP => Signal::HUP,
                _ => continue,
            };
            // Fails only where the guest is gone already.
            let _ = kill_process(pid, forward);
        }
    });
    let status = wait(&mut child, outbox, progress);
    handle.close();
    // It only ends by the close above; it cannot panic.
    let _ = forwarder.join();
    progress.end();
    Ok(Outcome::of(status.map_err(|e| Error::io("QEMU", &e))?))
}

fn wait(child: &mut Child, outbox: &Outbox, progress: &Progress) -> std::io::Result<ExitStatus> {
    if !progress.is_shown() {
        return child.wait();
    }
    thread::scope(|scope| {
        let (ended, watch) = mpsc::channel::<()>();
        scope.spawn(move || {
            while watch.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                progress.update(outbox);
            }
        });
        let status = child.wait();
        drop(ended);
        status
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_the_shell() {
        assert_eq!(Outcome::of(ExitStatus::from_raw(7 << 8)).code(), 7);
        let killed = Outcome::of(ExitStatus::from_raw(11));
        assert_eq!(killed.code(), 139);
        assert_eq!(killed.signal().as_deref(), Some("SIGSEGV"));
    }
}
