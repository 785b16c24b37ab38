//! Guest programs under QEMU, through the command line: needs qemu-riscv64 and
//! riscv64-linux-gnu-gcc (packages qemu-user and gcc-riscv64-linux-gnu).

use crate::guests::*;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Cycles of tests/qemu/pages.c on a core by its parameters: live, and of its recording.
fn pages(dir: &Path, arguments: &[&str]) -> [f64; 2] {
    let path = |name: &str| dir.join(name).display().to_string();
    let program = path("pages");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/qemu/pages.c");
    let built = Command::new("riscv64-linux-gnu-gcc")
        .args(["-O1", "-static", "-o", &program])
        .arg(&source)
        .status()
        .unwrap();
    assert!(built.success());
    let mut guest = vec!["--", &program];
    guest.extend(arguments);
    let (trace, out) = (path("pages.pvt"), path("pages.json"));
    let works = |args: &[&str]| {
        let out = perfvec(args);
        assert_eq!(out.code, 0, "{}", out.stderr);
    };
    works(&[&["record", "-o", &trace], &guest[..]].concat());
    let cycles = |what: &[&str]| {
        let on = ["--core", "skylake-like", "--json", &out];
        works(&[&what[..1], &on, &what[1..]].concat());
        json(&out)["microarchs"][0]["cycles"].as_f64().unwrap()
    };
    let live = [&["run"], &guest[..]].concat();
    [cycles(&live), cycles(&["replay", &trace])]
}

#[test]
fn pages_of_a_large_static_array_do_not_trap_and_those_of_the_heap_do() {
    let dir = tempfile::tempdir().unwrap();
    let image = pages(dir.path(), &[]);
    assert_eq!(image[0], image[1]);
    let heap = pages(dir.path(), &["heap"]);
    assert_eq!(heap[0], heap[1]);
    // A trap waits for what came before, and takes 15 cycles.
    assert!(heap[0] - image[0] > 1000.0 * 15.0, "{image:?} {heap:?}");
}

#[test]
fn a_live_run_is_its_recording_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    for (guest, flags) in [
        (guest(), &["--interval", "5000"][..]),
        (guest_dynamic(), &["--threads", "0"][..]),
        (
            guest(),
            &["--sample", "20000", "--seed", "7", "--threads", "1"][..],
        ),
        (guest(), &["--sample-error", "7%", "--unit", "64"][..]),
        (
            guest(),
            &["--sample", "40000", "--warming", "2000", "--unit", "64"][..],
        ),
    ] {
        let run = |command: &str, more: &[&str]| {
            let (vector, json) = (
                path(&format!("{command}.v")),
                path(&format!("{command}.json")),
            );
            let mut args = vec![command, "--vector", &vector, "--json", &json];
            args.extend(flags);
            args.extend(more);
            let out = priced(&args);
            assert_eq!(out.code, 0, "{}", out.stderr);
            let json: serde_json::Value =
                serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
            (std::fs::read(vector).unwrap(), json)
        };
        let trace = path("t.pvt");
        let out = perfvec(&["record", "-o", &trace, "--", guest, "compute"]);
        assert_eq!(out.code, 0, "{}", out.stderr);
        let live = run("run", &["--", guest, "compute"]);
        let replayed = run("replay", &[&trace]);
        assert_eq!(live.0, replayed.0, "program vectors differ");
        // A replay knows nothing of these.
        let mut estimates = live.1.clone();
        for key in ["threads", "processes", "ended"] {
            estimates.as_object_mut().unwrap().remove(key).unwrap();
        }
        assert_eq!(estimates, replayed.1, "estimates differ");
        assert!(live.1["retired"].as_u64().unwrap() > 500_000);
        if flags[0] == "--interval" {
            let series = live.1["intervals"].as_array().unwrap();
            let sum: u64 = series
                .iter()
                .map(|i| i["retirements"].as_u64().unwrap())
                .sum();
            assert_eq!(Some(sum), live.1["retired"].as_u64());
        }
    }
}

/// What a run chose by the clock is chosen again from its JSON, live and from a recording.
#[test]
fn a_run_to_an_overhead_can_be_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (trace, json) = (path("t.pvt"), path("first.json"));
    let ok = |out: Output| assert_eq!(out.code, 0, "{}", out.stderr);
    ok(perfvec(&["record", "-o", &trace, "--", guest(), "compute"]));
    let json_of = |path: &str| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    let sampling = "--sample-overhead 5% --unit 64 --seed 3 --warming 200";
    let overhead: Vec<_> = sampling.split(' ').collect();
    ok(priced(
        &[
            &["run", "--json", &json][..],
            &overhead,
            &["--", guest(), "compute"],
        ]
        .concat(),
    ));
    let first = json_of(&json);
    let plan = first["sampling"]["plan"].as_array().unwrap();
    assert!(plan.len() >= 8, "{plan:?}");
    assert_eq!(first["sampling"]["warming"], 200);
    for again in [&["run", "--", guest(), "compute"][..], &["replay", &trace]] {
        let other = path("again.json");
        let like = ["--sample-like", &json, "--json", &other];
        ok(priced(&[&again[..1], &like, &again[1..]].concat()));
        assert_eq!(json_of(&other)["microarchs"], first["microarchs"]);
        assert_eq!(json_of(&other)["sampling"], first["sampling"]);
    }
    std::fs::write(&json, "{}").unwrap();
    let out = priced(&["replay", "--sample-like", &json, &trace]);
    assert!(
        out.code != 0 && out.stderr.contains("first.json"),
        "{out:?}"
    );
}

