//! book/src/promises.md names a test for each promise: it must be there, and it must run.

use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Whether `source` has a test of that name which is not ignored.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let Some(at) = lines
        .iter()
        .position(|l| l.starts_with(&format!("fn {name}(")))
    else {
        return false;
    };
    let before = lines[..at].iter().rev();
    let attributes: Vec<_> = before.take_while(|l| l.starts_with("#[")).collect();
    attributes.contains(&&"#[test]") && !attributes.iter().any(|l| l.starts_with("#[ignore"))
}

/// What is wrong with what a row names: `FILE: TEST`, a C program, or a script.
fn complaint(named: &str) -> Option<String> {
    let runs = |path: &str, by: &str| {
        read(path);
        (!read(by).contains(path)).then(|| format!("{by} does not run {path}"))
    };
    match named.split_once(": ") {
        Some((file, test)) => {
            (!has_test(&read(file), test)).then(|| format!("{file} has no running test {test}"))
        }
        None if named.ends_with(".c") => runs(named, "tests/abi/programs.rs"),
        None => runs(named, ".ci/run"),
    }
}

#[test]
fn every_promise_names_tests_that_run() {
    let page = read("book/src/promises.md");
    let tables = page.split("| guarantee | tests |\n|---|---|\n").skip(1);
    let rows = tables.flat_map(|t| t.lines().take_while(|l| l.starts_with('|')));
    let mut checked = 0;
    for row in rows {
        let held_by = row
            .trim_end_matches([' ', '|'])
            .rsplit("| ")
            .next()
            .unwrap();
        let named: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for each in named {
            assert_eq!(complaint(each), None, "{row}");
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked} tests named");
}

#[test]
fn a_test_that_is_gone_or_ignored_is_noticed() {
    let source = "#[test]\nfn a() {}\n#[test]\n#[ignore = \"slow\"]\nfn b() {}\nfn c() {}\n";
    assert!(has_test(source, "a"));
    for name in ["b", "c", "d"] {
        assert!(!has_test(source, name), "{name}");
    }
    assert!(complaint("tests/abi/header.rs: no_such_test").is_some());
    assert!(complaint("build.rs").is_some());
}
