//! Whether a file is a program that qemu-riscv64 can run, or a script for one; if not, what it is.

use perfvec::{Error, ErrorKind, Result};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What matters of a RISC-V 64 program.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// The dynamic loader that it asks for.
    pub interpreter: Option<String>,
    /// Where its image ends, if it lies at fixed addresses; else 0.
    pub image_end: u64,
}

/// How to start what the user named.
#[derive(Debug)]
pub struct Start {
    /// The program: for a script what interprets it.
    pub path: PathBuf,
    /// What the program is to call itself, where that is not its path.
    pub argv0: Option<OsString>,
    /// Arguments before those of the user.
    pub front: Vec<OsString>,
    /// About the program.
    pub program: Program,
}

/// Most scripts that interpret each other, as in Linux.
const MAX_SCRIPTS: usize = 5;
/// Longest first line of a script, as in Linux.
const MAX_LINE: u64 = 255;

/// Finds what runs `path`; the interpreters of scripts are looked for in `root` first.
pub fn resolve(path: &Path, root: &Path) -> Result<Start> {
    let mut start = Start {
        path: path.to_path_buf(),
        argv0: None,
        front: Vec::new(),
        program: Program {
            interpreter: None,
            image_end: 0,
        },
    };
    for _ in 0..MAX_SCRIPTS {
        let Some((interpreter, argument)) = script(&start.path)? else {
            break;
        };
        let script = start.argv0.take().unwrap_or_else(|| path.into());
        start
            .front
            .splice(0..0, argument.into_iter().chain([script]));
        let inside = root.join(interpreter.strip_prefix("/").unwrap_or(&interpreter));
        start.argv0 = Some(interpreter.clone().into());
        start.path = match inside.is_file() {
            true => inside,
            false => interpreter,
        };
    }
    start.program = inspect(&start.path).map_err(|e| match start.argv0 {
        Some(_) => e.context(format!("{} is a script for", path.display())),
        None => e,
    })?;
    Ok(start)
}

/// The interpreter that an executable script names, and its argument.
fn script(path: &Path) -> Result<Option<(PathBuf, Option<OsString>)>> {
    let mut head = Vec::new();
    // What cannot be opened is told by `inspect`.
    if !path.is_file() {
        return Ok(None);
    }
    if let Ok(file) = File::open(path) {
        file.take(MAX_LINE)
            .read_to_end(&mut head)
            .map_err(|e| Error::io(path, &e))?;
    }
    let Some(line) = head.strip_prefix(b"#!") else {
        return Ok(None);
    };
    let line = line.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.trim_ascii();
    let end = line.iter().position(u8::is_ascii_whitespace);
    let (interpreter, argument) = line.split_at(end.unwrap_or(line.len()));
    let argument = Some(argument.trim_ascii()).filter(|a| !a.is_empty());
    let text = |bytes: &[u8]| OsStr::from_bytes(bytes).to_os_string();
    if interpreter.is_empty() {
        return Err(mismatch(path, "a script without an interpreter"));
    }
    executable(path)?;
    Ok(Some((text(interpreter).into(), argument.map(text))))
}

fn executable(path: &Path) -> Result<()> {
    let meta = path.metadata().map_err(|e| Error::io(path, &e))?;
    if meta.permissions().mode() & 0o111 == 0 {
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!("{}: not executable; chmod +x it", path.display()),
        ));
    }
    Ok(())
}

const HEADER: usize = 64;
const RISCV: u16 = 243;
const ET_EXEC: u16 = 2;
const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;
/// Longest name of an interpreter, as in Linux.
const MAX_NAME: u64 = 4096;

/// Looks at `path`: kind `NotFound` where there is nothing, `Mismatch` for what QEMU cannot run.
fn inspect(path: &Path) -> Result<Program> {
    let mut file = perfvec::file::open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Error::new(
            ErrorKind::NotFound,
            format!(
                "{}: no such program; PATH is not searched, so give a path",
                path.display()
            ),
        ),
        _ => Error::io(path, &e),
    })?;
    let meta = file.metadata().map_err(|e| Error::io(path, &e))?;
    if !meta.is_file() {
        return Err(mismatch(path, "not a regular file"));
    }
    let mut head = Vec::new();
    (&mut file)
        .take(HEADER as u64)
        .read_to_end(&mut head)
        .map_err(|e| Error::io(path, &e))?;
    if let Some(problem) = problem(&head) {
        return Err(mismatch(path, &problem));
    }
    executable(path)?;
    let program = program(&mut file, &head);
    program.ok_or_else(|| {
        mismatch(
            path,
            "a damaged ELF file (its program headers cannot be read)",
        )
    })
}

