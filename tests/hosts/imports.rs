//! Traces of other tools, through the library and through the command.
//!
//! Real output, in tests/data/import: of Spike (`spike.log`), of ChampSim's tracer
//! (`sum.champsim`), of Ibex under Verilator (`ibex.log.xz`) and of NEORV32 under GHDL
//! (`neorv32.log.gz`). Traces of the other formats are written from those by their specifications
//! (`imported.rs`). Each is held to a naive reader of the same file.

use super::imported::*;
use perfvec::inst::{InstFlags, Retirement};
use perfvec::isa::Isa;
use perfvec::trace::import::{Format, Options};
use perfvec::ErrorKind;
use std::path::Path;
use std::process::Command;

#[test]
fn a_spike_log_gives_its_commits() {
    let log = text("spike.log");
    let (expected, read) = (commits(&log), steps(log.as_bytes()));
    assert!(expected.len() > 60 && expected.len() == read.len());
    for (i, (want, step)) in expected.iter().zip(&read).enumerate() {
        let decoded = Isa::Riscv64.decode(want.pc, &want.bits.to_le_bytes());
        assert_eq!(step.inst, decoded.unwrap(), "commit {i}");
        assert_eq!(step.address, want.address, "commit {i}");
        assert_eq!(step.inst.flags.is_mem(), step.address != 0, "commit {i}");
        assert_eq!((step.flags, step.cycles), (0, None));
        // Where the program traps, control does not go to the commit that follows.
        let next = expected.get(i + 1).map_or(0, |c| c.pc);
        assert_eq!(step.next_pc != next, want.trapped, "commit {i}");
    }
    assert_eq!(expected.iter().filter(|c| c.trapped).count(), 1);

    let options = Options {
        user: true,
        ..Options::default()
    };
    let user: Vec<_> = expected.iter().filter(|c| c.user).collect();
    assert!(!user.is_empty() && user.len() < expected.len());
    let only = self::read(log.as_bytes(), &options).steps();
    assert!(only.iter().map(|s| s.inst.pc).eq(user.iter().map(|c| c.pc)));
}

#[test]
fn a_stream_is_of_one_hart() {
    let line = |hart: u8, pc: u32| format!("core   {hart}: 3 0x{pc:08x} (0x0001)\n");
    let log = line(0, 0x1000) + &line(1, 0x2000) + &line(0, 0x1002);
    let all = read(log.as_bytes(), &Options::default());
    assert_eq!(all.header.unwrap().isa, "riscv32");
    let said = all.error.unwrap();
    assert!(said.message().starts_with("the.trace:2: "), "{said}");
    assert!(said.message().contains("--hart"), "{said}");
    for (hart, pcs) in [(0, &[0x1000, 0x1002][..]), (1, &[0x2000])] {
        let options = Options {
            hart: Some(hart),
            ..Options::default()
        };
        let steps = read(log.as_bytes(), &options).steps();
        assert!(steps.iter().map(|s| s.inst.pc).eq(pcs.iter().copied()));
    }
    let options = Options {
        hart: Some(2),
        ..Options::default()
    };
    let said = read(log.as_bytes(), &options).error.unwrap();
    assert!(
        said.message().contains("no instruction of hart 2"),
        "{said}"
    );
}

