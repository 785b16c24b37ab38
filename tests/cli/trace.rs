//! `perfvec info`, `perfvec diff` and `perfvec dump`.

use perfvec::inst::InstFlags;
use perfvec_test_support::stream::*;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

fn saved(dir: &Path, name: &str, stream: &Stream) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, record(stream).0).unwrap();
    path
}

fn info(trace: &Path, options: &[&str]) -> Result<String, String> {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .arg("info")
        .arg(trace)
        .args(options)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if done.status.success() {
        Ok(text(done.stdout))
    } else {
        Err(text(done.stderr))
    }
}

/// Whether the streams are the same, and what the command says of them; or its error.
fn diff(a: &Path, b: &Path, options: &[&str]) -> Result<(bool, String), String> {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .arg("diff")
        .args([a, b])
        .args(options)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    match done.status.code() {
        Some(code @ (0 | 1)) => Ok((code == 0, text(done.stdout))),
        _ => Err(text(done.stderr)),
    }
}

#[test]
fn info_shows_header_counts_hash_and_windows() {
    let dir = tempfile::tempdir().unwrap();
    let mut stream = walk(1, 3, 1000);
    for i in 10..20 {
        stream.retirements[i].1 = Some(3);
    }
    let path = saved(dir.path(), "a.pvt", &stream);
    let hash = format!("{:016x}", record(&stream).1.stream_hash);
    for options in [&["--json"][..], &["--json", "--verify"]] {
        let text = info(&path, &options[1..]).unwrap();
        for part in [
            "riscv64",
            "walk -n 3",
            "1 000 (whole instructions)",
            &hash,
            "500 ps",
            "välue",
            "1 windows, 10 retirements, 30 cycles, CPI 3.000",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let json: serde_json::Value = serde_json::from_str(&info(&path, options).unwrap()).unwrap();
        assert_eq!(json["format"], "trace");
        assert_eq!(json["retirements"], 1000);
        assert_eq!(json["stream_hash"], hash.as_str());
        assert_eq!(json["header"]["host"], "test");
        assert_eq!(json["verified"], options.len() == 2);
    }
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(info(&path, &[]).is_ok());
    let text = info(&path, &["--verify"]).unwrap_err();
    assert!(text.contains("a block fails its checksum"), "{text}");
}

#[test]
fn diff_tells_same_streams_from_different_ones() {
    let dir = tempfile::tempdir().unwrap();
    let stream = walk(1, 3, 1000);
    let mut other = stream.clone();
    let at = (500..).find(|&i| {
        let (r, _) = stream.retirements[i];
        stream.statics[r.inst as usize].flags.is_mem()
    });
    let at = at.unwrap();
    other.retirements[at].0.address = 0xabc0;
    let shorter = Stream {
        retirements: stream.retirements[..900].to_vec(),
        ..stream.clone()
    };
    let [a, same, b, c] = [
        ("a", &stream),
        ("same", &stream),
        ("b", &other),
        ("c", &shorter),
    ]
    .map(|(name, stream)| saved(dir.path(), name, stream));

    let (equal, text) = diff(&a, &same, &["--context", "3"]).unwrap();
    assert!(
        equal && text.starts_with("same stream: 1000 retirements, hash "),
        "{text}"
    );
    let (equal, text) = diff(&a, &b, &["--context", "3"]).unwrap();
    assert!(
        !equal && text.starts_with(&format!("first difference at retirement {at}: address\n")),
        "{text}"
    );
    assert!(
        text.contains("address=0xabc0+8") && text.lines().count() == 6,
        "{text}"
    );
    let (equal, text) = diff(&a, &c, &["--context", "3"]).unwrap();
    assert!(
        !equal && text.starts_with("first difference at retirement 900: length\n"),
        "{text}"
    );
    assert!(text.contains("b          900 end of the trace"), "{text}");

    let sink = Memory::default();
    let mut micro = header();
    micro.micro_ops = true;
    perfvec::trace::Writer::to_sink(Box::new(sink.clone()), micro)
        .unwrap()
        .finish()
        .unwrap();
    let path = dir.path().join("micro");
    std::fs::write(&path, &*sink.0.lock().unwrap()).unwrap();
    let e = diff(&a, &path, &[]).unwrap_err();
    assert!(e.contains("compare traces of one kind"), "{e}");
}

#[test]
fn diff_from_a_pc_on_and_up_to_where_pages_lie() {
    let dir = tempfile::tempdir().unwrap();
    let stream = walk(1, 3, 1000);
    // The same program on a host that does more before its first instruction at `pc`, and that
    // places memory elsewhere.
    let pc_of = |i: usize| stream.statics[stream.retirements[i].0.inst as usize].pc;
    let from = (20..)
        .find(|&i| (0..i).all(|j| pc_of(j) != pc_of(i)))
        .unwrap();
    let pc = pc_of(from);
    let mem = |i: &usize| {
        let inst = stream.retirements[*i].0.inst as usize;
        stream.statics[inst].flags.is_mem()
    };
    let places: Vec<usize> = (from..1000).filter(mem).collect();
    let moved = Stream {
        retirements: stream.retirements[10..]
            .iter()
            .map(|&(mut r, cycles)| {
                if r.address != 0 {
                    r.address ^= 0x7f00_0000;
                }
                (r, cycles)
            })
            .collect(),
        ..stream.clone()
    };
    let compare = |b: &Stream, from: Option<u64>, moved_pages: bool| {
        let (a, b) = (saved(dir.path(), "a", &stream), saved(dir.path(), "b", b));
        let from = from.map(|pc| format!("--from={pc:#x}"));
        let mut options = vec!["--context", "0"];
        options.extend(from.as_deref());
        options.extend(moved_pages.then_some("--moved-pages"));
        diff(&a, &b, &options)
    };
    let (same, text) = compare(&moved, Some(pc), true).unwrap();
    assert!(same, "{text}");
    assert!(
        text.contains(&format!("from {pc:#x} on")) && text.contains("1000 and 990"),
        "{text}"
    );
    assert!(
        !compare(&moved, Some(pc), false).unwrap().0,
        "addresses do differ"
    );
    assert!(
        !compare(&moved, None, true).unwrap().0,
        "the starts do differ"
    );

    // An offset within a page, and a page that stands for two, are differences.
    let last = *places.last().unwrap();
    for change in [8, 0x10_0000] {
        let mut other = moved.clone();
        other.retirements[last - 10].0.address ^= change;
        let (same, text) = compare(&other, Some(pc), true).unwrap();
        let expected = format!("first difference at retirement {last}: address\n");
        assert!(!same && text.starts_with(&expected), "{text}");
        assert!(text.contains(&format!("b {:>12} ", last - 10)), "{text}");
    }
    let e = compare(&moved, Some(1), true).unwrap_err();
    assert!(e.contains("0x1"), "{e}");
}

#[test]
fn diff_can_leave_addresses_out() {
    let dir = tempfile::tempdir().unwrap();
    let stream = walk(1, 3, 1000);
    let mut elsewhere = stream.clone();
    for (n, (r, _)) in elsewhere.retirements.iter_mut().enumerate() {
        if r.address != 0 {
            r.address = 0x4000 + 24 * n as u64;
        }
    }
    let a = saved(dir.path(), "a", &stream);
    let compare = |b: &Stream, options: &[&str]| {
        let b = saved(dir.path(), "b", b);
        diff(&a, &b, options).unwrap()
    };
    assert!(!compare(&elsewhere, &[]).0);
    let (same, text) = compare(&elsewhere, &["--ignore-addresses"]);
    assert!(same && text.contains("whatever its addresses"), "{text}");
    // All else still counts.
    elsewhere.retirements.truncate(999);
    let (same, text) = compare(&elsewhere, &["--ignore-addresses"]);
    assert!(!same && text.contains("length"), "{text}");
}

fn dump(trace: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_perfvec"));
    command.arg("dump").arg(trace);
    command
}

#[test]
fn dump_prints_a_line_for_each_retirement() {
    let dir = tempfile::tempdir().unwrap();
    let mut stream = walk(1, 3, 1000);
    for i in (10..20).chain(30..31) {
        stream.retirements[i].1 = Some(i as u32);
    }
    let path = saved(dir.path(), "a.pvt", &stream);
    let done = dump(&path).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let all = String::from_utf8(done.stdout).unwrap();
    assert_eq!(all.lines().count(), 1000);
    let inst = |n: usize| &stream.statics[stream.retirements[n].0.inst as usize];
    let mut branches = [0, 0];
    for (n, (line, (r, cycles))) in all.lines().zip(&stream.retirements).enumerate() {
        let (index, text) = line.split_at(13);
        assert_eq!(index.trim(), n.to_string());
        let (pc, op) = (inst(n).pc, inst(n).op.name());
        let start = format!("{pc:#018x} {op}:{}", inst(n).size);
        assert!(text.starts_with(&start), "{line}");
        let words: Vec<&str> = text.split(' ').collect();
        let word = |key: &str| words.iter().find_map(|w| w.strip_prefix(key));
        let address = format!("{:#x}+{}", r.address, inst(n).access_size);
        let mem = inst(n).flags.is_mem();
        assert_eq!(word("address="), mem.then_some(&address[..]), "{line}");
        let next = format!("{:#x}", r.next_pc);
        assert_eq!(word("next="), (r.next_pc > 0).then_some(&next[..]));
        let cycles = cycles.map(|c| c.to_string());
        assert_eq!(word("cycles="), cycles.as_deref(), "{line}");
        let branch = inst(n).flags.contains(InstFlags::COND_CTRL) && n < 999;
        let taken = branch && inst(n + 1).pc != inst(n).fall_through();
        assert_eq!(words.contains(&"taken"), taken, "{line}");
        assert_eq!(words.contains(&"not-taken"), branch && !taken, "{line}");
        branches[usize::from(taken)] += usize::from(branch);
    }
    assert!(branches.iter().all(|n| *n > 10), "{branches:?}");
}

#[test]
fn dump_stops_where_nobody_reads_on_and_at_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = saved(dir.path(), "a.pvt", &walk(1, 3, 200_000));
    let mut child = dump(&path).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 13];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"           0 ");
    assert!(child.wait().unwrap().success());

    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
    let done = dump(&path).output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(
        told.contains("196608 intact retirements: truncated"),
        "{told}"
    );
    // Whole blocks of what is intact.
    let lines = done.stdout.split(|b| *b == b'\n').count() - 1;
    assert_eq!(lines, 3 * 65536);
}
