//! Running a guest program under QEMU with the plugin of `qemu-glue/`.

mod child;
mod elf;
mod outbox;
mod progress;
mod qemu;

pub use child::{run, Outcome};
pub use outbox::{Counters, Outbox};
pub use progress::Progress;
pub use qemu::Launcher;

use std::path::PathBuf;

/// The program to run and how.
#[derive(clap::Args, Clone)]
pub struct GuestArgs {
    /// QEMU for RISC-V 64 programs; else $PERFVEC_QEMU, else qemu-riscv64 from $PATH.
    #[arg(long, value_name = "FILE")]
    pub qemu: Option<PathBuf>,
    /// Where dynamically linked programs find their libraries; else $QEMU_LD_PREFIX, else
    /// /usr/riscv64-linux-gnu.
    #[arg(long, value_name = "DIR")]
    pub sysroot: Option<PathBuf>,
    /// Show no progress (it is shown only where standard error is a terminal).
    #[arg(long)]
    pub no_progress: bool,
    /// A RISC-V 64 Linux program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub program: Vec<String>,
}

impl GuestArgs {
    /// The command line as one text.
    pub fn title(&self) -> String {
        self.program.join(" ")
    }
}

/// Exit codes for what is not the program's own doing, as `env` and `timeout` have them.
pub mod exit {
    /// perfvec itself failed.
    pub const FAILED: u8 = 125;
    /// The program cannot be run.
    pub const NOT_RUNNABLE: u8 = 126;
    /// There is no such program.
    pub const NOT_FOUND: u8 = 127;
}

/// Why perfvec could not run a program, and the exit code for it.
pub struct Failure {
    /// One of [`exit`].
    pub code: u8,
    /// What happened.
    pub error: perfvec::Error,
}

impl From<perfvec::Error> for Failure {
    fn from(error: perfvec::Error) -> Self {
        let code = exit::FAILED;
        Self { code, error }
    }
}

impl Failure {
    /// Tells the user.
    pub fn report(&self) -> std::process::ExitCode {
        crate::output::tell(&format!("perfvec: {}\n", self.error));
        std::process::ExitCode::from(self.code)
    }
}