/// One instruction per block leaves the plugin nothing to work out: what it records then is what
/// it must record with blocks of any length, faults and failing store-conditionals included.
#[test]
fn blocks_expand_to_what_single_steps_show() {
    let dir = tempfile::tempdir().unwrap();
    // Both by a script, since the shell adds to the environment, which lies on the guest's stack.
    let [stepping, plain] = [("stepping", "$f"), ("ordinary", "")].map(|(name, flag)| {
        let path = dir.path().join(name);
        let choose = "if qemu-riscv64 -help | grep -q one-insn; then f=-one-insn-per-tb; else f=-singlestep; fi";
        executable(&path, &format!("#!/bin/sh\n{choose}\nexec qemu-riscv64 {flag} \"$@\"\n"));
        path.display().to_string()
    });
    for (what, says) in [
        ("faults", "caught 50"),
        ("atomics", "failures 20"),
        ("compute", "sum"),
    ] {
        let name = |kind: &str| {
            dir.path()
                .join(format!("{what}.{kind}"))
                .display()
                .to_string()
        };
        let (steps, blocks) = (name("steps"), name("blocks"));
        for (trace, qemu) in [(&steps, &stepping), (&blocks, &plain)] {
            let out = perfvec(&["record", "-o", trace, "--qemu", qemu, "--", guest(), what]);
            assert!(out.code == 0 && out.stdout.contains(says), "{out:?}");
        }
        let out = perfvec(&["diff", &steps, &blocks]);
        assert_eq!(out.code, 0, "{}", out.stdout);
    }
}

#[test]
fn the_program_keeps_its_streams_and_its_exit_code() {
    let out = priced(&["run", "--", guest(), "exit", "37"]);
    assert_eq!((out.code, out.stdout.as_str()), (37, ""));
    assert!(
        out.stderr.contains("instructions") && out.stderr.contains("three"),
        "{out:?}"
    );
    let out = priced_with_input(&["run", "--", guest(), "echo"], "one\ntwo\n");
    assert_eq!((out.code, out.stdout.as_str()), (0, "got one\ngot two\n"));
    let out = priced(&["run", "--", guest_dynamic(), "exit", "3"]);
    assert_eq!(out.code, 3, "{}", out.stderr);
}

#[test]
fn nothing_of_the_progress_goes_into_a_pipe_but_a_terminal_shows_it() {
    let out = priced(&["run", "--", guest(), "compute"]);
    assert!(!out.stderr.contains(['\r', '\x1b']), "{:?}", out.stderr);
    assert!(!out.stderr.contains("MIPS"), "{:?}", out.stderr);

    let dir = tempfile::tempdir().unwrap();
    let command = format!(
        "timeout -s TERM 5 {} run --model {} -- {} spin",
        env!("CARGO_BIN_EXE_perfvec"),
        model().display(),
        guest()
    );
    let out = with_plugin("script")
        .args(["-qec", &command, "typescript"])
        .env("TERM", "xterm")
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .output()
        .expect("script(1), of the package bsdutils");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(text.contains("MIPS"), "{text:?}");
}

#[test]
fn a_killed_program_leaves_the_result_of_all_that_it_did() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("j").display().to_string();
    let out = priced(&["run", "--json", &json, "--", guest(), "abort"]);
    assert_eq!(out.code, 128 + 6, "{out:?}");
    assert!(
        out.stderr.contains("the program was killed by SIGABRT"),
        "{out:?}"
    );
    let value = crate::guests::json(&json);
    assert!(value["retired"].as_u64().unwrap() > 500_000);
    assert_eq!(value["retired"], value["measured"]);
    assert_eq!(value["ended"], "was killed by SIGABRT");
    assert!(value["partial"].is_null(), "{value}");

    let trace = dir.path().join("t.pvt").display().to_string();
    let out = perfvec(&["record", "-o", &trace, "--", guest(), "abort"]);
    assert_eq!(out.code, 128 + 6, "{out:?}");
    let info = perfvec(&["info", "--json", "--verify", &trace]);
    let info: serde_json::Value = serde_json::from_str(&info.stdout).unwrap();
    assert_eq!(info["retirements"], value["retired"]);
}

