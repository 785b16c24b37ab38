//! Programs that once got a wrong number, or lost their result: what a run says of them is true, and
//! they are not disturbed. `tests/qemu/table.c` is the guest.

use crate::guests::*;
use perfvec::inst::{InstFlags, OpClass, Retirement, StaticInst};
use perfvec::trace::{self, Writer};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Runs the guest with `options`; its output and the JSON.
fn priced_json(options: &[&str], program: &[&str]) -> (Output, Value) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("j").display().to_string();
    let head = ["run", "--json", &file];
    let out = priced(&[&head, options, &["--"], program].concat());
    assert!(Path::new(&file).exists(), "{out:?}");
    (out, json(&file))
}

fn is_whole(out: &Output, json: &Value) {
    assert!(json["partial"].is_null(), "{json}");
    assert!(!out.stderr.contains("partial"), "{out:?}");
    assert_eq!(json["retired"], json["measured"], "{json}");
}

/// Nothing is on a disk while the program runs, so that a full one or a missing one changes nothing.
#[test]
fn a_run_needs_no_temporary_files() {
    let dir = tempfile::tempdir().unwrap();
    let out = with_plugin(env!("CARGO_BIN_EXE_perfvec"))
        .args(["run", "--model"])
        .arg(model())
        .args(["--", guest(), "compute"])
        .env("TMPDIR", dir.path().join("missing"))
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A recording that does not fit says why, and leaves nothing; the program runs to its end.
#[test]
fn a_full_disk_is_told_by_its_cause() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("t.pvt");
    let script = format!(
        "ulimit -S -f 1; trap '' XFSZ; exec {} record -o {} -- {} compute",
        env!("CARGO_BIN_EXE_perfvec"),
        trace.display(),
        guest()
    );
    let out = with_plugin("bash").args(["-c", &script]).output().unwrap();
    let text = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(125), "{text}");
    assert!(text.contains("File too large"), "{text}");
    assert!(
        String::from_utf8_lossy(&out.stdout).contains("sum"),
        "{out:?}"
    );
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{text}");
}

#[test]
fn what_the_program_does_to_its_rights_and_limits_loses_nothing() {
    let (out, json) = priced_json(&[], &[table(), "limits"]);
    assert_eq!(out.code, 0, "{out:?}");
    assert!(out.stdout.contains("limited"), "{out:?}");
    is_whole(&out, &json);
}

#[test]
fn any_number_of_threads_is_measured() {
    let (out, json) = priced_json(&[], &[table(), "chain", "1100"]);
    assert!(out.code == 0 && out.stdout == "chained\n", "{out:?}");
    is_whole(&out, &json);
    let threads = json["threads"].as_array().unwrap();
    assert_eq!(threads.len(), 1101);
    let sum = |key: &str| threads.iter().filter_map(|t| t[key].as_u64()).sum::<u64>();
    assert_eq!(Some(sum("retired")), json["retired"].as_u64());
    let tids: std::collections::BTreeSet<u64> =
        threads.iter().filter_map(|t| t["tid"].as_u64()).collect();
    assert_eq!(tids.len(), 1101);
    let named = |name: &str| threads.iter().filter(|t| t["name"] == name).count();
    assert_eq!((named("link"), named("last")), (1099, 1), "{json}");
    for t in threads {
        let (start, end) = (t["start"].as_f64().unwrap(), t["end"].as_f64().unwrap());
        assert!(0.0 <= start && start <= end, "{t}");
        assert_eq!(t["cycles"].as_array().unwrap().len(), 2, "{t}");
    }
    assert!(out.stderr.contains("the longest, thread "), "{out:?}");
}

