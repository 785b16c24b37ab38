//! Shells and make whose programs are all in a sysroot: what they start is followed, wherever they
//! start it from. `tests/sysroot.sh` does the same with bash, make and coreutils of a distribution.

use crate::guests::*;
use serde_json::Value;
use std::os::unix::fs::symlink;
use std::path::Path;

/// A sysroot with `tests/qemu/shell.c` under all of its names, and a folder to work in.
fn sysroot() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let bin = dir.path().join("root/bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::copy(shell(), bin.join("sh")).unwrap();
    for name in ["make", "cat", "seq", "wc"] {
        symlink("sh", bin.join(name)).unwrap();
    }
    std::fs::create_dir_all(dir.path().join("work/sub")).unwrap();
    dir
}

/// Runs a program of the sysroot in its working folder: its output, and the JSON.
fn priced_there(dir: &Path, program: &[&str]) -> (std::process::Output, Value) {
    let path = format!("../root/bin/{}", program[0]);
    let out = with_plugin(env!("CARGO_BIN_EXE_perfvec"))
        .current_dir(dir.join("work"))
        .args(["run", "--sysroot", "../root", "--json", "../j", "--model"])
        .arg(model())
        .args(["--", &path])
        .args(&program[1..])
        .output()
        .unwrap();
    assert!(dir.join("j").exists(), "{out:?}");
    (out, json(dir.join("j")))
}

/// What processes became by exec, sorted; every one of them is measured, and the sum is of all.
fn programs(json: &Value) -> Vec<&str> {
    assert!(json["partial"].is_null(), "{json}");
    let all = json["processes"].as_array().unwrap();
    let retired = all.iter().map(|p| p["retired"].as_u64().unwrap());
    assert!(retired.clone().all(|n| n > 1000), "{json}");
    assert_eq!(Some(retired.sum()), json["retired"].as_u64());
    let mut known: Vec<&str> = all.iter().filter(|p| is_new(all, p)).map(name_of).collect();
    known.sort_unstable();
    known
}

fn name_of(process: &Value) -> &str {
    let path = process["program"].as_str().unwrap();
    path.rsplit('/').next().unwrap()
}

/// Whether exec made it: it is the same process as the one before.
fn is_new(all: &[Value], process: &Value) -> bool {
    let before = all.iter().find(|p| p["id"] == process["before"]);
    before.is_some_and(|b| b["pid"] == process["pid"])
}

#[test]
fn a_shell_script_is_measured_with_all_that_it_runs() {
    let dir = sysroot();
    let work = dir.path().join("work");
    executable(&work.join("tool"), "#!/bin/sh\nseq $1\n");
    let script = "# a pipe of three, a file, a script, the shell's own name of itself\n\
        seq 5 | cat | wc > count\n\
        cat count\n\
        ./tool 3\n\
        /proc/self/exe seq 2\n\
        cd sub\n\
        exec /proc/self/exe sh -c $1\n\
        exit 9\n";
    std::fs::write(work.join("script.sh"), script).unwrap();
    let (out, json) = priced_there(dir.path(), &["sh", "script.sh", "no-such-command"]);
    assert_eq!(out.status.code(), Some(127), "{out:?}");
    assert_eq!(out.stdout, b"5\n1\n2\n3\n1\n2\n", "{out:?}");
    let want = ["cat", "cat", "seq", "seq", "sh", "sh", "tool", "wc"];
    assert_eq!(programs(&json), want, "{json}");
}

#[test]
fn make_is_measured_with_its_recipes_and_the_make_that_it_calls() {
    let dir = sysroot();
    let work = dir.path().join("work");
    let recipes = "all:\n\tseq 4 | wc > out\n\t$(MAKE) -C sub\n\tcat out\n";
    std::fs::write(work.join("Makefile"), recipes).unwrap();
    std::fs::write(work.join("sub/Makefile"), "all:\n\tseq 2\n").unwrap();
    let (out, json) = priced_there(dir.path(), &["make"]);
    assert!(out.status.success(), "{out:?}");
    assert_eq!(out.stdout, b"1\n2\n4\n", "{out:?}");
    let want = ["cat", "make", "seq", "seq", "sh", "sh", "sh", "sh", "wc"];
    assert_eq!(programs(&json), want, "{json}");
}
