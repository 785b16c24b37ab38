//! What packagers install beside the program: completions and a manual page.

use crate::output::print;
use perfvec::{Error, Result};

/// Arguments of `perfvec completions`.
#[derive(clap::Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Prints a completion script.
pub fn completions(args: &CompletionsArgs, mut command: clap::Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "perfvec", &mut script);
    print(script)
}

/// Prints the manual page: the program, then every command.
pub fn page(mut command: clap::Command) -> Result<()> {
    command.build();
    let mut text = Vec::new();
    let render = |command: clap::Command, text: &mut Vec<u8>| {
        clap_mangen::Man::new(command)
            .render(text)
            .map_err(|e| Error::io("manual page", &e))
    };
    render(command.clone(), &mut text)?;
    for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        render(sub.clone(), &mut text)?;
    }
    print(text)
}
