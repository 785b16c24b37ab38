//! `perfvec features`, the matrices it writes, and the text traces it reads.

use perfvec::inst::Retirement;
use perfvec::npy::NpyWriter;
use perfvec::trace::perfvec_txt::TextReader;
use perfvec::trace::{Header, Writer};
use perfvec::ErrorKind;
use perfvec_test_support::text_trace::{by_definition, text_trace};
use proptest::prelude::*;
use std::path::Path;
use std::process::Command;

/// Shape and values of a matrix, by the format's definition.
fn load(path: &Path) -> (usize, usize, Vec<f32>) {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let data = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!(data % 64, 0);
    let header = std::str::from_utf8(&bytes[10..data]).unwrap();
    let shape = header
        .strip_prefix("{'descr': '<f4', 'fortran_order': False, 'shape': (")
        .and_then(|h| h.trim_end().strip_suffix("), }"))
        .unwrap();
    let (rows, columns) = shape.split_once(", ").unwrap();
    let values = bytes[data..]
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect::<Vec<_>>();
    let (rows, columns) = (rows.parse().unwrap(), columns.parse().unwrap());
    assert_eq!(values.len(), rows * columns);
    (rows, columns, values)
}

/// Runs `perfvec features`; what it says on standard error where it fails.
fn features(trace: &Path, format: &str, schema: &str, output: &Path) -> Result<(), String> {
    let out = Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .args(["features", "--format", format, "--schema", schema])
        .arg(trace)
        .arg("-o")
        .arg(output)
        .output()
        .unwrap();
    if out.status.success() {
        return Ok(());
    }
    Err(String::from_utf8(out.stderr).unwrap())
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_text_trace_becomes_a_matrix() {
    let dir = tempfile::tempdir().unwrap();
    let text = text_trace(11, 100, 3000);
    let (trace, out) = (dir.path().join("t.txt"), dir.path().join("t.npy"));
    std::fs::write(&trace, &text.main).unwrap();
    std::fs::write(dir.path().join("t.sq.txt"), &text.stores).unwrap();
    features(&trace, "perfvec-txt", "perfvec-51", &out).unwrap();
    let (rows, columns, values) = load(&out);
    let expected: Vec<f32> = by_definition(&text)
        .concat()
        .iter()
        .map(|&v| v as f32)
        .collect();
    assert_eq!((rows, columns), (3000, 51));
    assert_eq!(values, expected);
    assert_eq!(names(dir.path()), ["t.npy", "t.sq.txt", "t.txt"]);
}

/// The same stream gives the same matrix from a perfvec trace, with outcomes left to be inferred.
#[test]
fn a_perfvec_trace_gives_the_same_matrix() {
    let dir = tempfile::tempdir().unwrap();
    let text = text_trace(12, 100, 3000);
    let (trace, pvt) = (dir.path().join("t.txt"), dir.path().join("t.pvt"));
    let outs = [dir.path().join("a.npy"), dir.path().join("b.npy")];
    std::fs::write(&trace, &text.main).unwrap();
    std::fs::write(dir.path().join("t.sq.txt"), &text.stores).unwrap();
    features(&trace, "perfvec-txt", "perfvec-51", &outs[0]).unwrap();

    let mut reader = TextReader::open(&trace).unwrap();
    let mut writer = Writer::create(&pvt, Header::default()).unwrap();
    while let Some(record) = reader.next().unwrap() {
        if let Some(inst) = &record.interned {
            assert_eq!(writer.intern(inst).unwrap(), record.retirement.inst);
        }
        let r = record.retirement;
        let outcome = [Retirement::NOT_TAKEN, Retirement::TAKEN][usize::from(r.taken)];
        writer
            .retire(&Retirement {
                inst: r.inst,
                flags: outcome | if r.fault { Retirement::FAULT } else { 0 },
                address: r.address,
                next_pc: 0,
            })
            .unwrap();
    }
    writer.finish().unwrap();
    features(&pvt, "pvt", "perfvec-51", &outs[1]).unwrap();
    assert_eq!(load(&outs[0]), load(&outs[1]));
}

#[test]
fn nothing_is_left_on_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (trace, out) = (dir.path().join("t.txt"), dir.path().join("t.npy"));
    let mut text = text_trace(13, 100, 50);
    text.main.push_str("0 -1 80000 nonsense\n");
    std::fs::write(&trace, &text.main).unwrap();
    std::fs::write(dir.path().join("t.sq.txt"), &text.stores).unwrap();
    let err = features(&trace, "perfvec-txt", "perfvec-51", &out).unwrap_err();
    assert!(
        err.contains("t.txt:51: field completed is \"nonsense\""),
        "{err}"
    );
    assert_eq!(names(dir.path()), ["t.sq.txt", "t.txt"]);

    let err = features(&trace, "perfvec-txt", "perfvec-52", &out).unwrap_err();
    assert!(
        err.contains("no feature schema named \"perfvec-52\""),
        "{err}"
    );
    let missing = dir.path().join("none.txt");
    let err = features(&missing, "perfvec-txt", "perfvec-51", &out).unwrap_err();
    assert!(err.contains("none.txt"), "{err}");
}

