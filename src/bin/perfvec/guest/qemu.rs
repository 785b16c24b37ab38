//! Where QEMU and the plugin for it are, and the command that runs a program.

use super::elf::{self, Start};
use super::{exit, Failure, GuestArgs, Share};
use perfvec::{Error, ErrorKind, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const QEMU: &str = "qemu-riscv64";
const SYSROOT: &str = "/usr/riscv64-linux-gnu";
/// Generations of QEMU's plugin interface, see qemu-glue/qemu_api.h; the most likely first.
const GENERATIONS: [u32; 3] = [1, 3, 2];
/// Exit status of a QEMU that loaded the plugin with the argument `probe=on`.
const PROBE_ANSWER: i32 = 86;

/// What is wanted of a stream: units at a fixed rate, and what comes shortly before each. The fields
/// are those of `struct quiet_plan` in `qemu-glue/quiet.h`.
pub struct Quiet {
    /// The sampling period.
    pub period: u64,
    /// Retirements per unit.
    pub unit: u64,
    /// Retirements before a unit that are wanted too.
    pub reach: u64,
    /// Seed of the offsets.
    pub seed: u64,
}

/// What is needed to start a program.
pub struct Launcher {
    qemu: PathBuf,
    plugin: PathBuf,
    root: PathBuf,
    start: Start,
    args: GuestArgs,
}

impl Launcher {
    /// Checks the program, then looks for QEMU and for a plugin that this QEMU loads.
    pub fn find(args: &GuestArgs) -> std::result::Result<Self, Failure> {
        let path = Path::new(&args.program[0]);
        let root = root(args);
        let resolved = elf::resolve(path, &root).and_then(|start| {
            check_loader(&start, &root)?;
            Ok(start)
        });
        let start = resolved.map_err(|error| Failure {
            code: match error.kind() {
                ErrorKind::NotFound => exit::NOT_FOUND,
                _ => exit::NOT_RUNNABLE,
            },
            error,
        })?;
        check_environment(args)?;
        let qemu = qemu(args)?;
        let plugin = plugin(&qemu, args, &start.path)?;
        Ok(Self {
            qemu,
            plugin,
            root,
            start,
            args: args.clone(),
        })
    }

    /// Where the image of the program ends, if it lies at fixed addresses; else 0. Other programs
    /// that it executes may end elsewhere.
    pub fn image_end(&self) -> u64 {
        self.start.program.image_end
    }

    /// The command, whose plugin writes into `share`, with `maps` also which files the code comes
    /// from, and only what `quiet` wants.
    pub fn command(&self, share: &Share, maps: bool, quiet: Option<Quiet>) -> Result<Command> {
        let absolute = |p: &Path| std::path::absolute(p).map_err(|e| Error::io(p, &e));
        let (qemu, plugin, root) = (
            absolute(&self.qemu)?,
            absolute(&self.plugin)?,
            absolute(&self.root)?,
        );
        let mut cpu: Vec<&OsStr> = Vec::new();
        if let Some(name) = &self.args.cpu {
            cpu.extend([OsStr::new("-cpu"), OsStr::new(name)]);
        }
        let in_root = [OsStr::new("-L"), root.as_os_str()];
        let has_root = root.is_dir();
        let mut arguments = Vec::new();
        if has_root {
            arguments.push(("sysroot", root.clone().into_os_string()));
        }
        if self.args.no_children {
            arguments.push(("children", "0".into()));
        }
        if maps {
            arguments.push(("maps", "1".into()));
        }
        if let Some(q) = quiet {
            let plan = format!("{}:{}:{}:{}", q.period, q.unit, q.reach, q.seed);
            arguments.push(("quiet", plan.into()));
        }
        // The plugin appends the number of the descriptor.
        arguments.push(("memory", OsString::new()));
        let mut option = option(&plugin, &arguments);
        let line = [qemu.as_os_str()].into_iter();
        let line = line.chain(in_root.into_iter().filter(|_| has_root));
        let line = line.chain(cpu.iter().copied());
        share.set_command(line.chain([OsStr::new("-plugin"), option.as_os_str()]))?;

        let mut command = Command::new(&self.qemu);
        // A static program is spared a sysroot, which its open() would look into.
        if self.start.program.interpreter.is_some() {
            command.args(in_root);
        }
        option.push(share.descriptor().to_string());
        command.args(cpu).arg("-plugin").arg(option);
        if let Some(name) = &self.start.argv0 {
            command.arg("-0").arg(name);
        }
        command.arg(&self.start.path).args(&self.start.front);
        command.args(&self.args.program[1..]);
        if self.args.clean_env {
            command.env_clear();
        }
        for (name, value) in self.args.env.iter().filter_map(|text| variable(text)) {
            command.env(name, value);
        }
        Ok(command)
    }
}

/// Name and value of a variable.
fn variable(text: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|b| *b == b'=').filter(|at| *at > 0)?;
    let (name, value) = (&bytes[..at], &bytes[at + 1..]);
    Some((OsStr::from_bytes(name), OsStr::from_bytes(value)))
}