#[test]
fn children_are_measured_where_they_are_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    executable(&script, &format!("#!{} script\n", table()));
    let program = [table(), "children", script.to_str().unwrap()];
    let (out, all) = priced_json(&[], &program);
    assert!(out.code == 0 && out.stdout == "children 5 6 7\n", "{out:?}");
    is_whole(&out, &all);
    let processes = all["processes"].as_array().unwrap();
    // The first, three children, and what two of these became.
    assert_eq!(processes.len(), 6, "{all}");
    let of = |i: usize| processes[i]["retired"].as_u64().unwrap();
    let sum: u64 = (0..6).map(of).sum();
    assert_eq!(Some(sum), all["retired"].as_u64());
    // compute() takes some six instructions a turn.
    let forked = processes.iter().filter(|p| p["before"] == 1);
    assert_eq!(forked.count(), 3);
    assert!((0..6).filter(|i| of(*i) > 500_000).count() == 3, "{all}");
    let named = |name: &str| processes.iter().any(|p| p["program"] == name);
    assert!(named(table()) && named(script.to_str().unwrap()), "{all}");
    assert!(out.stderr.contains("in 4 processes"), "{out:?}");

    let (out, one) = priced_json(&["--no-children"], &program);
    assert!(out.code == 0 && out.stdout == "children 5 6 7\n", "{out:?}");
    is_whole(&out, &one);
    assert!(one["retired"].as_u64() < Some(500_000), "{one}");
}

#[test]
fn a_program_that_goes_into_the_background_is_followed() {
    let (out, json) = priced_json(&[], &[table(), "background"]);
    assert_eq!(out.code, 0, "{out:?}");
    is_whole(&out, &json);
    assert!(json["retired"].as_u64() > Some(1_500_000), "{json}");
}

#[test]
fn a_program_that_leaves_riscv_is_told() {
    let (out, json) = priced_json(&[], &[table(), "host"]);
    assert!(out.code == 0 && out.stdout == "left\n", "{out:?}");
    let reasons = json["partial"]["reasons"].to_string();
    assert!(reasons.contains("it became /bin/echo"), "{json}");
    assert_eq!(json["partial"]["share"], 1.0, "{json}");
    let (out, json) = priced_json(&[], &[table(), "execs"]);
    assert!(out.code == 0 && out.stdout == "execs: 1 1\n", "{out:?}");
    is_whole(&out, &json);
}

/// As many instructions as another counter sees begin, less one for each that faulted.
#[test]
fn faults_are_no_retirements() {
    const V: &[&str] = &["-cpu", "rv64,v=true,vext_spec=v1.0"];
    for (what, faults) in [
        ("scalar", 100),
        ("conditional", 50),
        ("illegal", 100),
        ("vectors", 100),
        ("segv", 1),
    ] {
        let flags = ["--clean-env", "--cpu", V[1]];
        let (out, json) = priced_json(&flags, &[table(), what]);
        if what == "segv" {
            assert_eq!(out.code, 128 + 11, "{out:?}");
            assert!(out.stderr.contains("was killed by SIGSEGV"), "{out:?}");
        } else {
            assert_eq!(out.stdout, format!("faults {faults}\n"), "{out:?}");
        }
        is_whole(&out, &json);
        let begun = begun(V, &[table(), what]);
        assert_eq!(json["retired"].as_u64(), Some(begun - faults), "{what}");
        // The same where hardly anything is looked at.
        let quick = "--sample 4000 --unit 64 --warming 100 --clean-env --cpu";
        let quick: Vec<_> = quick.split(' ').chain([V[1]]).collect();
        let (_, json) = priced_json(&quick, &[table(), what]);
        assert_eq!(json["retired"].as_u64(), Some(begun - faults), "{what}");
        assert!(unseen(&json) > 0, "{json}");
        assert!(json["partial"].is_null(), "{json}");
    }
}

/// Instructions that the plugin only counted.
fn unseen(json: &Value) -> u64 {
    let threads = json["threads"].as_array().unwrap().iter();
    threads.filter_map(|t| t["unseen"].as_u64()).sum()
}

