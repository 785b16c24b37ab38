//! The plugin, a model with a table, and guest programs, built once for all tests of a run.

// Every test program uses a part of it.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// What a command did.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

struct Fixture {
    plugins: PathBuf,
    guest: String,
    guest_dynamic: String,
    table: String,
    shell: String,
    counter: PathBuf,
}

fn fixture() -> &'static Fixture {
    static ONCE: OnceLock<Fixture> = OnceLock::new();
    ONCE.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("qemu");
        std::fs::create_dir_all(&dir).unwrap();
        let guest = |name: &str, source: &str, flags: &[&str]| {
            let out = dir.join(name).display().to_string();
            let source = root().join("tests/qemu").join(source);
            let mut gcc = Command::new("riscv64-linux-gnu-gcc");
            gcc.args(["-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", &out]);
            succeed(gcc.args(flags).arg(source));
            out
        };
        Fixture {
            plugins: build_plugins(&dir),
            guest: guest("guest", "guest.c", &["-static"]),
            guest_dynamic: guest("guest-dynamic", "guest.c", &[]),
            table: guest("table", "table.c", &["-static"]),
            shell: guest("shell", "shell.c", &["-static"]),
            counter: build_counter(&dir),
        }
    })
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn succeed(command: &mut Command) {
    let out = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{command:?}: {text}");
}

fn build_plugins(dir: &Path) -> PathBuf {
    let mut make = Command::new("make");
    make.arg("-C").arg(root().join("qemu-glue"));
    make.arg(format!("OUT={}", dir.display()));
    // The outer make's flags are not for this one.
    make.args(["CFLAGS=-O2 -g -Werror"]).env_remove("MAKEFLAGS");
    succeed(&mut make);
    dir.to_path_buf()
}

/// Builds tests/qemu/count.c for the QEMU at hand.
fn build_counter(dir: &Path) -> PathBuf {
    let out = dir.join("count.so");
    let generations = ["1", "2", "3"];
    for generation in generations {
        let mut cc = Command::new("cc");
        cc.args([
            "-O1",
            "-std=gnu11",
            "-Wall",
            "-Werror",
            "-fPIC",
            "-shared",
            "-o",
        ]);
        cc.arg(&out)
            .arg(format!("-DPERFVEC_QEMU_API={generation}"))
            .arg(root().join("tests/qemu/count.c"));
        succeed(&mut cc);
        let mut plugin = out.clone().into_os_string();
        plugin.push(",out=/dev/null");
        // One that is loaded refuses this file; one that is not is refused for its version.
        let tried = Command::new("qemu-riscv64")
            .arg("-plugin")
            .arg(plugin)
            .arg("/nonexistent")
            .output()
            .unwrap();
        if !String::from_utf8_lossy(&tried.stderr).contains("version") {
            return out;
        }
    }
    panic!("no QEMU plugin interface that is known");
}

/// The directory of the plugins.
pub fn plugins() -> &'static Path {
    &fixture().plugins
}

/// A small model with a table of two microarchitectures, "one" and "three", beside it.
pub fn model() -> PathBuf {
    root().join("tests/data/capi/tiny.onnx")
}

/// tests/qemu/guest.c, linked statically.
pub fn guest() -> &'static str {
    &fixture().guest
}

/// tests/qemu/guest.c, linked dynamically.
pub fn guest_dynamic() -> &'static str {
    &fixture().guest_dynamic
}

/// tests/qemu/table.c, linked statically.
pub fn table() -> &'static str {
    &fixture().table
}

/// tests/qemu/shell.c, linked statically.
pub fn shell() -> &'static str {
    &fixture().shell
}

/// How many instructions the program begins, by a counter that knows nothing of perfvec.
pub fn begun(qemu: &[&str], program: &[&str]) -> u64 {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut plugin = fixture().counter.clone().into_os_string();
    plugin.push(",out=");
    plugin.push(file.path());
    Command::new("qemu-riscv64")
        .args(qemu)
        .arg("-plugin")
        .arg(plugin)
        .args(program)
        .env_clear()
        .output()
        .unwrap();
    let bytes = std::fs::read(file.path()).unwrap();
    u64::from_le_bytes(bytes.try_into().unwrap())
}

/// Writes an executable script.
pub fn executable(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs the command.
pub fn perfvec(args: &[&str]) -> Output {
    run(args, "")
}

/// Runs the command with the model; its name is the first argument.
pub fn priced(args: &[&str]) -> Output {
    priced_with_input(args, "")
}

/// The same with something on standard input.
pub fn priced_with_input(args: &[&str], input: &str) -> Output {
    let model = model().display().to_string();
    let all = [&args[..1], &["--model", &model], &args[1..]].concat();
    run(&all, input)
}

/// `program`, which may start QEMU with the plugin of this build.
pub fn with_plugin(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PERFVEC_QEMU_PLUGIN", plugins());
    command
}

/// What --json wrote.
pub fn json(path: impl AsRef<Path>) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Runs the command.
pub fn run(args: &[impl AsRef<OsStr>], input: &str) -> Output {
    let mut child = with_plugin(env!("CARGO_BIN_EXE_perfvec"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that reads nothing may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let out = child.wait_with_output().unwrap();
    Output {
        code: out.status.code().unwrap_or(-1),
        stdout: String::from_utf8(out.stdout).unwrap(),
        stderr: String::from_utf8(out.stderr).unwrap(),
    }
}

/// What a command that succeeds says.
pub fn succeeds(args: &[&str]) -> Output {
    let out = priced(args);
    assert_eq!(out.code, 0, "{out:?}");
    out
}

/// A command that is refused with a message that holds `text`.
pub fn fails(args: &[&str], text: &str) {
    let out = priced(args);
    assert!(
        out.code == 2 && out.stderr.contains(text),
        "{text}: {out:?}"
    );
}