#[test]
fn a_champsim_trace_gives_its_records() {
    use InstFlags as F;
    let bytes = data("sum.champsim");
    let word = |r: &[u8], at: usize| u64::from_le_bytes(r[at..at + 8].try_into().unwrap());
    let records: Vec<&[u8]> = bytes.chunks_exact(64).collect();
    let read = steps(&bytes);
    assert!(records.len() > 100 && records.len() == read.len());
    for (i, (r, step)) in records.iter().zip(&read).enumerate() {
        let (stored, loaded) = (word(r, 16), word(r, 32));
        assert_eq!(step.inst.pc, word(r, 0), "record {i}");
        assert_eq!(step.inst.flags.contains(F::LOAD), loaded != 0);
        assert_eq!(step.inst.flags.contains(F::STORE), stored != 0);
        assert_eq!(step.address, if loaded != 0 { loaded } else { stored });
        assert_eq!(step.next_pc, records.get(i + 1).map_or(0, |r| word(r, 0)));
        let conditional = r[12..16].contains(&25) && r[10..12].contains(&26);
        assert_eq!(step.inst.flags.contains(F::COND_CTRL), conditional);
        let outcome = match r[9] {
            1 => Retirement::TAKEN,
            _ => Retirement::NOT_TAKEN,
        };
        assert_eq!(step.flags, if conditional { outcome } else { 0 });
    }
    // As `objdump -d` of the program shows them.
    let of = |kind| read.iter().filter(|s| s.inst.flags.contains(kind)).count();
    assert_eq!(of(F::CALL | F::DIRECT_CTRL), 8);
    assert_eq!(of(F::CALL | F::INDIRECT_CTRL), 2);
    assert_eq!(of(F::RETURN), 10);
    assert_eq!(of(F::UNCOND_CTRL), 8 + 2 + 10 + 2);
    for (pc, size) in [(0x401000, 7), (0x401009, 5), (0x40101d, 2), (0x40107e, 1)] {
        let last = read.iter().rfind(|s| s.inst.pc == pc).unwrap();
        assert_eq!(last.inst.size, size, "{pc:#x}");
    }
}

/// The lines of Ibex's log: cycle, pc, encoding, address.
fn ibex_lines(log: &str) -> Vec<(u64, u64, u64, u64)> {
    let lines = log.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let address = line.split_once("PA:").map_or(0, |(_, a)| hex(&a[..10]));
        let cycle = columns[1].trim().parse().unwrap();
        (cycle, hex(columns[2]), hex(columns[3].trim()), address)
    });
    lines.collect()
}

#[test]
fn an_ibex_log_gives_instructions_and_cycles() {
    let log = text("ibex.log.xz");
    let (lines, read) = (ibex_lines(&log), steps(log.as_bytes()));
    assert!(lines.len() > 10_000 && lines.len() == read.len());
    let mut accesses = 0;
    for (i, ((cycle, pc, bits, address), step)) in lines.iter().zip(&read).enumerate() {
        let decoded = Isa::Riscv32.decode(*pc, &bits.to_le_bytes()).unwrap();
        assert!(!decoded.flags.contains(InstFlags::UNKNOWN), "line {i}");
        assert_eq!(step.inst, decoded, "line {i}");
        assert_eq!(step.address, *address, "line {i}");
        assert_eq!(step.inst.flags.is_mem(), *address != 0, "line {i}");
        accesses += usize::from(*address != 0);
        assert_eq!(step.next_pc, lines.get(i + 1).map_or(0, |l| l.1));
        let before = i.checked_sub(1).map(|i| lines[i].0);
        assert_eq!(step.cycles, before.map(|b| (cycle - b) as u32), "line {i}");
    }
    assert!(accesses > 1000);
}

/// The same run, as RVVI-TEXT has it: no addresses, but what every instruction wrote.
fn rvvi(log: &str) -> String {
    let mut out = String::from(
        "VERSION 0 3\nVENDOR \"made here\" 0 1\nPARAMS 2 ILEN 32 XLEN 32 'a comment'\nMODE 0x3\n",
    );
    let mut before = 0;
    for ((cycle, pc, bits, _), line) in ibex_lines(log).iter().zip(log.lines().skip(1)) {
        out += &format!("CYCLE {} RET 0x{pc:08x} 'at' ", cycle - before);
        before = *cycle;
        out += &match bits & 3 {
            3 => format!("0x{bits:08x}"),
            _ => format!("0x{bits:04x}"),
        };
        for word in line.split_whitespace().filter(|w| w.starts_with('x')) {
            if let Some((register, value)) = word.split_once('=') {
                let value = value.split('+').next().unwrap();
                // As a long line may be written.
                out += &format!(" \\\n  X {} 'name' {value}", &register[1..]);
            }
        }
        out += " META 2 whatever \"it is\"\n";
    }
    out
}

