//! The hosts of examples/ that read what other people's simulators wrote: built with every warning
//! an error, run on real output of Spike and of ChampSim's tracer (examples/spike/sum.log,
//! examples/champsim/sum.champsim), and held to naive readers of the same files.

use perfvec::inst::{InstFlags, Retirement, StaticInst};
use perfvec::isa::Isa;
use perfvec::trace::{Block, Reader};
use std::path::{Path, PathBuf};
use std::process::Command;

const SPIKE: &str = "examples/spike/spike_log.cpp";
const CHAMPSIM: &str = "examples/champsim/champsim_trace.cpp";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A host, built in a directory of its own.
struct Host {
    dir: tempfile::TempDir,
}

impl Host {
    fn build(source: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let here = std::env::current_exe().unwrap();
        for name in ["libperfvec.so", "libperfvec.so.0"] {
            let library = here.with_file_name("libperfvec.so");
            std::os::unix::fs::symlink(library, dir.path().join(name)).unwrap();
        }
        let built = Command::new("c++")
            .args(["-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic"])
            .arg(format!("-I{}", root().join("include").display()))
            .arg(root().join(source))
            .arg("-o")
            .arg(dir.path().join("host"))
            .arg(format!("-L{}", dir.path().display()))
            .arg("-lperfvec")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{errors}");
        Self { dir }
    }

    /// Exit code, standard output and standard error.
    fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let out = Command::new(self.dir.path().join("host"))
            .args(args)
            .current_dir(self.dir.path())
            .env("LD_LIBRARY_PATH", self.dir.path())
            .env("PERFVEC_MODEL", root().join("tests/data/capi/tiny.onnx"))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (out.status.code(), text(out.stdout), text(out.stderr))
    }

    /// What it records of `file`: the static instruction of each retirement, and the retirement.
    fn record(&self, file: &Path) -> Vec<(StaticInst, Retirement)> {
        let (code, _, errors) = self.run(&["--record", "out.pvt", file.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{errors}");
        let mut reader = Reader::open(self.dir.path().join("out.pvt")).unwrap();
        let (mut block, mut statics, mut all) = (Block::default(), vec![], vec![]);
        while reader.next_block(&mut block).unwrap() {
            statics.extend(block.statics.iter().copied());
            let known = block.retirements.iter();
            all.extend(known.map(|r| (statics[r.inst as usize], *r)));
        }
        all
    }

    /// Prices `file`: the retirements and the CPI on the two cores of the test model.
    fn price(&self, args: &[&str]) -> (usize, [f64; 2]) {
        let (code, text, errors) = self.run(args);
        assert_eq!(code, Some(0), "{errors}");
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|l| l.split_whitespace().collect())
            .collect();
        assert_eq!(lines[0][1], "retirements");
        assert_eq!((lines[1][0], lines[2][0]), ("one", "three"), "{text}");
        let cpi = |line: &[&str]| line[3].parse().unwrap();
        (
            lines[0][0].parse().unwrap(),
            [cpi(&lines[1]), cpi(&lines[2])],
        )
    }

    /// Writes `bytes` to a file of that name in the directory.
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// It refuses the content, and says why.
    fn refuses(&self, bytes: impl AsRef<[u8]>, why: &str) {
        let path = self.file("bad", bytes);
        let (code, out, errors) = self.run(&[path.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{why}: {out}");
        assert!(errors.contains(why), "{why:?} is not in {errors:?}");
        assert!(errors.contains("bad"), "{errors:?} names no file");
    }
}

/// One commit of a log, by its words: pc, encoding, address of the first access, privilege.
struct Commit {
    pc: u64,
    encoding: Vec<u8>,
    address: u64,
    user: bool,
}

fn hex(word: &str) -> u64 {
    u64::from_str_radix(
        word.trim_matches(['(', ')']).strip_prefix("0x").unwrap(),
        16,
    )
    .unwrap()
}

/// `core   0: 3 0x0000000080000010 (0x00053303) x6  0x... mem 0x0000000080001000`
fn commits(log: &str) -> Vec<Commit> {
    let lines = log.lines().map(|l| l.split_whitespace().collect());
    lines
        .filter(|words: &Vec<&str>| words.len() > 4 && words[2].len() == 1)
        .map(|words| {
            let size = (words[4].len() - 4) / 2;
            let mem = words.iter().position(|w| *w == "mem");
            Commit {
                pc: hex(words[3]),
                encoding: hex(words[4]).to_le_bytes()[..size].to_vec(),
                address: mem.map_or(0, |at| hex(words[at + 1])),
                user: words[2] == "0",
            }
        })
        .collect()
}

#[test]
fn spike() {
    let host = Host::build(SPIKE);
    let path = root().join("examples/spike/sum.log");
    let log = std::fs::read_to_string(&path).unwrap();
    let expected = commits(&log);
    assert!(expected.len() > 60, "{} commits", expected.len());

    let recorded = host.record(&path);
    assert_eq!(recorded.len(), expected.len());
    for (i, ((inst, r), want)) in recorded.iter().zip(&expected).enumerate() {
        let decoded = Isa::Riscv64.decode(want.pc, &want.encoding).unwrap();
        assert_eq!(*inst, decoded, "commit {i}");
        assert_eq!(r.address, want.address, "commit {i}");
        let accesses = InstFlags::LOAD | InstFlags::STORE;
        assert_eq!(
            inst.flags.intersects(accesses),
            r.address != 0,
            "commit {i}"
        );
        // Where the program traps, control does not go to the commit that follows.
        let next = expected.get(i + 1).map_or(0, |c| c.pc);
        let traps = want.user && expected.get(i + 1).is_some_and(|c| !c.user);
        assert_eq!(r.next_pc != next, traps, "commit {i}");
    }

    let all = path.to_str().unwrap();
    let (retired, cpi) = host.price(&[all]);
    assert_eq!(retired, expected.len());
    assert!(
        cpi[0] > 0.0 && (cpi[1] / cpi[0] - 3.0).abs() < 0.01,
        "{cpi:?}"
    );
    let user = expected.iter().filter(|c| c.user).count();
    assert!(user > 0 && user < expected.len());
    assert_eq!(host.price(&["--user", all]).0, user);
    let (code, _, errors) = host.run(&["--hart", "1", all]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("no commit of hart 1"), "{errors}");
}

#[test]
fn spike_logs_that_cannot_be_read() {
    let host = Host::build(SPIKE);
    let good = "core   0: 3 0x0000000080000000 (0x00000297) x5  0x0000000080000000\n";
    host.refuses("", "no commit of hart 0; run spike with -l --log-commits");
    host.refuses("bbl loader\n", "no commit of hart 0");
    host.refuses(&good[..30], "bad:1: the log ends within this line");
    host.refuses(format!("{good}core x"), "bad:2: the log ends within");
    host.refuses(format!("{good}core x\n"), "bad:2: \": \" is missing");
    host.refuses(
        "core   0: 3 0x80000000 (0x00000297)\n",
        "bad:1: a 32-bit hart",
    );
    host.refuses(
        "core   0: 3 0x0000000080000000 (0x297)\n",
        "no encoding in parentheses",
    );
    host.refuses(
        "core   0: 3 0x0000000080000000 (0x0297)\n",
        "bad:1: PERFVEC_ERR_INVALID",
    );
    host.refuses(
        format!("{} mem 12\n", good.trim_end()),
        "no address follows \"mem\"",
    );
    host.refuses("core   0: exception trap, tval\n", "a trap has no epc");
    host.refuses(vec![b'c'; 1 << 17], "bad:1: longer than 65535 bytes");
    let (code, _, errors) = host.run(&["nowhere.log"]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("nowhere.log: No such file"), "{errors}");
}

/// One record, field by field.
struct Record<'a>(&'a [u8]);

impl Record<'_> {
    fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at..at + 8].try_into().unwrap())
    }
    fn ip(&self) -> u64 {
        self.word(0)
    }
    fn stored(&self) -> u64 {
        self.word(16)
    }
    fn loaded(&self) -> u64 {
        self.word(32)
    }
    fn conditional(&self) -> bool {
        self.0[12..16].contains(&25) && self.0[10..12].contains(&26)
    }
}

