//! The C ABI from C and C++: builds the programs of tests/c and examples with every warning an
//! error, runs them against this build of the shared library, and reads its symbols.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory with the library, the test model and a table beside it.
struct Fixture {
    dir: tempfile::TempDir,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The shared library that cargo built along with this test.
fn library() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let library = here.with_file_name("libperfvec.so");
    assert!(library.is_file(), "{} is missing", library.display());
    library
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["libperfvec.so", "libperfvec.so.0"] {
            std::os::unix::fs::symlink(library(), dir.path().join(name)).unwrap();
        }
        for name in ["tiny.onnx", "tiny.safetensors"] {
            let from = root().join("tests/data/capi").join(name);
            std::fs::copy(from, dir.path().join(name)).unwrap();
        }
        Self { dir }
    }

    /// Builds a program with `compiler` and runs it; its standard output.
    fn run(&self, compiler: &[&str], source: &str) -> String {
        let program = self.dir.path().join("program");
        let include = format!("-I{}", root().join("include").display());
        let build = Command::new(compiler[0])
            .args(&compiler[1..])
            .args([
                "-Wall",
                "-Wextra",
                "-Werror",
                "-pedantic",
                "-O1",
                "-g",
                &include,
            ])
            .arg(root().join(source))
            .arg("-o")
            .arg(&program)
            .arg(format!("-L{}", self.dir.path().display()))
            .args(["-lperfvec", "-lpthread", "-lm"])
            .output()
            .unwrap();
        assert!(
            build.status.success(),
            "{}",
            String::from_utf8_lossy(&build.stderr)
        );
        let run = Command::new(&program)
            .current_dir(self.dir.path())
            .env("LD_LIBRARY_PATH", self.dir.path())
            .env("PERFVEC_MODEL", self.dir.path().join("tiny.onnx"))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{source}: {} {errors}", run.status);
        // The library is silent unless it is asked to log.
        assert!(errors.is_empty(), "{source}: {errors}");
        String::from_utf8(run.stdout).unwrap()
    }
}

const C: &[&str] = &["cc", "-std=gnu11"];
const CPP: &[&str] = &["c++", "-std=c++17"];
const C_AS_CPP: &[&str] = &["c++", "-std=c++17", "-x", "c++"];

#[test]
fn layout_in_c_and_in_cpp() {
    Fixture::new().run(C, "tests/c/layout.c");
    Fixture::new().run(C_AS_CPP, "tests/c/layout.c");
}

#[test]
fn misuse_is_refused() {
    Fixture::new().run(C, "tests/c/misuse.c");
}

#[test]
fn streams() {
    Fixture::new().run(C, "tests/c/stream.c");
}

#[test]
fn lists_of_cores() {
    Fixture::new().run(C, "tests/c/cores.c");
}

#[test]
fn threads() {
    Fixture::new().run(C, "tests/c/threads.c");
}

#[test]
fn fork() {
    Fixture::new().run(C, "tests/c/fork.c");
}

#[test]
fn recording_and_calibration() {
    Fixture::new().run(C, "tests/c/record.c");
}

#[test]
fn regions() {
    Fixture::new().run(C, "tests/c/region.c");
}

#[test]
fn the_cpp_wrapper() {
    Fixture::new().run(CPP, "tests/c/wrapper.cpp");
}

/// Both examples print the same estimates for both cores.
#[test]
fn examples() {
    let c = Fixture::new().run(C, "examples/c/toy_simulator.c");
    let lines: Vec<&str> = c.lines().collect();
    assert_eq!(lines.len(), 2, "{c}");
    assert!(
        lines[0].starts_with("one ") && lines[1].starts_with("three "),
        "{c}"
    );
    let cpi = |line: &str| -> f64 {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|w| *w == "CPI").unwrap();
        words[at - 1].parse().unwrap()
    };
    assert!(cpi(lines[0]) > 0.0);
    assert!((cpi(lines[1]) / cpi(lines[0]) - 3.0).abs() < 0.01, "{c}");
    let cpp = Fixture::new().run(CPP, "examples/cpp/toy_simulator.cpp");
    assert_eq!(
        cpp.lines().filter(|l| l.starts_with("interval ")).count(),
        5,
        "{cpp}"
    );
    let last: Vec<&str> = cpp.lines().rev().take(2).collect();
    assert_eq!(cpi(last[1]), cpi(lines[0]), "{c}{cpp}");
}

/// The model is found beside the library, and a failure lists where it was looked for.
#[test]
fn the_default_model_is_looked_for_in_stated_places() {
    let f = Fixture::new();
    let program = f.dir.path().join("program");
    let source = f.dir.path().join("default.c");
    let code = "#include <perfvec.h>\n#include <stdio.h>\nint main(void) { perfvec_model *m; \
        perfvec_status s = perfvec_model_load(NULL, 0, &m); puts(s ? perfvec_last_error() : \"ok\"); \
        perfvec_model_free(m); return s; }\n";
    std::fs::write(&source, code).unwrap();
    let built = Command::new("cc")
        .arg(format!("-I{}", root().join("include").display()))
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .arg(format!("-L{}", f.dir.path().display()))
        .arg("-lperfvec")
        .status()
        .unwrap();
    assert!(built.success());
    // Real copies, as installed: PREFIX/lib beside PREFIX/share, and as Debian has it.
    let prefix = f.dir.path().join("prefix");
    let folders = ["lib/x86_64-linux-gnu", "lib"];
    for folder in folders {
        std::fs::create_dir_all(prefix.join(folder)).unwrap();
        std::fs::copy(library(), prefix.join(folder).join("libperfvec.so.0")).unwrap();
    }
    let run = |folder| {
        let out = Command::new(&program)
            .env_clear()
            .env("LD_LIBRARY_PATH", prefix.join(folder))
            .env("XDG_DATA_HOME", prefix.join("data"))
            .env("XDG_DATA_DIRS", prefix.join("dirs"))
            .output()
            .unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, text) = run("lib");
    assert_eq!(code, Some(perfvec::ErrorKind::NotFound as i32), "{text}");
    for place in [
        "PERFVEC_MODEL",
        "share/perfvec",
        "data/perfvec",
        "dirs/perfvec",
    ] {
        assert!(text.contains(place), "{place} is not in: {text}");
    }
    let share = prefix.join("share/perfvec");
    std::fs::create_dir_all(&share).unwrap();
    let name = perfvec::model::locate::DEFAULT_MODEL;
    std::fs::copy(root().join("tests/data/capi/tiny.onnx"), share.join(name)).unwrap();
    for folder in folders {
        assert_eq!(run(folder), (Some(0), "ok\n".into()), "{folder}");
    }
}

/// Nothing but the ABI is exported.
#[test]
fn only_perfvec_symbols_are_exported() {
    let out = Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(library())
        .output()
        .unwrap();
    assert!(out.status.success());
    let text = String::from_utf8(out.stdout).unwrap();
    let names: Vec<&str> = text
        .lines()
        .filter_map(|l| l.split_whitespace().last())
        .collect();
    let header = std::fs::read_to_string(root().join("include/perfvec.h")).unwrap();
    for name in &names {
        assert!(name.starts_with("perfvec_"), "{name} is exported");
        assert!(
            header.contains(&format!("{name}(")),
            "{name} is not in the header"
        );
    }
    assert!(names.contains(&"perfvec_session_retire"), "{names:?}");
}