#[test]
fn rvvi_text_gives_what_the_core_gave() {
    let log = text("ibex.log.xz");
    let (of_rvvi, of_ibex) = (steps(rvvi(&log).as_bytes()), steps(log.as_bytes()));
    assert_eq!(of_rvvi.len(), of_ibex.len());
    for (i, (a, b)) in of_rvvi.iter().zip(&of_ibex).enumerate() {
        // The addresses that the core drove are those that registers and encodings give.
        assert_eq!(a, b, "instruction {i}");
    }
}

/// Spike's run, likewise: registers of 64 bits.
fn rvvi_of_spike(log: &str) -> String {
    let mut out = String::from("VERSION 0 3\nPARAMS 1 XLEN 64\n");
    for line in log.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.get(2) == Some(&"exception") {
            out += &format!("TRAP {} 0x00000073\n", words[5]);
        }
        if words.len() > 4 && words[2].len() == 1 {
            let bits = words[4].trim_matches(['(', ')']);
            out += &format!("MODE {} RET {} {bits}", words[2], words[3]);
            for pair in words[5..].windows(2) {
                if let Some(register) = pair[0].strip_prefix('x') {
                    out += &format!(" X {register} {}", pair[1]);
                }
            }
            out.push('\n');
        }
    }
    out
}

#[test]
fn rvvi_text_gives_what_spike_gave() {
    let log = text("spike.log");
    let (of_rvvi, of_spike) = (steps(rvvi_of_spike(&log).as_bytes()), steps(log.as_bytes()));
    assert_eq!(of_rvvi, of_spike);
}

#[test]
fn rvvi_text_takes_what_its_specification_shows() {
    let text = "VERSION 0 1\nPARAMS 6 ILEN 32 XLEN 64 FLEN 64 VLEN 0 NHART 1 RETIRE 2\n\
        HART 0 RET 80 3e800093 'li ra,1000' X 1 3E8 RET 84 0080b103 X 2 1\n\
        TRAP 88 '_start+8' 00000073 C 0x342 'mcause' 8 MODE 3\nRET 90 0001\n";
    let read = steps(text.as_bytes());
    let pcs: Vec<_> = read
        .iter()
        .map(|s| (s.inst.pc, s.address, s.next_pc))
        .collect();
    // ld sp,8(ra) after li ra,1000, retired with it.
    assert_eq!(pcs, [(0x80, 0, 0x84), (0x84, 1008, 0x88), (0x90, 0, 0)]);
    assert!(read.iter().all(|s| s.cycles.is_none()));
    for (line, why) in [
        ("VERSION 1 0", "VERSION is not 0.x"),
        ("RET 80 3e800093", "begins with the element VERSION"),
        ("VERSION 0 3\nRET 80 3e800093", "before PARAMS gave XLEN"),
        ("VERSION 0 3\nPARAMS 1 XLEN 128", "neither 32 nor 64"),
        ("VERSION 0 3\nRET 80", "RET has too few values"),
        ("VERSION 0 3\nX 32 0x1", "registers are 0 to 31"),
        ("VERSION 0 3\nPOUND 1", "is not an element"),
        ("VERSION 0 3\n'open", "not closed"),
        ("VERSION 0 3\nHART 0 \\", "a backslash ends the last line"),
    ] {
        let options = Options {
            from: Some(Format::RvviText),
            ..Options::default()
        };
        let said = read_error(&format!("{line}\n"), &options);
        assert!(said.contains(why), "{line}: {said}");
    }
}

/// An error names the file, the place in it, and what to do.
fn read_error(text: &str, options: &Options) -> String {
    let error = read(text.as_bytes(), options).error.expect(text);
    assert!(error.message().starts_with("the.trace"), "{error}");
    assert!(error.message().contains([';', '?']), "{error}");
    error.message().to_string()
}