/// What the plugin leaves out changes no bit of what is measured, in any thread or process.
#[test]
fn what_is_left_out_is_what_nobody_wants() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    executable(&script, &format!("#!{} script\n", table()));
    let script = script.to_str().unwrap();
    for program in [
        &[guest(), "compute"][..],
        &[guest(), "faults"],
        &[guest(), "atomics"],
        &[guest(), "abort"],
        &[guest_dynamic(), "compute"],
        &[table(), "vectors"],
        &[table(), "children", script],
    ] {
        let run = |more: &[&str]| {
            let settings = "--clean-env --cpu rv64,v=true,vext_spec=v1.0 --seed 5 --threads 0 --sample 3000 --unit 64 --warming 300";
            let settings: Vec<_> = settings.split(' ').chain(more.iter().copied()).collect();
            let (_, mut json) = priced_json(&settings, program);
            let unseen = unseen(&json);
            json["region"].take();
            for kind in ["threads", "processes"] {
                for one in json[kind].as_array_mut().unwrap() {
                    // What differs from run to run, and what is meant to differ.
                    for key in ["tid", "pid", "start", "end", "unseen"] {
                        one[key].take();
                    }
                }
            }
            (unseen, json)
        };
        let (left_out, quick) = run(&[]);
        // A region's end is looked for in everything.
        let (nothing, loud) = run(&["--first", "1000000000"]);
        assert_eq!((nothing, &quick), (0, &loud), "{program:?}");
        assert!(left_out > 2000, "{left_out}: {program:?}");
    }
}

/// The error of bounded warming, by two runs of the command and a saved vector.
#[test]
fn intervals_hold_what_more_warming_would_have_changed() {
    let dir = tempfile::tempdir().unwrap();
    let vector = dir.path().join("v.safetensors").display().to_string();
    for program in [&[guest(), "compute"][..], &[guest(), "fork"]] {
        let run = |warming: &str, more: &[&str]| {
            let settings = "--clean-env --sample 3000 --unit 64 --warming";
            let settings: Vec<_> = settings.split(' ').chain([warming]).collect();
            priced_json(&[&settings, more].concat(), program).1
        };
        let (longer, shorter) = (run("400", &["--vector", &vector]), run("100", &[]));
        let file = dir.path().join("p").display().to_string();
        let out = priced(&["predict", "--json", &file, &vector]);
        assert_eq!(out.code, 0, "{out:?}");
        let of = |json: &Value, k: usize, key: &str| json["microarchs"][k][key].as_f64().unwrap();
        let mut errors = 0.0;
        for k in 0..2 {
            let error = of(&longer, k, "warming_error");
            let [long, short] = [&longer, &shorter].map(|j| of(j, k, "cycles"));
            // Of several streams errors add up whatever their signs.
            let changed = (short / long - 1.0).abs();
            assert!(error >= changed - 1e-9, "{error} {changed}");
            if program[1] == "compute" {
                assert!((error - changed).abs() < 1e-9, "{error} {changed}");
                let sampled = of(&json(&file)[0], k, "half_width");
                let both = of(&longer, k, "half_width");
                assert!(
                    (both - sampled - error).abs() < 1e-9,
                    "{both} {sampled} {error}"
                );
            }
            errors += error;
        }
        assert!(errors > 0.0, "{longer}");
        let exact = priced_json(&["--sample", "3000", "--unit", "64"], program).1;
        assert!(exact["microarchs"][0]["warming_error"].is_null(), "{exact}");
    }
    let out = priced(&[
        "run",
        "--quick",
        "--json",
        &vector,
        "--",
        guest(),
        "compute",
    ]);
    // Too short for a unit.
    assert!(
        out.stderr.contains("no sampling unit lies in its"),
        "{out:?}"
    );
    let out = perfvec(&[
        "run",
        "--quick",
        "--sample",
        "9000",
        "--",
        guest(),
        "compute",
    ]);
    assert!(
        out.code != 0 && out.stderr.contains("cannot be used with"),
        "{out:?}"
    );
}

type Lines = BufReader<std::process::ChildStdout>;