#[test]
fn a_signal_to_perfvec_is_for_the_program() {
    let mut child = with_plugin(env!("CARGO_BIN_EXE_perfvec"))
        .args(["run", "--model"])
        .arg(model())
        .args(["--", guest(), "spin"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "ready\n");
    let kill = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let out = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&out.stderr);
    assert_eq!(
        out.status.code(),
        Some(128 + 15),
        "{:?} {stderr}",
        out.status.signal()
    );
    assert!(stderr.contains("SIGTERM"), "{stderr}");
}

#[test]
fn threads_have_sessions_of_their_own_and_a_total() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let text = |name: &str| path(name).display().to_string();
    for workers in ["0", "2"] {
        let (json, vector) = (text("j"), text("v.safetensors"));
        let args = [
            "run",
            "--threads",
            workers,
            "--json",
            &json,
            "--vector",
            &vector,
        ];
        let out = priced(&[&args[..], &["--", guest(), "threads"]].concat());
        assert!(out.code == 0 && out.stdout == "shared 60000\n", "{out:?}");
        assert!(
            out.stderr
                .contains("threads; cycles and times are their sums"),
            "{out:?}"
        );
        let value: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        let threads = value["threads"].as_array().unwrap();
        assert_eq!(threads.len(), 4, "{value}");
        let sum = |what: usize| -> f64 {
            threads
                .iter()
                .map(|t| t["cycles"][what].as_f64().unwrap())
                .sum()
        };
        let total = value["microarchs"][0]["cycles"].as_f64().unwrap();
        assert!((sum(0) - total).abs() <= 1e-9 * total, "{value}");
        let retired: u64 = threads.iter().map(|t| t["retired"].as_u64().unwrap()).sum();
        assert_eq!(Some(retired), value["retired"].as_u64());
        assert!(retired > 3 * 20_000, "{value}");
        let sums = perfvec::microarch::ProgramVector::load(&path("v.safetensors")).unwrap();
        assert_eq!(sums.retired, retired);
    }
}

#[test]
fn a_child_of_fork_runs_unmeasured_where_that_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("t.pvt").display().to_string();
    let record = ["record", "--no-children", "-o", &trace];
    let out = perfvec(&[&record[..], &["--", guest(), "fork"]].concat());
    assert_eq!((out.code, out.stdout.as_str()), (4, "child 1\nparent 5\n"));
    let info = perfvec(&["info", "--json", "--verify", &trace]);
    let info: serde_json::Value = serde_json::from_str(&info.stdout).unwrap();
    // compute(), which only the child ran, is some 10^6 instructions.
    assert!(info["retirements"].as_u64().unwrap() < 300_000, "{info}");
    let out = priced(&["run", "--no-children", "--", guest(), "fork"]);
    assert_eq!((out.code, out.stdout.as_str()), (4, "child 1\nparent 5\n"));
    assert!(!out.stderr.contains("partial"), "{out:?}");
}

#[test]
fn says_why_it_cannot_run_a_program() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    executable(&script, "#!/bin/sh\n");
    let fails = |args: &[&str], code: i32, text: &str| {
        let out = priced(args);
        assert!(
            out.code == code && out.stderr.contains(text),
            "{text}: {out:?}"
        );
        assert!(
            out.stderr.starts_with("perfvec: ") && out.stderr.lines().count() == 1,
            "{out:?}"
        );
    };
    fails(&["run", "--", script.to_str().unwrap()], 126, "a script");
    fails(
        &["run", "--", env!("CARGO_BIN_EXE_perfvec")],
        126,
        "an ELF file for ",
    );
    fails(
        &["run", "--", "/nonexistent/program"],
        127,
        "no such program",
    );
    fails(
        &["run", "--sysroot", "/nonexistent", "--", guest_dynamic()],
        126,
        "--sysroot",
    );
    fails(
        &["run", "--qemu", "/nonexistent/qemu", "--", guest()],
        125,
        "no such file",
    );
    fails(
        &["run", "--qemu", "/bin/true", "--", guest()],
        125,
        "loads none of the plugins",
    );
    // Before the program runs, which may take hours.
    for (option, value, text) in [
        ("--only", "nobody", "--only nobody: no name of the table"),
        ("--json", "/nonexistent/x.json", "cannot be written"),
        ("--vector", "/nonexistent/x.vec", "cannot be written"),
        ("--json", "-", "standard output belongs to the program"),
    ] {
        fails(&["run", option, value, "--", guest()], 125, text);
    }
    let plain = dir.path().join("plain");
    std::fs::copy(guest(), &plain).unwrap();
    let mut mode = std::fs::metadata(&plain).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o644);
    std::fs::set_permissions(&plain, mode).unwrap();
    fails(
        &["run", "--", plain.to_str().unwrap()],
        126,
        "not executable",
    );

    let out = Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .args(["run", "--model"])
        .arg(model())
        .args(["--", guest()])
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(125));
    assert!(stderr.contains("qemu-user"), "{stderr}");
}
