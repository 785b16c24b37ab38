//! A disk without room: every writer says so, keeps the file that was there, and leaves nothing
//! half-written behind.
//!
//! The room is a limit on the size of files (RLIMIT_FSIZE) of a child process: what is written
//! beyond it fails as on a full disk, and no special file system is needed.

use perfvec::capi::constants::PERFVEC_ISA_RISCV64;
use perfvec::capi::model::{perfvec_model_free, perfvec_model_load};
use perfvec::capi::session::{perfvec_session, perfvec_session_create, perfvec_session_free};
use perfvec::capi::snapshot::perfvec_session_snapshot_file;
use perfvec::capi::status::{perfvec_last_error, PERFVEC_ERR_IO, PERFVEC_OK};
use perfvec::capi::stream::perfvec_session_retire_encoding;
use perfvec::inst::{OpClass, Retirement, StaticInst};
use perfvec::microarch::{Microarch, MicroarchTable, ProgramVector};
use perfvec::npy::NpyWriter;
use perfvec::trace::{Header, Writer};
use perfvec::{ErrorKind, Result};
use std::ffi::{CStr, CString};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

/// Bytes that fit: headers do, content does not.
const ROOM: u64 = 4096;
/// What was there before.
const OLD: &[u8] = b"the file that was here";

/// Runs `command` with files limited to [`ROOM`].
fn without_room(command: &mut Command) -> Output {
    let limit = libc::rlimit {
        rlim_cur: ROOM,
        rlim_max: ROOM,
    };
    let set = move || {
        // SAFETY: both are allowed between fork and exec, and take plain values.
        let done = unsafe {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            libc::setrlimit(libc::RLIMIT_FSIZE, &limit)
        };
        match done {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: `set` allocates nothing and takes no lock.
    unsafe { command.pre_exec(set) };
    command.output().expect("a child process")
}

#[test]
fn writers_of_the_library() {
    let me = std::env::current_exe().unwrap();
    let out =
        without_room(Command::new(me).args(["--ignored", "--exact", "disk_full::in_the_child"]));
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "run by writers_of_the_library, in a process without room"]
fn in_the_child() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    refused(&file("a.pvt"), trace);
    refused(&file("a.npy"), matrix);
    refused(&file("a.safetensors"), |path| table().save(path));
    refused(&file("b.safetensors"), |path| vector().save(path));
    snapshot(&file("a.snapshot"));
}

fn refused(path: &Path, write: impl Fn(&Path) -> Result<()>) {
    std::fs::write(path, OLD).unwrap();
    let e = write(path).expect_err("there was no room");
    assert_eq!(e.kind(), ErrorKind::Io, "{e}");
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(e.message().contains(name), "{name} is not named: {e}");
    left_alone(path);
}

/// The old file is whole, and the only one of its name.
fn left_alone(path: &Path) {
    assert_eq!(std::fs::read(path).unwrap(), OLD);
    let name = path.file_name().unwrap().to_str().unwrap();
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let other = entry.unwrap().file_name().into_string().unwrap();
        assert!(other == name || !other.contains(name), "{other} was left");
    }
}

fn trace(path: &Path) -> Result<()> {
    let mut writer = Writer::create(path, Header::default())?;
    let mut state = 1u64;
    let inst = writer.intern(&StaticInst::new(0x1000, OpClass::MemRead, 4))?;
    for _ in 0..200_000 {
        // Addresses that no predictor foresees, so that they take room.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        writer.retire(&Retirement {
            inst,
            address: state,
            ..Retirement::default()
        })?;
    }
    writer.finish().map(drop)
}

fn matrix(path: &Path) -> Result<()> {
    let mut writer = NpyWriter::create(path, 100)?;
    for _ in 0..100 {
        writer.row(&[1.0; 100])?;
    }
    writer.finish().map(drop)
}

const DIM: usize = 2000;