#[test]
fn a_neorv32_log_gives_instructions_and_cycles() {
    let log = text("neorv32.log.gz");
    let lines: Vec<Vec<&str>> = log
        .lines()
        .map(|l| l.split_whitespace().collect())
        .collect();
    let read = steps(log.as_bytes());
    assert!(lines.len() > 10_000 && lines.len() == read.len());
    let (mut branches, mut short) = (0, 0);
    for (i, (line, step)) in lines.iter().zip(&read).enumerate() {
        assert_eq!(step.inst.pc, hex(line[2]), "line {i}");
        let Some(next) = lines.get(i + 1) else {
            assert_eq!((step.next_pc, step.cycles), (0, None));
            continue;
        };
        assert_eq!(step.next_pc, hex(next[2]), "line {i}");
        let cycle = |line: &[&str]| line[1].parse::<u32>().unwrap();
        assert_eq!(step.cycles, Some(cycle(next) - cycle(line)), "line {i}");
        let offset = step.next_pc.wrapping_sub(step.inst.pc);
        short += usize::from(offset == 2);
        // Four bytes on may be past another compressed instruction.
        if step.inst.flags.contains(InstFlags::COND_CTRL) && offset != 4 {
            branches += 1;
            assert_eq!(taken(step), offset != 2, "line {i}");
        }
    }
    assert!(branches > 500 && short > 500, "{branches} {short}");
}

#[test]
fn formats_written_by_their_specifications_give_the_same_stream() {
    let log = text("spike.log");
    let spike = steps(log.as_bytes());
    let commits = commits(&log);
    let plain = stf(&commits);
    let header = read(&plain, &Options::default()).header.unwrap();
    assert_eq!((&*header.isa, &*header.host), ("riscv64", "stf"));
    for (bytes, traps, timed) in [
        (plain.clone(), false, false),
        (zstf(&plain), false, false),
        (memtrace(&commits, 0x200), false, false),
        (cva6(&commits, 3).into_bytes(), true, true),
    ] {
        let other = steps(&bytes);
        assert_eq!(other.len(), spike.len());
        for (i, (a, b)) in other.iter().zip(&spike).enumerate() {
            assert_eq!((a.inst, a.address), (b.inst, b.address), "{i}");
            let last = i + 1 == spike.len();
            if (traps || !commits[i].trapped) && !last {
                assert_eq!(a.next_pc, b.next_pc, "{i}");
            }
            assert_eq!(a.cycles, (timed && i > 0).then_some(3), "{i}");
        }
    }
    let user = Options {
        user: true,
        ..Options::default()
    };
    let of_user = commits.iter().filter(|c| c.user).count();
    // STF says when the mode changes, and begins in user mode.
    let before = commits.iter().take_while(|c| !c.user).count();
    assert_eq!(read(&plain, &user).steps().len(), of_user + before);
    assert_eq!(
        read(cva6(&commits, 3).as_bytes(), &user).steps().len(),
        of_user
    );
}

#[test]
fn what_faulted_did_not_retire() {
    let commit = |pc| Commit {
        pc,
        bits: 0x13,
        size: 4,
        address: 0,
        stores: false,
        user: true,
        trapped: false,
    };
    let mut bytes = stf(&[commit(0x1000)]);
    bytes.extend([100, 13, 0, 0, 0, 0]); // a load page fault, and where it led
    bytes.push(101);
    bytes.extend(0x9000u64.to_le_bytes());
    bytes.extend([240, 0x03, 0x33, 0x05, 0]);
    bytes.extend([240, 0x13, 0, 0, 0]);
    let steps = steps(&bytes);
    let places: Vec<_> = steps.iter().map(|s| (s.inst.pc, s.next_pc)).collect();
    assert_eq!(places, [(0x1000, 0x1004), (0x9000, 0x9004)]);
}

#[test]
fn only_traces_that_can_be_decoded_are_read() {
    let commits = commits(&text("spike.log"));
    for (file_type, why) in [
        (0x240, "a memtrace of x86-64"),
        (0x208, "a memtrace of AArch64"),
        (0x201, "a filtered memtrace"),
        (0, "without encodings"),
    ] {
        let error = read(&memtrace(&commits, file_type), &Options::default()).error;
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        assert!(error.message().contains(why), "{error}");
    }
    let mut arm = stf(&commits);
    let at = arm
        .windows(6)
        .position(|w| w == [4, 1, 0, 5, 2, 0])
        .unwrap();
    arm[at + 1] = 2;
    let error = read(&arm, &Options::default()).error.unwrap();
    assert!(error.message().contains("an STF trace of Arm"), "{error}");
    arm[4 + 1] = 2;
    let error = read(&arm, &Options::default()).error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Version, "{error}");
}