#[test]
fn a_row_of_the_wrong_length_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut matrix = NpyWriter::create(dir.path().join("m.npy"), 3).unwrap();
    assert_eq!(
        matrix.row(&[1.0]).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    matrix.row(&[1.0, 2.0, 3.0]).unwrap();
    assert_eq!(matrix.finish().unwrap(), 1);
    assert_eq!(load(&dir.path().join("m.npy")), (1, 3, vec![1.0, 2.0, 3.0]));
}

/// A record whose field `i` is `value`, otherwise a load that is well formed.
fn line(i: usize, value: &str) -> String {
    let good = "0 -1 80500 120500 121000 1500 2500 3000 3000 47 0 0 0 0 0 0 0 0 0 0 0 0 0 \
                1 549755747984 8 2 -1 -1 -1 0 0 0 0 0 0 4196460 0 0 -1 -1 -1 -1 0 0 0 0 0 1 1 0 42 0 1";
    let mut fields: Vec<&str> = good.split_whitespace().collect();
    fields[i] = value;
    fields.join(" ") + "\n"
}

fn error(main: &str, stores: &str) -> perfvec::Error {
    let mut reader =
        TextReader::from_sources(main.as_bytes(), "x.txt", stores.as_bytes(), "x.sq.txt");
    loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("no error in {main:?}"),
            Err(e) => {
                assert_eq!(e.kind(), ErrorKind::Corrupt);
                assert_eq!(reader.next().unwrap(), None, "an error ends the trace");
                return e;
            }
        }
    }
}

#[test]
fn errors_name_file_line_and_field() {
    let good = line(0, "0");
    for (i, value, expected) in [
        (0, "2", "x.txt:2: field fault is 2, expected 0 to 1"),
        (1, "-99", "x.txt:2: the start of a segment"),
        (9, "77", "x.txt:2: field op is 77"),
        (11, "x", "x.txt:2: field cond is \"x\""),
        (21, "1", "x.txt:2: field quiesce is 1"),
        (24, "-5", "x.txt:2: field address is \"-5\""),
        (48, "9", "x.txt:2: field sources is 9, expected 0 to 8"),
        (48, "0", "x.txt:2: more numbers than"),
        (48, "2", "x.txt:2: field destination is missing"),
        (51, "50", "x.txt:2: field source is 50, expected 0 to 49"),
        (52, "7", "x.txt:2: field destination is 7, expected 0 to 6"),
    ] {
        let err = error(&(good.clone() + &line(i, value)), "");
        assert!(err.message().starts_with(expected), "{err}");
    }
    let err = error(&good, &good);
    assert!(
        err.message().starts_with("x.sq.txt:1: a store that"),
        "{err}"
    );
    let head = "0 3 80500 4000 4500 1500 2500 3000 3000";
    let other = format!("{} 99000 99000", head.replace("80500", "80501"));
    let err = error(&format!("{good}{head}\n"), &other);
    assert!(
        err.message()
            .starts_with("x.sq.txt:1: not the record of the store at x.txt:2"),
        "{err}"
    );
    let err = error(&"1 ".repeat(5000), "");
    assert!(
        err.message()
            .starts_with("x.txt:1: the line is longer than 4096"),
        "{err}"
    );
}

#[test]
fn a_store_file_that_ends_early_ends_the_trace() {
    let main = line(0, "0") + "0 3 80500 4000 4500 1500 2500 3000 3000\n" + &line(0, "0");
    let mut reader = TextReader::from_sources(main.as_bytes(), "x.txt", &b""[..], "x.sq.txt");
    let first = reader.next().unwrap().unwrap();
    assert_eq!((first.fetched, first.retired), (80500, 201_500));
    assert_eq!(first.retirement.address, 549_755_747_984);
    assert_eq!(first.interned.unwrap().access_size, 8);
    assert_eq!(reader.next().unwrap(), None);
    assert_eq!(reader.next().unwrap(), None);
}

proptest! {
    #[test]
    fn damaged_text_never_panics(seed: u64, at: prop::sample::Index, byte: u8, stores: bool) {
        let text = text_trace(seed, 20, 40);
        let mut files = [text.main.into_bytes(), text.stores.into_bytes()];
        let file = &mut files[usize::from(stores)];
        if !file.is_empty() {
            let i = at.index(file.len());
            file[i] = byte;
        }
        let mut reader = TextReader::from_sources(&files[0][..], "x.txt", &files[1][..], "x.sq.txt");
        let mut records = 0;
        while let Ok(Some(_)) = reader.next() {
            records += 1;
        }
        prop_assert!(records <= 41);
    }
}