fn check_environment(args: &GuestArgs) -> Result<()> {
    match args.env.iter().find(|text| variable(text).is_none()) {
        None => Ok(()),
        Some(text) => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("--env {}: give NAME=VALUE", text.display()),
        )),
    }
}

/// The argument of -plugin; QEMU wants commas in values doubled.
fn option(plugin: &Path, arguments: &[(&str, OsString)]) -> OsString {
    let mut text = doubled(plugin.as_os_str());
    for (key, value) in arguments {
        text.push(format!(",{key}="));
        text.push(doubled(value));
    }
    text
}

fn doubled(text: &OsStr) -> OsString {
    let mut out = Vec::new();
    for b in text.as_bytes() {
        out.push(*b);
        if *b == b',' {
            out.push(b',');
        }
    }
    OsString::from_vec(out)
}

fn not_found(message: String) -> Error {
    Error::new(ErrorKind::NotFound, message)
}

/// Where the program's libraries are, and the programs that it starts.
fn root(args: &GuestArgs) -> PathBuf {
    args.sysroot
        .clone()
        .or_else(|| std::env::var_os("QEMU_LD_PREFIX").map(PathBuf::from))
        .unwrap_or_else(|| SYSROOT.into())
}

fn check_loader(start: &Start, root: &Path) -> Result<()> {
    let Some(interpreter) = &start.program.interpreter else {
        return Ok(());
    };
    let loader = root.join(interpreter.trim_start_matches('/'));
    if loader.exists() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Mismatch,
        format!(
            "{} is linked dynamically and its loader {} is missing; link it with -static, install libc6-riscv64-cross, or name another --sysroot",
            start.path.display(),
            loader.display()
        ),
    ))
}

fn qemu(args: &GuestArgs) -> Result<PathBuf> {
    let named = args
        .qemu
        .clone()
        .or_else(|| std::env::var_os("PERFVEC_QEMU").map(PathBuf::from));
    if let Some(path) = named {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(not_found(format!(
                "{}: no such file; set --qemu or PERFVEC_QEMU to a qemu-riscv64",
                path.display()
            )))
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join(QEMU))
        .find(|p| p.is_file())
        .ok_or_else(|| {
            not_found(format!(
                "{QEMU} is not in PATH; install the package qemu-user, or name it with --qemu"
            ))
        })
}

/// The plugins in a directory, one per generation.
fn in_dir(dir: &Path) -> Vec<PathBuf> {
    GENERATIONS
        .map(|g| dir.join(format!("libperfvec_qemu{g}.so")))
        .into()
}

/// The plugin that `qemu` loads: $PERFVEC_QEMU_PLUGIN (a file, or the directory of all of them),
/// else beside this program.
fn plugin(qemu: &Path, args: &GuestArgs, program: &Path) -> Result<PathBuf> {
    let exe = std::env::current_exe().map_err(|e| Error::io("this program", &e))?;
    let beside = exe.parent().unwrap_or(Path::new("."));
    let places = match std::env::var_os("PERFVEC_QEMU_PLUGIN").map(PathBuf::from) {
        Some(file) if file.is_file() => vec![file],
        Some(dir) => in_dir(&dir),
        None => {
            let arch = format!("../lib/{}-linux-gnu/perfvec", std::env::consts::ARCH);
            let dirs = [".", "../lib/perfvec", "../lib64/perfvec", &arch];
            dirs.iter().flat_map(|d| in_dir(&beside.join(d))).collect()
        }
    };
    let mut refused = String::new();
    for path in places.iter().filter(|p| p.is_file()) {
        match probe(qemu, args, path, program)? {
            None => return Ok(path.clone()),
            Some(text) => refused = text,
        }
    }
    if refused.is_empty() {
        return Err(not_found(format!(
            "the QEMU plugin was not found at {}; run `make plugin`, or set PERFVEC_QEMU_PLUGIN",
            places[0].display()
        )));
    }
    Err(Error::new(
        ErrorKind::Version,
        format!(
            "{} loads none of the plugins (a dynamically linked qemu-riscv64, version 4.2 or newer, is needed): {refused}",
            qemu.display()
        ),
    ))
}

/// Whether `qemu` loads the plugin at `path`; what it said if not.
fn probe(qemu: &Path, args: &GuestArgs, path: &Path, program: &Path) -> Result<Option<String>> {
    let cpu = args.cpu.iter().flat_map(|cpu| ["-cpu", cpu]);
    let output = Command::new(qemu)
        .args(cpu)
        .arg("-plugin")
        .arg(option(path, &[("probe", "on".into())]))
        .arg(program)
        .env_remove("QEMU_PLUGIN")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| Error::io(qemu, &e))?;
    if output.status.code() == Some(PROBE_ANSWER) {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_string();
    Ok(Some(if said.is_empty() {
        output.status.to_string()
    } else {
        said
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_values_are_doubled() {
        let text = option(Path::new("/a,b.so"), &[("out", "x,,y".into())]);
        assert_eq!(text, "/a,,b.so,out=x,,,,y");
    }
}