/// A good trace of every format.
fn examples() -> Vec<(Format, Vec<u8>)> {
    let log = text("spike.log");
    let commits = commits(&log);
    let cut = |log: String| log.lines().take(300).map(|l| format!("{l}\n")).collect();
    let (ibex, neorv32): (String, String) = (cut(text("ibex.log.xz")), cut(text("neorv32.log.gz")));
    vec![
        (Format::RvviText, rvvi(&ibex).into_bytes()),
        (Format::Ibex, ibex.into_bytes()),
        (Format::Neorv32, neorv32.into_bytes()),
        (Format::Cva6, cva6(&commits, 3).into_bytes()),
        (Format::Spike, log.into_bytes()),
        (Format::Champsim, data("sum.champsim")),
        (Format::Stf, stf(&commits)),
        (Format::Stf, zstf(&stf(&commits))),
        (Format::Memtrace, memtrace(&commits, 0x200)),
    ]
}

#[test]
fn a_trace_that_was_cut_short_gives_its_beginning_and_an_error() {
    for (format, bytes) in examples() {
        let options = Options {
            from: Some(format),
            ..Options::default()
        };
        let whole = read(&bytes, &options).steps();
        let mut errors = 0;
        for n in (0..bytes.len()).step_by(bytes.len() / 97 + 1) {
            let part = read(&bytes[..n], &options);
            // The last one's successor is not there, and with it what only that shows.
            let sure = part.steps.len().saturating_sub(1);
            let places = |steps: &[Step]| {
                steps[..sure]
                    .iter()
                    .map(|s| (s.inst.pc, s.next_pc))
                    .collect::<Vec<_>>()
            };
            assert_eq!(places(&part.steps), places(&whole), "{format:?}, {n} bytes");
            if let Some(e) = part.error {
                errors += 1;
                let known = [ErrorKind::Corrupt, ErrorKind::Io];
                assert!(known.contains(&e.kind()), "{format:?}, {n} bytes: {e}");
                assert!(e.message().contains("the.trace"), "{format:?}: {e}");
                assert!(e.message().contains([';', '?']), "{format:?}: {e}");
            } else {
                assert!(n > 0, "{format:?}");
            }
        }
        assert!(errors > 30, "{format:?}: {errors}");
    }
}

#[test]
fn a_foreign_file_is_refused_with_its_place() {
    let examples = examples();
    for (format, bytes) in &examples {
        for (other, _) in &examples {
            // CVA6's second tracer writes as Spike does, and so does Spike alone.
            if format == other {
                continue;
            }
            let options = Options {
                from: Some(*other),
                ..Options::default()
            };
            let part = read(bytes, &options);
            let e = part
                .error
                .unwrap_or_else(|| panic!("{format:?} as {other:?}"));
            assert!(
                e.message().starts_with("the.trace") && e.message().contains([';', '?']),
                "{format:?} as {other:?}: {e}"
            );
        }
    }
    for bytes in [&b""[..], b"hello\n", b"\x7fELF\x02\x01\x01", &[0; 4096]] {
        let e = read(bytes, &Options::default()).error.unwrap();
        assert!(
            e.message()
                .starts_with("the.trace: not a trace of a known format"),
            "{e}"
        );
    }
}

