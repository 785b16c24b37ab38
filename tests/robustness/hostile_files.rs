//! Files that somebody made to harm, or that are none: duplicates, bombs, pipes and devices.

use perfvec::inst::{OpClass, Retirement, StaticInst};
use perfvec::microarch::{Microarch, MicroarchTable};
use perfvec::trace::{Block, Reader, Writer};
use perfvec::ErrorKind;
use perfvec_test_support::stream::*;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A static instruction of the integer ALU, `pc` bytes after the fall-through of the one before.
fn alu(pc: u8) -> [u8; 6] {
    // zigzag pc, op class, size, access size, counts, flags
    [pc << 1, OpClass::IntAlu as u8, 4, 0, 0, 0]
}

/// A block of these static instructions and no retirements, as anybody could write it.
fn block(statics: &[u8], count: u32) -> Vec<u8> {
    let mut raw = Vec::new();
    varint(&mut raw, statics.len() as u64);
    raw.extend([0, 0, 0, 0, 1]); // lengths of the other columns; that of the windows holds a 0
    raw.extend(statics);
    raw.push(0);
    let payload = zstd::bulk::compress(&raw, 19).unwrap();
    let mut head = b"PVTB".to_vec();
    for field in [0, count, raw.len() as u32, payload.len() as u32, 0, 0, 0] {
        head.extend_from_slice(&field.to_le_bytes());
    }
    let sum = xxh3_64(&[&head[..], &payload].concat());
    [&head[..], &sum.to_le_bytes(), &payload].concat()
}

fn with_blocks(blocks: &[Vec<u8>]) -> Vec<u8> {
    let (mut bytes, _) = record(&Stream::default());
    bytes.truncate(bytes.len() - 64);
    [&bytes[..], &blocks.concat()].concat()
}

/// Sessions give equal instructions one id, so everything behind a duplicate would be taken for
/// the instruction before it.
#[test]
fn a_static_instruction_that_is_there_twice_is_refused() {
    let once = with_blocks(&[block(&[alu(0), alu(0)].concat(), 2)]);
    let (read, end) = replay(&once);
    assert_eq!(read.statics.len(), 2);
    assert!(end.unwrap_err().message().contains("truncated"));

    // The third begins 8 bytes before the end of the second: it is the first again.
    let mut again = alu(0);
    again[0] = 15; // zigzag of -8
    let twice = with_blocks(&[block(&[alu(0), alu(0), again].concat(), 3)]);
    let e = replay(&twice).1.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Corrupt);
    assert!(
        e.message()
            .contains("instruction 2, at 0x0, is there twice"),
        "{e}"
    );
    // In another block, which comes into its own only after the first was delivered.
    let later = with_blocks(&[block(&alu(0), 1), block(&[alu(0), again].concat(), 2)]);
    let (read, end) = replay(&later);
    assert_eq!(read.statics.len(), 1);
    assert!(end.unwrap_err().message().contains("twice"));
}

/// Distinct static instructions that compress to next to nothing.
#[test]
fn what_a_small_trace_can_make_a_reader_keep_is_bounded() {
    let many = alu(0).repeat(65536);
    let bomb = with_blocks(&vec![block(&many, 65536); 256]);
    assert!(bomb.len() < 60_000, "{} bytes", bomb.len());
    let (read, end) = replay(&bomb);
    assert!(end.unwrap_err().message().contains("a file of this size"));
    assert!(
        read.statics.len() <= 65536 + 16 * bomb.len(),
        "{}",
        read.statics.len()
    );
}

/// An ELF file of 8192 functions, all of whose names lie in one of 200 000 bytes.
fn many_long_names() -> Vec<u8> {
    const COUNT: u64 = 8192;
    let put = |bytes: &mut Vec<u8>, fields: &[(u64, usize)]| {
        for (value, size) in fields {
            bytes.extend_from_slice(&value.to_le_bytes()[..*size]);
        }
    };
    let names = [&b"\0"[..], &b"f".repeat(200_000), b"\0"].concat();
    let mut symbols = vec![0; 24];
    for n in 0..COUNT {
        let (name, address) = (1 + n % 1000, 0x10000 + 4 * n);
        put(
            &mut symbols,
            &[(name, 4), (0x12, 1), (0, 1), (1, 2), (address, 8), (4, 8)],
        );
    }
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    let sections = 64 + symbols.len() as u64 + names.len() as u64;
    put(
        &mut bytes,
        &[
            (2, 2),
            (243, 2),
            (1, 4),
            (0x10000, 8),
            (0, 8),
            (sections, 8),
            (0, 4),
        ],
    );
    put(
        &mut bytes,
        &[(64, 2), (56, 2), (0, 2), (64, 2), (4, 2), (3, 2)],
    );
    let (text, table) = (64, symbols.len() as u64);
    bytes.extend(symbols);
    bytes.extend(&names);
    let end = text + table;
    for [kind, flags, address, offset, size, link, info, entry] in [
        [0; 8],
        [1, 6, 0x10000, text, 4 * COUNT, 0, 0, 0],
        [2, 0, 0, text, table, 3, 1, 24],
        [3, 0, 0, end, names.len() as u64, 0, 0, 0],
    ] {
        let fields = [
            (0, 4),
            (kind, 4),
            (flags, 8),
            (address, 8),
            (offset, 8),
            (size, 8),
        ];
        put(&mut bytes, &fields);
        put(&mut bytes, &[(link, 4), (info, 4), (1, 8), (entry, 8)]);
    }
    bytes
}