#[test]
fn champsim() {
    use InstFlags as F;
    let host = Host::build(CHAMPSIM);
    let path = root().join("examples/champsim/sum.champsim");
    let bytes = std::fs::read(&path).unwrap();
    let records: Vec<Record> = bytes.chunks_exact(64).map(Record).collect();
    assert!(records.len() > 100);

    let recorded = host.record(&path);
    assert_eq!(recorded.len(), records.len());
    let mut sizes = std::collections::BTreeMap::new();
    for (i, ((inst, r), record)) in recorded.iter().zip(&records).enumerate() {
        assert_eq!(inst.pc, record.ip(), "record {i}");
        assert_eq!(inst.flags.contains(F::LOAD), record.loaded() != 0);
        assert_eq!(inst.flags.contains(F::STORE), record.stored() != 0);
        let address = [record.loaded(), record.stored()];
        let first = address.iter().find(|a| **a != 0).unwrap_or(&0);
        assert_eq!(r.address, *first, "record {i}");
        assert_eq!(r.next_pc, records.get(i + 1).map_or(0, Record::ip));
        let conditional = inst.flags.contains(F::COND_CTRL);
        assert_eq!(conditional, record.conditional(), "record {i}");
        let taken = if record.0[9] == 1 { 1 } else { 2 };
        assert_eq!(r.flags, if conditional { taken } else { 0 }, "record {i}");
        sizes.insert(inst.pc, inst.size);
    }
    // As `objdump -d` of the program shows them.
    let of = |kind| {
        recorded
            .iter()
            .filter(|(i, _)| i.flags.contains(kind))
            .count()
    };
    assert_eq!(of(F::CALL | F::DIRECT_CTRL), 8);
    assert_eq!(of(F::CALL | F::INDIRECT_CTRL), 2);
    assert_eq!(of(F::RETURN), 10);
    assert_eq!(of(F::UNCOND_CTRL), 8 + 2 + 10 + 2);
    for (pc, size) in [(0x401000, 7), (0x401009, 5), (0x40101d, 2), (0x40107e, 1)] {
        assert_eq!(sizes[&pc], size, "{pc:#x}");
    }

    let (retired, cpi) = host.price(&[path.to_str().unwrap()]);
    assert_eq!(retired, records.len());
    assert!(
        cpi[0] > 0.0 && (cpi[1] / cpi[0] - 3.0).abs() < 0.01,
        "{cpi:?}"
    );
}

#[test]
fn champsim_traces_that_cannot_be_read() {
    let host = Host::build(CHAMPSIM);
    let good = std::fs::read(root().join("examples/champsim/sum.champsim")).unwrap();
    host.refuses("", "no records");
    host.refuses(&good[..100], "record 2: ends after 36 of 64 bytes");
    host.refuses(b"\xfd7zXZ\0rest", "compressed; pipe it through xz -dc");
    host.refuses(b"\x1f\x8b\x08\0\0\0\0\0", "compressed; pipe it through");
    let mut bad = good.clone();
    bad[64 + 8] = 2;
    host.refuses(&bad, "record 2: its address is 0, or byte 8 or 9");
    host.refuses(vec![0; 64], "record 1: its address is 0");
}