/// Starts a run, and waits until the program says that it is ready.
fn start(command: &mut Command, options: &[&str], program: &[&str]) -> (Child, Lines) {
    let mut child = command
        .args(["run", "--model"])
        .arg(model())
        .args(options)
        .arg("--")
        .args(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    (child, out)
}

fn kill(how: &[&str]) {
    assert!(Command::new("kill").args(how).status().unwrap().success());
}

/// As `qemu-glue/README.md` says: of a tenth of a second without an instruction they tell millions.
#[test]
fn the_clocks_of_a_program_are_the_hosts() {
    let (out, json) = priced_json(&[], &[table(), "clocks"]);
    let retired = json["retired"].as_u64().unwrap();
    let told: Vec<u64> = out
        .stdout
        .split_whitespace()
        .map(|w| w.parse().unwrap())
        .collect();
    assert_eq!(told.len(), 3, "{out:?}");
    assert!(told.iter().all(|n| *n > 10 * retired), "{out:?} {retired}");
}

/// A number of kB in what the kernel tells of a process, which has none when it has ended.
fn memory_of(process: u32, key: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn memory(child: &Child, key: &str) -> u64 {
    memory_of(child.id(), key).unwrap()
}

#[test]
fn threads_take_a_few_mb_each() {
    let mut command = with_plugin(env!("CARGO_BIN_EXE_perfvec"));
    let (child, _out) = start(&mut command, &[], &[table(), "hold", "200"]);
    let each = memory(&child, "VmHWM:") / 200;
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{out:?}");
    assert!(each < 4096, "{each} kB");
}

/// A static instruction takes some 100 bytes, and there may be any number of them:
/// `qemu-glue/README.md` has what 20 million take.
#[test]
fn code_that_is_made_as_the_program_runs_is_measured() {
    let mut most = [0; 2];
    for (mib, most) in ["1", "5"].into_iter().zip(&mut most) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("j");
        let mut command = with_plugin(env!("CARGO_BIN_EXE_perfvec"));
        command.args(["run", "--core", "rocket-like", "--clean-env", "--json"]);
        command.arg(&file).args(["--", table(), "code", mib]);
        *most = peak(&mut command);
        let json = json(&file);
        assert!(json["partial"].is_null(), "{json}");
        let retired = json["retired"].as_u64();
        assert_eq!(retired, Some(begun(&[], &[table(), "code", mib])));
        assert!(retired > Some(mib.parse::<u64>().unwrap() << 19));
    }
    let each = (most[1] - most[0]) * 1024 / (4 << 19);
    assert!((1..300).contains(&each), "{each} bytes");
}

/// Runs to success; the most kB that the command itself held.
fn peak(command: &mut Command) -> u64 {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = memory_of(child.id(), "VmHWM:").unwrap_or(most);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success());
    most
}

/// Where there is nothing left for the thread that would read one of the program's, the program runs
/// on, and the result says what it is not of.
#[test]
fn a_thread_that_gets_no_memory_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("j");
    let mut command = with_plugin(env!("CARGO_BIN_EXE_perfvec"));
    let options = [
        "--threads",
        "0",
        "--sample",
        "1000",
        "--unit",
        "64",
        "--json",
    ];
    let options = [&options[..], &[file.to_str().unwrap()]].concat();
    let (child, _out) = start(&mut command, &options, &[table(), "later", "3"]);
    // Less than a thread's stack.
    let most = (memory(&child, "VmSize:") + 1024) * 1024;
    let limit = Command::new("prlimit")
        .args(["--pid", &child.id().to_string(), &format!("--as={most}")])
        .status();
    assert!(limit.unwrap().success());
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let json = json(&file);
    let reasons = json["partial"]["reasons"].as_array().unwrap();
    // A thread that comes when an earlier one has ended may find the memory of that one.
    assert!((1..=3).contains(&reasons.len()), "{json}");
    let told = |r: &serde_json::Value| r.as_str().unwrap().starts_with("thread ");
    assert!(reasons.iter().all(told), "{json}");
    let of = |key: &str| json["partial"][key].as_u64().unwrap();
    // Each takes some six instructions for each of 2000 turns.
    let missing = (of("retired") - of("in_result")) / reasons.len() as u64;
    assert!((10_000..20_000).contains(&missing), "{json}");
    assert_eq!(json["retired"].as_u64(), Some(of("in_result")));
}

