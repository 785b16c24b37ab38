//! Where QEMU and the plugin for it are, and the command that runs a program.

use super::elf::{self, Program};
use super::{exit, Failure, GuestArgs};
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

/// What is needed to start a program.
pub struct Launcher {
    qemu: PathBuf,
    plugin: PathBuf,
    sysroot: Option<PathBuf>,
    program: Vec<String>,
}

impl Launcher {
    /// Checks the program, then looks for QEMU and for a plugin that this QEMU loads.
    pub fn find(args: &GuestArgs) -> std::result::Result<Self, Failure> {
        let path = Path::new(&args.program[0]);
        let inspected = elf::inspect(path).and_then(|p| sysroot(args, path, &p));
        let sysroot = inspected.map_err(|error| Failure {
            code: match error.kind() {
                ErrorKind::NotFound => exit::NOT_FOUND,
                _ => exit::NOT_RUNNABLE,
            },
            error,
        })?;
        let qemu = qemu(args)?;
        let plugin = plugin(&qemu, path)?;
        Ok(Self {
            qemu,
            plugin,
            sysroot,
            program: args.program.clone(),
        })
    }

    /// The command, with the plugin told `arguments` (key, value).
    pub fn command(&self, arguments: &[(&str, OsString)]) -> Command {
        let mut command = Command::new(&self.qemu);
        if let Some(sysroot) = &self.sysroot {
            command.arg("-L").arg(sysroot);
        }
        command
            .arg("-plugin")
            .arg(option(&self.plugin, arguments))
            .args(&self.program);
        command
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

fn sysroot(args: &GuestArgs, path: &Path, program: &Program) -> Result<Option<PathBuf>> {
    let Some(interpreter) = &program.interpreter else {
        return Ok(None);
    };
    let root = args
        .sysroot
        .clone()
        .or_else(|| std::env::var_os("QEMU_LD_PREFIX").map(PathBuf::from))
        .unwrap_or_else(|| SYSROOT.into());
    let loader = root.join(interpreter.trim_start_matches('/'));
    if !loader.exists() {
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "{} is linked dynamically and its loader {} is missing; link it with -static, install libc6-riscv64-cross, or name another --sysroot",
                path.display(),
                loader.display()
            ),
        ));
    }
    Ok(Some(root))
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
                "{}: no such file; --qemu and PERFVEC_QEMU name a qemu-riscv64",
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
fn plugin(qemu: &Path, program: &Path) -> Result<PathBuf> {
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
        match probe(qemu, path, program)? {
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
            "{} loads none of the plugins (it must be a qemu-riscv64 of 4.2 or newer, not a static one): {refused}",
            qemu.display()
        ),
    ))
}

/// Whether `qemu` loads the plugin at `path`; what it said if not.
fn probe(qemu: &Path, path: &Path, program: &Path) -> Result<Option<String>> {
    let output = Command::new(qemu)
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
