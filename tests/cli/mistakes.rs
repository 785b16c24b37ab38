//! What the command answers to a user's mistakes: which file or option, what is wrong, what to do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn perfvec() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perfvec"));
    command.env("PERFVEC_MODEL", model());
    command
}

fn model() -> String {
    format!("{ROOT}/tests/data/capi/tiny.onnx")
}

fn trace() -> String {
    format!("{ROOT}/tests/data/trace_v1.pvt")
}

/// Exit code and standard error; standard output must stay empty.
fn fails(args: &[&str]) -> (i32, String) {
    let done = perfvec().args(args).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout), "", "{args:?}");
    let text = String::from_utf8(done.stderr).unwrap();
    (done.status.code().unwrap(), text)
}

fn file(dir: &Path, name: &str, bytes: &[u8]) -> String {
    let path: PathBuf = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

#[test]
fn a_file_of_another_kind_is_called_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let gz = file(
        dir.path(),
        "t.pvt",
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03 and so on",
    );
    let program = file(dir.path(), "prog", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    let empty = file(dir.path(), "empty", b"");
    let pointer = file(
        dir.path(),
        "m.onnx",
        b"version https://git-lfs.github.com/spec/v1\n",
    );
    let table = format!("{ROOT}/tests/data/capi/tiny.safetensors");
    let (model, trace) = (model(), trace());
    for (args, text) in [
        (&["replay", &gz][..], "truncated or damaged"),
        (
            &["replay", &program],
            "an ELF file; a program has to be run or recorded",
        ),
        (
            &["replay", &table],
            "but a microarch table or program vector",
        ),
        (&["replay", &empty], "but an empty file"),
        (&["info", &empty], "but an empty file"),
        (&["info", &gz], "truncated or damaged"),
        (&["predict", &trace], "but a perfvec trace"),
        (&["predict", &model], "but an ONNX model"),
        (
            &["predict", &table],
            "\"microarchs-1\"; this reader needs \"program-vector-1\"",
        ),
        (&["merge", "-o", "/dev/null", &program], "but an ELF file"),
        (
            &["replay", "--model", &table, &trace],
            "not an ONNX model but a microarch",
        ),
        (&["replay", "--model", &pointer, &trace], "git lfs pull"),
        (
            &["replay", "--microarchs", &model, &trace],
            "but an ONNX model",
        ),
    ] {
        let (code, said) = fails(args);
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(
            said.starts_with("perfvec: ") && said.contains(text),
            "{args:?}: {said}"
        );
        assert!(said.lines().count() == 1, "{said}");
    }
}

#[test]
fn what_cannot_be_is_told_before_any_work() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("no/where").display().to_string();
    let folder = dir.path().display().to_string();
    let out = dir.path().join("t.safetensors").display().to_string();
    let trace = format!("{ROOT}/examples/lua.pvt");
    for (args, text) in [
        (
            &["replay", "--only", "four"][..],
            "--only four: no name of the table's",
        ),
        (&["replay", "--json", &nowhere], "cannot be written"),
        (&["replay", "--vector", &nowhere], "cannot be written"),
        (&["replay", "--json", &folder], "not a regular file"),
        (
            &["replay", "--sample", "10"],
            "--sample 10: the sampling period is shorter than a unit of 1024 retirements",
        ),
        (
            &["calibrate", "--name", "x", "-o", &out],
            "no 1000 timed retirements in a row",
        ),
        (
            &["calibrate", "--name", "x", "-o", &nowhere],
            "cannot be written",
        ),
        (
            &["calibrate", "--name", "one", "-o", &out],
            "already has a \"one\"",
        ),
        (
            &["calibrate", "--name", "x", "--clock", "0", "-o", &out],
            "expected GHz",
        ),
        (
            &["calibrate", "--name", "x", "--clock", "-1", "-o", &out],
            "expected GHz",
        ),
        (&["replay", "--interval", "-5"], "invalid value '-5'"),
        (
            &["replay", "--sample-error", "-1%"],
            "expected 0.01% to 50%",
        ),
    ] {
        let (code, said) = fails(&[args, &[&trace]].concat());
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(said.contains(text), "{args:?}: {said}");
    }
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        0,
        "nothing is left behind"
    );
}

#[test]
fn nothing_measured_is_no_estimate_of_zero() {
    use perfvec::trace::{Header, Writer};
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.pvt");
    let header = Header {
        isa: "riscv64".into(),
        ..Header::default()
    };
    Writer::create(&empty, header).unwrap().finish().unwrap();
    let (code, said) = fails(&["replay", empty.to_str().unwrap()]);
    assert!(code == 2 && said.contains("nothing retired"), "{said}");
    // Its one unit would be somewhere in the first 10^9 retirements.
    let (code, said) = fails(&["replay", "--sample", "1000000000"]);
    assert!(
        code == 2 && said.contains("no sampling unit lies in its 2 051 929"),
        "{said}"
    );
}

#[test]
fn a_reader_that_goes_early_is_no_failure() {
    let mut child = perfvec()
        .args(["info", "--schema", "perfvec-rm-2", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), &done.stderr[..]), (Some(0), &b""[..]));
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let status = perfvec()
        .args(["replay", "/nope"])
        .stderr(full)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2), "no panic where nothing can be told");
}

#[test]
fn names_are_found_in_either_case_and_json_goes_to_standard_output() {
    let args = ["replay", "--only", "THR", "--sample", "100000"];
    let done = perfvec().args(args).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("three") && !text.contains("one"), "{text}");
    let done = perfvec().args(args).args(["--json", "-"]).output().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(value["format"], "perfvec-estimates-1");
    assert_eq!(value["microarchs"].as_array().unwrap().len(), 2);
}