/// The guest's exit code is how often the signal came.
#[test]
fn signals_reach_the_program_once() {
    for (number, group) in [("15", true), ("15", false), ("2", false), ("10", false)] {
        let mut command = with_plugin(env!("CARGO_BIN_EXE_perfvec"));
        let (child, _out) = start(command.process_group(0), &[], &[table(), "counted", number]);
        let sign = if group { "-" } else { "" };
        kill(&[
            &format!("-{number}"),
            "--",
            &format!("{sign}{}", child.id()),
        ]);
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(1), "{number} {group}: {out:?}");
    }
}

/// Processes whose command line holds `text`.
fn running(text: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|p| std::fs::read(p.path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).contains(text))
        .count()
}

#[test]
fn without_perfvec_nothing_goes_on_and_nothing_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("spinning-program").display().to_string();
    std::fs::copy(table(), &copy).unwrap();
    let mut command = with_plugin(env!("CARGO_BIN_EXE_perfvec"));
    let (mut child, _out) = start(command.env("TMPDIR", dir.path()), &[], &[&copy, "spin"]);
    kill(&["-9", &child.id().to_string()]);
    child.wait().unwrap();
    // The kernel ends it; how soon is the kernel's business.
    while running(&copy) > 0 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// What was measured before the end of the program is there after it.
#[test]
fn a_program_that_is_killed_keeps_its_result() {
    let mut command = with_plugin(env!("CARGO_BIN_EXE_perfvec"));
    let copy = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    std::fs::copy(table(), &copy).unwrap();
    let name = copy.to_str().unwrap().to_string();
    executable_mode(&copy);
    let (child, _out) = start(&mut command, &[], &[&name, "spin"]);
    let guest = std::fs::read_dir("/proc").unwrap().flatten().find(|p| {
        let file = |what: &str| std::fs::read(p.path().join(what)).unwrap_or_default();
        let line = String::from_utf8_lossy(&file("cmdline")).into_owned();
        line.contains(&name) && line.contains("memory=")
    });
    kill(&["-9", guest.unwrap().file_name().to_str().unwrap()]);
    let out = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(128 + 9), "{text}");
    assert!(
        text.contains("three") && text.contains("was killed by SIGKILL"),
        "{text}"
    );
    assert!(
        text.contains("partial result") && text.contains("(100.0%)"),
        "{text}"
    );
}

fn executable_mode(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn an_unknown_instruction_gets_a_hint() {
    let out = priced(&["run", "--", table(), "vector"]);
    assert_eq!(out.code, 128 + 4, "{out:?}");
    assert!(out.stderr.contains("--cpu"), "{out:?}");
    let cpu = "rv64,v=true,vext_spec=v1.0";
    let out = priced(&["run", "--cpu", cpu, "--", table(), "vector"]);
    assert!(out.code == 0 && out.stdout == "vectors\n", "{out:?}");
}

#[test]
fn the_environment_is_the_users_choice() {
    let set = ["--clean-env", "--env", "A=b,c=d", "--env", "E="];
    let out = priced(&[&["run"], &set[..], &["--", table(), "environment"]].concat());
    // QEMU turns the order around.
    let mut lines: Vec<&str> = out.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        (out.code, &lines[..]),
        (0, &["A=b,c=d", "E="][..]),
        "{out:?}"
    );
    let out = priced(&["run", "--env", "novalue", "--", table(), "environment"]);
    assert!(
        out.code == 125 && out.stderr.contains("NAME=VALUE"),
        "{out:?}"
    );
}

#[test]
fn arguments_may_be_any_bytes() {
    let model = model();
    let args = [
        OsStr::new("run"),
        OsStr::new("--model"),
        model.as_os_str(),
        OsStr::new("--"),
        OsStr::new(table()),
        OsStr::new("arguments"),
        OsStr::from_bytes(b"\xff\xfe"),
    ];
    let out = run(&args, "");
    assert_eq!((out.code, out.stdout.as_str()), (0, "fffe"), "{out:?}");
}

#[test]
fn a_script_is_a_program() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    executable(&script, &format!("#! {}\tscript \n", table()));
    let (out, json) = priced_json(&[], &[script.to_str().unwrap(), "9"]);
    assert_eq!(out.code, 9, "{out:?}");
    is_whole(&out, &json);
}

