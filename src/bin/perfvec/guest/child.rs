//! The guest's process: its signals and how it ended.

use super::code::lock;
use super::follow::{Follower, Host};
use super::followed::Followed;
use super::progress::{Progress, PAUSE};
use super::share::Share;
use perfvec::{Error, Result};
use rustix::process::{getpgrp, kill_process, kill_process_group, Pid, Signal};
use rustix::termios::tcgetpgrp;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::exfiltrator::origin::WithOrigin;
use signal_hook::iterator::SignalsInfo;
use signal_hook::low_level::siginfo::{Cause, Origin};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
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

    /// What it did in the end.
    pub fn text(self) -> String {
        match (self, self.signal()) {
            (_, Some(signal)) => format!("was killed by {signal}"),
            (_, None) => format!("exited with code {}", self.code()),
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

/// What asks this process to end or to do something: it is the guest's business.
const HANDED_ON: [i32; 6] = [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2];

/// Which process receives a signal that this one received.
#[derive(Clone, Copy)]
enum Receiver {
    /// The guest has a process group of its own and gets signals only from this process.
    Group(Pid),
    /// The guest is in the group of this process, since that has the terminal. What the terminal
    /// sends goes to both.
    Process(Pid),
}

impl Receiver {
    fn hand_on(self, origin: &Origin) {
        let Some(signal) = Signal::from_named_raw(origin.signal) else {
            return;
        };
        // Fails only where the guest is gone already.
        let _ = match self {
            Receiver::Group(pid) => kill_process_group(pid, signal),
            Receiver::Process(_) if origin.cause == Cause::Kernel => Ok(()),
            Receiver::Process(pid) => kill_process(pid, signal),
        };
    }
}

/// Runs the guest to its end and that of its children, with this process's standard streams.
pub fn run<H: Host>(
    mut command: Command,
    share: &Share,
    host: &H,
    progress: &Progress,
) -> Result<(Outcome, Followed<H::Done>)> {
    let mut signals =
        SignalsInfo::<WithOrigin>::new(HANDED_ON).map_err(|e| Error::io("signal handlers", &e))?;
    let in_terminal = tcgetpgrp(std::io::stdin()).is_ok_and(|group| group == getpgrp());
    if !in_terminal {
        command.process_group(0);
    }
    let retired = Arc::new(AtomicU64::new(0));
    let mut follower = Follower::new(share, host, retired.clone());
    let program = command.get_program().to_owned();
    let mut child = command
        .spawn()
        .map_err(|e| Error::io(std::path::Path::new(&program), &e))?;
    let pid = Pid::from_child(&child);
    let receiver = match in_terminal {
        true => Receiver::Process(pid),
        false => Receiver::Group(pid),
    };
    let handle = signals.handle();
    let forwarder = thread::spawn(move || {
        for origin in signals.forever() {
            receiver.hand_on(&origin);
        }
    });
    let status = Mutex::new(None);
    thread::scope(|scope| {
        scope.spawn(|| {
            let ended = child.wait();
            *lock(&status) = Some(ended);
            share.ring_bell();
        });
        let (ended, watch) = mpsc::channel::<()>();
        if progress.is_shown() {
            let retired = retired.clone();
            scope.spawn(move || {
                while watch.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                    progress.update(&retired);
                }
            });
        }
        follower.run(scope, || match &*lock(&status) {
            None => None,
            Some(Ok(status)) => Some(status.signal()),
            Some(Err(_)) => Some(None),
        });
        drop(ended);
    });
    let followed = follower.finish();
    handle.close();
    // It only ends by the close above; it cannot panic.
    let _ = forwarder.join();
    progress.end();
    let status = lock(&status).take();
    let status = match status {
        Some(status) => status.map_err(|e| Error::io("QEMU", &e))?,
        None => {
            return Err(Error::new(
                perfvec::ErrorKind::Internal,
                "QEMU's exit status was lost",
            ))
        }
    };
    Ok((Outcome::of(status), followed))
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