#[test]
fn bad_lines_are_named() {
    let good = "core   0: 3 0x0000000080000000 (0x00000297) x5  0x0000000080000000\n";
    for (text, why) in [
        (format!("{good}core 0x\n"), ":2: \": \" is missing"),
        (
            "core   0: 3 0x80000 (0x0297)\n".into(),
            ":1: the address has neither 8 digits nor 16",
        ),
        (
            "core   0: 3 0x0000000080000000 (0x297)\n".into(),
            "no encoding in parentheses",
        ),
        (
            "core   0: 3 0x0000000080000000 (0x0297)\n".into(),
            ":1: the encoding is of",
        ),
        (
            format!("{} mem q\n", good.trim_end()),
            "no address follows \"mem\"",
        ),
        (
            "core   0: exception trap, tval\n".into(),
            "a trap has no epc",
        ),
        (
            format!("{good}{good}core"),
            ":3: the log ends within this line",
        ),
        (
            format!("{good}core   0: 3 0x80000004 (0x00000297)\n"),
            ":2: an address of another width than those before",
        ),
        ("bbl loader\n".into(), "run spike with -l --log-commits"),
    ] {
        let options = Options {
            from: Some(Format::Spike),
            ..Options::default()
        };
        let said = read_error(&text, &options);
        assert!(said.contains(why), "{text}: {said}");
    }
}

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs the command with the tests' model; standard output.
fn perfvec(dir: &Path, args: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .args(args)
        .current_dir(dir)
        .env("PERFVEC_MODEL", format!("{ROOT}/tests/data/capi/tiny.onnx"))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert!(out.status.success(), "{args:?}: {}", text(out.stderr));
    text(out.stdout)
}

#[test]
fn every_command_takes_them() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| perfvec(dir.path(), args);
    let ibex = format!("{ROOT}/tests/data/import/ibex.log.xz");
    let said = run(&["convert", &ibex, "-o", "ibex.pvt"]);
    assert!(
        said.starts_with("11 999 retirements of riscv32 from ibex, 11 998 of them"),
        "{said}"
    );
    assert!(run(&["diff", &ibex, "ibex.pvt"]).starts_with("same stream: 11999 retirements"));
    let replayed = |trace: &str| run(&["replay", trace, "--json", "-"]);
    assert_eq!(replayed(&ibex), replayed("ibex.pvt"));
    for trace in [&ibex, "ibex.pvt"] {
        run(&["features", trace, "-o", "x.npy"]);
        let info = run(&["info", trace, "--json"]);
        assert!(info.contains("\"timed_retirements\": 11998"), "{info}");
    }
    let neorv32 = format!("{ROOT}/tests/data/import/neorv32.log.gz");
    let said = run(&["convert", &neorv32, "-o", "n.pvt"]);
    assert!(said.contains("the format has no data addresses"), "{said}");
    let champsim = format!("{ROOT}/tests/data/import/sum.champsim");
    run(&["replay", "--any-isa", &champsim]);
    let refused = Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .args(["replay", &champsim])
        .env("PERFVEC_MODEL", format!("{ROOT}/tests/data/capi/tiny.onnx"))
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("a trace of x86_64") && said.contains("--any-isa"),
        "{said}"
    );
}

/// A user's core: from the log of an RTL simulation to prices, without gem5.
#[test]
fn an_rtl_log_calibrates_a_core() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| perfvec(dir.path(), args);
    for (log, name) in [("ibex.log.xz", "ibex"), ("neorv32.log.gz", "neorv32")] {
        let path = format!("{ROOT}/tests/data/import/{log}");
        let steps = steps(&data(log));
        let cycles = steps.iter().filter_map(|s| s.cycles);
        let cpi = cycles.map(f64::from).sum::<f64>() / steps.len() as f64;
        let table = format!("{name}.safetensors");
        let said = run(&[
            "calibrate",
            "--name",
            name,
            "--clock",
            "0.1",
            "--interval",
            "200",
            "-o",
            &table,
            &path,
        ]);
        assert!(
            said.starts_with(&format!("{name}: 0.10 GHz, from 60 intervals")),
            "{said}"
        );
        let json = run(&["replay", &path, "--microarchs", &table, "--json", "-"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let mut found = json["microarchs"].as_array().unwrap().iter();
        let core = found.find(|e| e["name"] == name).unwrap();
        let estimated = core["cpi"].as_f64().unwrap();
        assert!(
            (estimated / cpi - 1.0).abs() < 0.05,
            "{name}: {estimated}, measured {cpi}"
        );
    }
}