/// Names that share their ends: 800 MB of them in 400 KB.
#[test]
fn what_the_names_of_a_program_take_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("program");
    std::fs::write(&program, many_long_names()).unwrap();
    let trace = format!("{ROOT}/tests/data/trace_v1.pvt");
    let json = dir.path().join("j");
    let mut command = perfvec();
    let done = soon(command.args(["profile", "--on", "one", "--json"]).args([
        &json,
        Path::new(&trace),
        &program,
    ]));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    assert!(std::fs::metadata(&json).unwrap().len() < 16 << 20);
}

/// What programs may do, a recorder must be able to write, and a reader to read.
#[test]
fn code_that_repeats_itself_is_recorded_all_the_same() {
    let memory = Memory::default();
    let mut writer = Writer::to_sink(Box::new(memory.clone()), header()).unwrap();
    const CODE: u64 = 300_000;
    for n in 0..CODE {
        let nop = StaticInst::new(0x10000 + 4 * n, OpClass::IntAlu, 4);
        let inst = writer.intern(&nop).unwrap();
        let r = Retirement {
            inst,
            ..Retirement::default()
        };
        writer.retire(&r).unwrap();
    }
    let summary = writer.finish().unwrap();
    let bytes = memory.0.lock().unwrap().clone();
    let (read, end) = replay(&bytes);
    assert_eq!(end.unwrap(), summary);
    assert_eq!(read.statics.len() as u64, CODE);
    // No more than it takes: 16 static instructions for a byte past the first 65536.
    assert!(summary.bytes < (CODE - 65536) / 16 + 5000, "{summary:?}");
}

fn perfvec() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perfvec"));
    command.env("PERFVEC_MODEL", format!("{ROOT}/tests/data/capi/tiny.onnx"));
    command
}