fn table() -> MicroarchTable {
    let mut table = MicroarchTable::new("model", DIM);
    let core = Microarch {
        name: "core".into(),
        vector: vec![1.0; DIM],
        ..Microarch::default()
    };
    table.add(core).unwrap();
    table
}

fn vector() -> ProgramVector {
    ProgramVector {
        model_id: "model".into(),
        retired: 1,
        measured: 1,
        sum: vec![1.0; DIM],
        ..ProgramVector::default()
    }
}

fn snapshot(path: &Path) {
    std::fs::write(path, OLD).unwrap();
    let model_path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/capi/tiny.onnx");
    let model_path = CString::new(model_path).unwrap();
    let to = CString::new(path.to_str().unwrap()).unwrap();
    let (mut model, mut session) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: strings end in NUL, and each handle is used until it is freed.
    let (status, text) = unsafe {
        assert_eq!(
            perfvec_model_load(model_path.as_ptr(), 0, &mut model),
            PERFVEC_OK
        );
        let config = std::ptr::null();
        assert_eq!(
            perfvec_session_create(model, config, &mut session),
            PERFVEC_OK
        );
        stream(session);
        let status = perfvec_session_snapshot_file(session, to.as_ptr());
        let text = CStr::from_ptr(perfvec_last_error()).to_str().unwrap();
        perfvec_session_free(session);
        perfvec_model_free(model);
        (status, text)
    };
    assert_eq!(status, PERFVEC_ERR_IO, "{text}");
    assert!(text.contains("a.snapshot"), "{text}");
    left_alone(path);
}

#[test]
fn writers_of_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.pvt");
    trace(&input).unwrap();
    let shard = dir.path().join("shard");
    vector().save(&shard).unwrap();
    for (name, args) in [
        ("features", [input.to_str().unwrap(), "--output"]),
        ("merge", [shard.to_str().unwrap(), "--output"]),
    ] {
        let out = dir.path().join(name);
        std::fs::write(&out, OLD).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_perfvec"));
        let done = without_room(command.arg(name).args(args).arg(&out));
        let text = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{name}: {text}");
        assert!(
            text.starts_with("perfvec: ") && text.contains(name),
            "{text}"
        );
        left_alone(&out);
    }
}

#[test]
fn printing_to_a_full_disk_is_an_error() {
    for args in [
        &["info", "--schema", "perfvec-51"][..],
        &["man"],
        &["completions", "bash"],
    ] {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_perfvec"));
        let done = command.args(args).stdout(full).output().unwrap();
        let text = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{args:?}: {text}");
        assert!(
            text.starts_with("perfvec: standard output: "),
            "{args:?}: {text}"
        );
    }
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    let name = CString::new(pipe.to_str().unwrap()).unwrap();
    // SAFETY: the name ends in NUL.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    for (write, what) in [
        (trace as fn(&Path) -> Result<()>, "trace"),
        (matrix, "matrix"),
        (|path| table().save(path), "table"),
        (|path| vector().save(path), "vector"),
    ] {
        let e = write(&pipe).expect_err(what);
        assert_eq!(e.kind(), ErrorKind::InvalidArgument, "{what}: {e}");
        assert!(e.message().contains("pipe"), "{what}: {e}");
        assert!(!pipe.metadata().unwrap().is_file(), "{what} replaced it");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// Loads of many lines, which a snapshot must remember.
unsafe fn stream(session: *mut perfvec_session) {
    let load = [0x03, 0xb5, 0x05, 0x00]; // ld a0, 0(a1)
    for i in 0..1000 {
        // SAFETY: the session is alive, and the encoding has the length that is told.
        let status = unsafe {
            perfvec_session_retire_encoding(
                session,
                PERFVEC_ISA_RISCV64,
                0x1000,
                load.as_ptr(),
                load.len(),
                4096 * i,
                0x1000,
            )
        };
        assert_eq!(status, PERFVEC_OK);
    }
}
