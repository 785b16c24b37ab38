//! The RISC-V decoder against GNU objdump.
//!
//! Every distinct encoding in statically linked programs must have the size, class, flags, access
//! size and registers that objdump's text and an independent table of mnemonics give; and so must
//! generated encodings, where what objdump does not know must be unknown to the decoder too.
//!
//! Needs the RISC-V cross compiler and binutils; `PERFVEC_SKIP_CROSS=1` goes without.

mod disassembly;
mod expected;
mod generated;
mod table;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use disassembly::{disassemble, run, skipped, Line};
use expected::expected;
use perfvec::inst::InstFlags;
use perfvec::isa::Isa;

const EXTENSIONS: &[&str] = &["rv64gc", "rv64gc_zba_zbb_zbs"];
const LEVELS: &[&str] = &["-O0", "-O2", "-O3"];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/isa/programs")
}

/// Builds the C and the C++ program for one set of extensions at one level.
fn build(dir: &Path, extensions: &str, level: &str) -> Vec<PathBuf> {
    let build = |compiler: &str, name: &str, files: &[&str]| {
        let out = dir.join(format!("{name}{level}-{extensions}"));
        let mut args = vec![
            level.into(),
            "-static".into(),
            format!("-march={extensions}"),
            "-o".into(),
            out.display().to_string(),
        ];
        args.extend(
            files
                .iter()
                .map(|f| sources().join(f).display().to_string()),
        );
        args.push("-lm".into());
        run(compiler, args);
        out
    };
    let c = ["main.c", "integers.c", "floats.c"];
    vec![
        build("riscv64-linux-gnu-gcc", "c", &c),
        build("riscv64-linux-gnu-g++", "cpp", &["objects.cpp"]),
    ]
}

/// What is wrong with the decoder's answer for `line`, if anything is.
fn difference(line: &Line) -> Option<String> {
    let got = match Isa::Riscv64.decode(0, &line.bytes) {
        Ok(inst) => inst,
        Err(err) => return Some(format!("{line:?}: {err}")),
    };
    let (where_to, address) = (Isa::Riscv64.address(&line.bytes), line.address());
    if where_to != address {
        return Some(format!(
            "{line:?}:\n  want {address:?}\n  got  {where_to:?}"
        ));
    }
    match expected(line) {
        Err(why) => Some(format!("{line:?}: {why}")),
        Ok(want) if want == got => None,
        Ok(want) => Some(format!("{line:?}:\n  want {want:?}\n  got  {got:?}")),
    }
}

/// Fails with the first few of `differences`.
fn assert_none(differences: &[String]) {
    let shown = &differences[..differences.len().min(20)];
    assert!(
        differences.is_empty(),
        "{} encodings differ, the first {}:\n{}",
        differences.len(),
        shown.len(),
        shown.join("\n")
    );
}

#[test]
fn every_encoding_in_compiled_programs() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut distinct: HashMap<Vec<u8>, Line> = HashMap::new();
    let mut total = 0;
    for extensions in EXTENSIONS {
        for level in LEVELS {
            for program in build(dir.path(), extensions, level) {
                let lines = disassemble(&program);
                total += lines.len();
                distinct.extend(lines.into_iter().map(|l| (l.bytes.clone(), l)));
            }
        }
    }
    let mnemonics: std::collections::BTreeSet<_> =
        distinct.values().map(|l| l.mnemonic.as_str()).collect();
    println!(
        "{} distinct encodings of {} mnemonics in {total} instructions",
        distinct.len(),
        mnemonics.len()
    );
    assert!(distinct.len() > 20_000 && mnemonics.len() > 200);
    let mut differences: Vec<String> = distinct.values().filter_map(difference).collect();
    differences.sort();
    assert_none(&differences);
}

/// Whether objdump's answer means that the encoding is none of RV64GC with Zba, Zbb and Zbs.
fn is_foreign(line: &Line) -> bool {
    let reserved_rounding = line.operands.ends_with(",unknown") && line.mnemonic != "fence";
    let foreign = [".2byte", ".4byte", "c.unimp"].contains(&line.mnemonic.as_str());
    foreign || reserved_rounding || generated::OUT_OF_SCOPE.contains(&line.mnemonic.as_str())
}

#[test]
fn generated_encodings_known_or_not() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, object) = (dir.path().join("all.s"), dir.path().join("all.o"));
    let encodings = generated::encodings();
    std::fs::write(&source, generated::assembly(&encodings)).unwrap();
    run(
        "riscv64-linux-gnu-as",
        [
            "-march=rv64gc_zba_zbb_zbs".as_ref(),
            source.as_os_str(),
            "-o".as_ref(),
            object.as_os_str(),
        ],
    );
    let lines = disassemble(&object);
    assert_eq!(lines.len(), encodings.len());
    let (mut known, mut excepted, mut differences) = (0, 0, vec![]);
    for (line, encoding) in lines.iter().zip(&encodings) {
        assert_eq!(&line.bytes, encoding);
        let foreign = is_foreign(line);
        known += usize::from(!foreign);
        if generated::is_excepted(encoding) {
            excepted += 1;
        } else if !foreign {
            differences.extend(difference(line));
        } else {
            let inst = Isa::Riscv64.decode(0, encoding).unwrap();
            if !inst
                .flags
                .intersects(InstFlags::UNKNOWN | InstFlags::VECTOR)
            {
                differences.push(format!("{line:?}: known to the decoder only, as {inst:?}"));
            }
        }
    }
    println!(
        "{} encodings, of which objdump knows {known}; {excepted} not compared",
        lines.len()
    );
    assert!(known > 60_000 && lines.len() - known > 20_000 && excepted < 1_000);
    assert_none(&differences);
}