/// Of two files of one name the second would replace the first.
#[test]
fn no_output_destroys_another_or_an_input() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (both, link, program) = (path("both"), path("link"), path("program"));
    std::fs::copy(table(), &program).unwrap();
    std::os::unix::fs::symlink(&program, &link).unwrap();
    let before = std::fs::read(&program).unwrap();
    let refused = |args: &[&str], model: bool| {
        let out = if model { priced(args) } else { perfvec(args) };
        assert!(out.code == 125 || out.code == 2, "{out:?}");
        assert!(out.stderr.contains("the same file"), "{out:?}");
    };
    let dotted = format!("{}/./both", dir.path().display());
    refused(
        &["run", "--json", &both, "--vector", &dotted, "--", &program],
        true,
    );
    refused(&["run", "--json", &program, "--", &program], true);
    refused(
        &["record", "-o", &link, "--", &program, "work", "10", "0"],
        false,
    );
    let trace = path("a.pvt");
    let out = perfvec(&["record", "-o", &trace, "--", &program, "work", "10", "0"]);
    assert_eq!(out.code, 0, "{out:?}");
    refused(&["features", &trace, "-o", &trace], false);
    refused(&["replay", &trace, "--json", &trace], true);
    assert_eq!(std::fs::read(&program).unwrap(), before);
}

/// A stream of cheap instructions, with `late` dear ones at its end: loads that find nothing in any
/// cache.
fn stream(path: &Path, cheap: u64, late: u64) {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lua.pvt");
    let header = trace::open(bundled).unwrap().header().clone();
    let mut writer = Writer::create(path, header).unwrap();
    let add = StaticInst::new(0x1_0000, OpClass::IntAlu, 4);
    let mut load = StaticInst::new(0x1_0004, OpClass::MemRead, 4);
    load.flags = InstFlags::LOAD;
    (load.access_size, load.num_dst) = (8, 1);
    let (add, load) = (writer.intern(&add).unwrap(), writer.intern(&load).unwrap());
    let mut at = 0u64;
    for i in 0..cheap + late {
        at = at.wrapping_mul(6364136223846793005).wrapping_add(1);
        let (inst, address) = match i < cheap {
            true => (add, 0),
            false => (load, (at >> 34) * 64),
        };
        let r = Retirement {
            inst,
            address,
            ..Retirement::default()
        };
        writer.retire(&r).unwrap();
    }
    writer.finish().unwrap();
}

/// Nothing could have told of what comes in the last part of a stream: that the target was missed is
/// said, in every format.
#[test]
fn a_target_that_is_missed_is_told_and_one_that_is_met_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (trace, file) = (path("t.pvt"), path("j"));
    let base = ["replay", "--core", "rocket-like", "--json", &file];
    let mode = ["--sample-error", "1%", "--unit", "64"];
    let said = "target missed: --sample-error 1% asked for, but the 95% interval of 1 of 1 cores";
    for (late, missed) in [(0, false), (20_000, true)] {
        stream(trace.as_ref(), 2_700_000, late);
        let out = perfvec(&[&base[..], &mode, &[&trace]].concat());
        assert_eq!(out.code, 0, "{out:?}");
        let target = json(&file)["target"].clone();
        assert_eq!(target["half_width"], 0.01);
        assert_eq!(target["met"], !missed, "{target}");
        let names = if missed { vec!["rocket-like"] } else { vec![] };
        assert_eq!(target["missed"], serde_json::json!(names));
        assert_eq!(out.stdout.contains(said), missed, "{out:?}");
        assert!(out.stdout.lines().all(|l| l.len() <= 80), "{out:?}");
        let csv = perfvec(&[&base[..], &mode, &["--format", "csv", &trace]].concat());
        assert!(!csv.stdout.contains("target"), "{csv:?}");
        assert_eq!(csv.stderr.contains(said), missed, "{csv:?}");
    }
    let out = perfvec(&[&base[..], &["--sample", "6400", "--unit", "64", &trace]].concat());
    assert!(!out.stdout.contains("target"), "{out:?}");
    assert!(json(&file)["target"].is_null());
}