fn mismatch(path: &Path, what: &str) -> Error {
    Error::new(
        ErrorKind::Mismatch,
        format!(
            "{}: {what}; perfvec runs RISC-V 64 Linux programs (made by riscv64-linux-gnu-gcc)",
            path.display()
        ),
    )
}

/// Why a file that begins with `head` is no RISC-V 64 program.
fn problem(head: &[u8]) -> Option<String> {
    if !head.starts_with(b"\x7fELF") {
        return Some(
            match head {
                [] => "an empty file",
                [b'#', b'!', ..] => "a script",
                _ => "not an ELF file",
            }
            .into(),
        );
    }
    if head.len() < HEADER {
        return Some("a truncated ELF file".into());
    }
    let machine = u16_at(head, 18);
    let bits = if head[4] == 1 { "32" } else { "64" };
    if machine != RISCV {
        return Some(format!("an ELF file for {}", machine_name(machine)));
    }
    if bits == "32" || head[5] != 1 {
        let order = if head[5] == 1 { "little" } else { "big" };
        return Some(format!(
            "an ELF file for RISC-V, {bits} bit, {order}-endian"
        ));
    }
    match u16_at(head, 16) {
        2 | 3 => None,
        1 => Some("a RISC-V object file that is not linked".into()),
        _ => Some("a RISC-V ELF file, but no program".into()),
    }
}

fn machine_name(machine: u16) -> String {
    let known = match machine {
        2 | 18 | 43 => "SPARC",
        3 => "x86 (32 bit)",
        8 => "MIPS",
        20 | 21 => "PowerPC",
        22 => "s390",
        40 => "Arm (32 bit)",
        62 => "x86-64",
        183 => "Arm AArch64",
        258 => "LoongArch",
        _ => return format!("machine {machine}"),
    };
    known.into()
}

/// What the program headers say; `None` for damage.
fn program(file: &mut File, head: &[u8]) -> Option<Program> {
    let (table, entry, count) = (u64_at(head, 32), u16_at(head, 54), u16_at(head, 56));
    if count > 0 && entry != 56 {
        return None;
    }
    let mut headers = vec![0; usize::from(entry) * usize::from(count)];
    file.seek(SeekFrom::Start(table)).ok()?;
    file.read_exact(&mut headers).ok()?;
    let headers = || headers.chunks_exact(56);
    let loaded = headers().filter(|h| u32_at(h, 0) == PT_LOAD);
    let end = loaded.map(|h| u64_at(h, 16).saturating_add(u64_at(h, 40)));
    let mut program = Program {
        interpreter: None,
        image_end: match u16_at(head, 16) {
            ET_EXEC => end.max().unwrap_or(0),
            _ => 0,
        },
    };
    let Some(h) = headers().find(|h| u32_at(h, 0) == PT_INTERP) else {
        return Some(program);
    };
    let (at, size) = (u64_at(h, 8), u64_at(h, 32));
    if size == 0 || size > MAX_NAME {
        return None;
    }
    let mut name = vec![0; size as usize];
    file.seek(SeekFrom::Start(at)).ok()?;
    file.read_exact(&mut name).ok()?;
    name.retain(|b| *b != 0);
    program.interpreter = Some(String::from_utf8_lossy(&name).into_owned());
    Some(program)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(class: u8, order: u8, kind: u16, machine: u16) -> Vec<u8> {
        let mut h = vec![0; HEADER];
        h[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, order]);
        h[16..18].copy_from_slice(&kind.to_le_bytes());
        h[18..20].copy_from_slice(&machine.to_le_bytes());
        h
    }

    #[test]
    fn says_what_a_file_is() {
        let is = |head: &[u8], text: &str| {
            let found = problem(head).unwrap_or_default();
            assert!(found.contains(text), "{found:?} lacks {text:?}");
        };
        assert_eq!(problem(&header(2, 1, 2, RISCV)), None);
        assert_eq!(problem(&header(2, 1, 3, RISCV)), None);
        is(b"", "empty");
        is(b"#!/bin/sh\n", "script");
        is(b"hello", "not an ELF");
        is(b"\x7fELF\x02\x01", "truncated");
        is(&header(2, 1, 2, 62), "x86-64");
        is(&header(2, 1, 2, 183), "AArch64");
        is(&header(1, 1, 2, RISCV), "32 bit");
        is(&header(2, 1, 1, RISCV), "not linked");
        is(&header(2, 1, 2, 9999), "machine 9999");
    }
}
