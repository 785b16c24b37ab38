//! Whether a file is a program that qemu-riscv64 can run, or a script for one; if not, what it is.

use object::elf::{self, FileHeader64, Machine};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{pod, Endianness, ReadCache};
use perfvec::{Error, ErrorKind, Result};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
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
    // `inspect` reports what cannot be opened.
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

type Header = FileHeader64<Endianness>;

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
        .take(size_of::<Header>() as u64)
        .read_to_end(&mut head)
        .map_err(|e| Error::io(path, &e))?;
    if let Some(problem) = problem(&head) {
        return Err(mismatch(path, &problem));
    }
    executable(path)?;
    program(file).map_err(|e| mismatch(path, &format!("a damaged ELF file ({e})")))
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
    let Ok((header, _)) = pod::from_bytes::<Header>(head) else {
        return Some("a truncated ELF file".into());
    };
    let (bits, order, endian) = match (header.e_ident.class, header.e_ident.data) {
        (elf::ELFCLASS64, elf::ELFDATA2LSB) => ("64", "little", Endianness::Little),
        (elf::ELFCLASS64, _) => ("64", "big", Endianness::Big),
        (_, elf::ELFDATA2LSB) => ("32", "little", Endianness::Little),
        _ => ("32", "big", Endianness::Big),
    };
    // The kind and the machine are in one place in files of 32 and of 64 bit.
    let machine = header.e_machine.get(endian);
    if machine != elf::EM_RISCV {
        return Some(format!("an ELF file for {}", machine_name(machine)));
    }
    if (bits, order) != ("64", "little") {
        return Some(format!(
            "an ELF file for RISC-V, {bits} bit, {order}-endian"
        ));
    }
    match header.e_type.get(endian) {
        elf::ET_EXEC | elf::ET_DYN => None,
        elf::ET_REL => Some("a RISC-V object file that is not linked".into()),
        _ => Some("a RISC-V ELF file, but no program".into()),
    }
}

fn machine_name(machine: Machine) -> String {
    let known = match machine {
        elf::EM_SPARC | elf::EM_SPARC32PLUS | elf::EM_SPARCV9 => "SPARC",
        elf::EM_386 => "x86 (32 bit)",
        elf::EM_MIPS => "MIPS",
        elf::EM_PPC | elf::EM_PPC64 => "PowerPC",
        elf::EM_S390 => "s390",
        elf::EM_ARM => "Arm (32 bit)",
        elf::EM_X86_64 => "x86-64",
        elf::EM_AARCH64 => "Arm AArch64",
        elf::EM_LOONGARCH => "LoongArch",
        Machine(number) => return format!("machine {number}"),
    };
    known.into()
}

/// What the program headers say. Only they are read, and not the whole file.
fn program(file: File) -> object::Result<Program> {
    let data = &ReadCache::new(file);
    let header = Header::parse(data)?;
    let endian = header.endian()?;
    let (mut interpreter, mut end) = (None, 0);
    for h in header.program_headers(endian, data)? {
        match h.p_type(endian) {
            elf::PT_LOAD => end = end.max(h.p_vaddr(endian).saturating_add(h.p_memsz(endian))),
            elf::PT_INTERP if interpreter.is_none() && h.p_filesz(endian) <= MAX_NAME => {
                interpreter = h.interpreter(endian, data)?;
            }
            _ => (),
        }
    }
    Ok(Program {
        interpreter: interpreter.map(|name| String::from_utf8_lossy(name).into_owned()),
        image_end: match header.e_type(endian) {
            elf::ET_EXEC => end,
            _ => 0,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::elf::*;

    fn header(class: FileClass, order: DataEncoding, kind: FileType, machine: Machine) -> Vec<u8> {
        let mut h = vec![0; size_of::<Header>()];
        h[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class.0, order.0]);
        let bytes = |x: u16| match order {
            elf::ELFDATA2MSB => x.to_be_bytes(),
            _ => x.to_le_bytes(),
        };
        h[16..18].copy_from_slice(&bytes(kind.0));
        h[18..20].copy_from_slice(&bytes(machine.0));
        h
    }

    #[test]
    fn says_what_a_file_is() {
        let is = |head: &[u8], text: &str| {
            let found = problem(head).unwrap_or_default();
            assert!(found.contains(text), "{found:?} lacks {text:?}");
        };
        assert_eq!(
            problem(&header(ELFCLASS64, ELFDATA2LSB, ET_EXEC, EM_RISCV)),
            None
        );
        assert_eq!(
            problem(&header(ELFCLASS64, ELFDATA2LSB, ET_DYN, EM_RISCV)),
            None
        );
        is(b"", "empty");
        is(b"#!/bin/sh\n", "script");
        is(b"hello", "not an ELF");
        is(b"\x7fELF\x02\x01", "truncated");
        is(
            &header(ELFCLASS64, ELFDATA2LSB, ET_EXEC, EM_X86_64),
            "x86-64",
        );
        is(
            &header(ELFCLASS64, ELFDATA2LSB, ET_EXEC, EM_AARCH64),
            "AArch64",
        );
        is(&header(ELFCLASS64, ELFDATA2MSB, ET_EXEC, EM_S390), "s390");
        is(
            &header(ELFCLASS32, ELFDATA2LSB, ET_EXEC, EM_RISCV),
            "32 bit",
        );
        is(
            &header(ELFCLASS64, ELFDATA2MSB, ET_EXEC, EM_RISCV),
            "64 bit, big-endian",
        );
        is(
            &header(ELFCLASS64, ELFDATA2LSB, ET_REL, EM_RISCV),
            "not linked",
        );
        is(
            &header(ELFCLASS64, ELFDATA2LSB, ET_EXEC, Machine(9999)),
            "machine 9999",
        );
    }
}
