//! Running a guest program under QEMU with the plugin of `qemu-glue/`.

mod child;
mod code;
mod elf;
mod expand;
mod follow;
mod followed;
mod progress;
mod qemu;
mod share;

pub use child::{run, Outcome};
pub use expand::Sink;
pub use follow::Host;
pub use followed::{Followed, Process, Thread};
pub use progress::{Progress, PAUSE};
pub use qemu::{Launcher, Quiet};
pub use share::Share;

use std::ffi::OsString;
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
    /// The CPU that QEMU emulates, such as "max" or "rv64,v=true"; else QEMU's default, which has
    /// no vector instructions. `qemu-riscv64 -cpu help` lists them.
    #[arg(long, value_name = "CPU")]
    pub cpu: Option<String>,
    /// Set a variable of the program's environment; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub env: Vec<OsString>,
    /// Start with an empty environment, so that a count does not depend on where it is taken.
    #[arg(long)]
    pub clean_env: bool,
    /// Do not measure what the program's children do.
    #[arg(long)]
    pub no_children: bool,
    /// Show no progress (it is shown only where standard error is a terminal).
    #[arg(long)]
    pub no_progress: bool,
    /// A RISC-V 64 Linux program, or a script for one, and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub program: Vec<OsString>,
}

impl GuestArgs {
    /// The command line as one text.
    pub fn title(&self) -> String {
        let words = self.program.iter().map(|w| w.to_string_lossy());
        words.collect::<Vec<_>>().join(" ")
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

/// Tells what may be done about a program that ended on an instruction that QEMU does not know.
pub fn hint(outcome: Outcome, args: &GuestArgs) {
    const SIGILL: i32 = 4;
    if outcome == Outcome::Killed(SIGILL) {
        let cpu = args.cpu.as_deref().unwrap_or("QEMU's default CPU");
        crate::output::tell(&format!(
            "perfvec: SIGILL: the program ran an instruction that {cpu} lacks; for vector instructions try --cpu max, or --cpu rv64,v=true,vext_spec=v1.0 with a QEMU before 8.0\n"
        ));
    }
}