/// What `command` says within a minute and 512 MiB: more is a hang or without bounds.
fn soon(command: &mut Command) -> Output {
    let limit = libc::rlimit {
        rlim_cur: 512 << 20,
        rlim_max: 512 << 20,
    };
    let set = move || {
        // SAFETY: setrlimit() is allowed between fork and exec, and takes plain values.
        match unsafe { libc::setrlimit(libc::RLIMIT_DATA, &limit) } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: `set` allocates nothing and takes no lock.
    unsafe { std::os::unix::process::CommandExt::pre_exec(command, set) };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..600 {
        if child.try_wait().unwrap().is_some() {
            return child.wait_with_output().unwrap();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    panic!("{command:?} does not end");
}

fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

#[test]
fn pipes_and_devices_are_read_or_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe.txt");
    pipe(&path);
    pipe(&dir.path().join("pipe.sq.txt"));
    let (fifo, out) = (path.to_str().unwrap(), dir.path().join("out"));
    let trace = format!("{ROOT}/tests/data/trace_v1.pvt");
    let out = out.to_str().unwrap();
    let all: [&[&str]; 14] = [
        &["info"],
        &["replay"],
        &["predict"],
        &["merge", "-o", out],
        &["diff", &trace],
        &["features", "--format", "perfvec-txt", "-o", out],
        &["features", "-o", out],
        &["replay", &trace, "--model"],
        &["replay", &trace, "--microarchs"],
        &["replay", &trace, "--sample-like"],
        &["profile", "--on", "one", &trace],
        &["features", &trace, "-o", out, "--windows"],
        &["calibrate", "--name", "x", "-o", out],
        &["run", "--"],
    ];
    for file in [fifo, "/dev/zero", ROOT] {
        for args in all {
            let done = soon(perfvec().args(args).arg(file));
            let said = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.signal(), None, "{args:?} {file}: {said}");
            assert!(
                matches!(done.status.code(), Some(2 | 126)),
                "{args:?} {file}: {said}"
            );
            assert!(!said.contains("panicked"), "{args:?} {file}: {said}");
            assert!(said.contains(file), "{args:?} {file}: {said}");
        }
    }
}

/// A trace that another program writes into a pipe is as good as a file.
#[test]
fn a_trace_comes_through_a_pipe_too() {
    let trace = std::fs::read(format!("{ROOT}/tests/data/trace_v1.pvt")).unwrap();
    let vectors = tempfile::tempdir().unwrap();
    let vector = |name: &str| vectors.path().join(name);
    let mut child = perfvec()
        .args(["replay", "/dev/stdin", "--vector"])
        .arg(vector("pipe"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&trace).unwrap();
    assert!(child.wait().unwrap().success());
    let file = format!("{ROOT}/tests/data/trace_v1.pvt");
    let done = soon(
        perfvec()
            .args(["replay", &file, "--vector"])
            .arg(vector("file")),
    );
    assert!(done.status.success());
    let read = |name: &str| std::fs::read(vector(name)).unwrap();
    assert_eq!(read("pipe"), read("file"));
}

#[test]
fn info_and_merge_name_the_real_defect() {
    let dir = tempfile::tempdir().unwrap();
    let table = std::fs::read(format!("{ROOT}/tests/data/capi/tiny.safetensors")).unwrap();
    let path = dir.path().join("t.safetensors");
    let mut damaged = table.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    let newer = replaced(&table, b"microarchs-1", b"microarchs-7");
    let other = replaced(&table, b"microarchs-1", b"macroarchs-1");
    for (bytes, says) in [
        (damaged, "the file was damaged or edited"),
        (
            newer,
            "is \"microarchs-7\"; this reader needs \"microarchs-1\"",
        ),
        (
            other,
            "which is neither a microarch table (microarchs-1) nor a program vector",
        ),
        (table[..last].to_vec(), "not a whole safetensors file"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let out = dir.path().join("out");
        for args in [&["info"][..], &["merge", "-o", out.to_str().unwrap()]] {
            let done = soon(perfvec().args(args).arg(&path));
            let said = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.code(), Some(2), "{said}");
            assert!(
                said.contains(says) && said.contains("t.safetensors"),
                "{args:?}: {said}"
            );
        }
        assert!(!out.exists());
    }
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// JSON that is valid by itself can be too deep inside of a table.
#[test]
fn what_could_not_be_loaded_is_never_saved() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.safetensors");
    let nested = |levels: usize| {
        format!(
            "{{\"a\":{}{}}}",
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    };
    let core = |parameters: String| Microarch {
        name: "core".into(),
        parameters,
        vector: vec![1.0],
        ..Microarch::default()
    };
    for levels in 2..=127 {
        let mut table = MicroarchTable::new("m", 1);
        match table.add(core(nested(levels))) {
            Ok(()) => {
                table.save(&path).unwrap();
                assert_eq!(MicroarchTable::load(&path).unwrap(), table, "{levels}");
                assert!(levels <= 125, "{levels}");
            }
            Err(e) => {
                assert!(levels > 125, "{levels}: {e}");
                assert!(e.message().contains("nested too deeply"), "{e}");
            }
        }
    }
    // Every core is within its limit, but the header of the format is not within its own.
    let mut table = MicroarchTable::new("m", 1);
    let text = "x".repeat((1 << 20) - 20);
    for n in 0..100 {
        let mut core = core(format!("{{\"a\":\"{text}\"}}"));
        core.name = n.to_string();
        table.add(core).unwrap();
    }
    let e = table.save(&path).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::InvalidArgument);
    assert!(e.message().contains("cannot be saved"), "{e}");
    assert_eq!(
        MicroarchTable::load(&path).unwrap().entries().len(),
        1,
        "the old file stays"
    );
}

/// A rename is durable only when the folder is: the order of calls, as the kernel saw them.
#[test]
fn the_folder_is_synchronized_after_the_rename() {
    let dir = tempfile::tempdir().unwrap();
    let shim = dir.path().join("shim.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&shim)
        .arg(format!("{ROOT}/tests/robustness/fsync_log.c"))
        .status()
        .unwrap();
    assert!(built.success());
    let (log, out) = (dir.path().join("log"), dir.path().join("out.safetensors"));
    let table = format!("{ROOT}/tests/data/capi/tiny.safetensors");
    let done = perfvec()
        .args(["merge", "-o", out.to_str().unwrap(), &table])
        .env("LD_PRELOAD", &shim)
        .env("FSYNC_LOG", &log)
        .status()
        .unwrap();
    assert!(done.success());
    let calls = std::fs::read_to_string(log).unwrap();
    let calls: Vec<&str> = calls.lines().collect();
    assert_eq!(calls, ["fsync file", "rename", "fsync folder"]);
}

#[test]
fn a_reader_delivers_nothing_of_a_refused_block() {
    let twice = with_blocks(&[block(&[alu(0), [7, 1, 4, 0, 0, 0]].concat(), 2)]);
    let mut reader = Reader::from_source(&twice[..], "t").unwrap();
    let mut block = Block::default();
    assert!(reader.next_block(&mut block).is_err());
    assert_eq!(block, Block::default());
}
