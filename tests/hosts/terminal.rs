//! What a person sees: width, formats, colour.

use crate::guests::*;
use std::process::{Command, Stdio};

fn replay(args: &[&str]) -> String {
    let all = [&["replay", "--sample", "200000"][..], args].concat();
    let out = perfvec(&all);
    assert_eq!(out.code, 0, "{out:?}");
    out.stdout
}

#[test]
fn the_table_fits_80_columns_and_the_formats_agree() {
    let table = replay(&[]);
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{table}"
    );
    let json: serde_json::Value = serde_json::from_str(&replay(&["--format", "json"])).unwrap();
    let cores = json["microarchs"].as_array().unwrap();
    let csv = replay(&["--format", "csv"]);
    let mut lines = csv.lines();
    let heading = "program,microarch,clock_hz,cpi,cycles,seconds,half_width";
    assert_eq!(lines.next(), Some(heading));
    assert_eq!(csv.lines().count(), cores.len() + 1);
    for (line, core) in lines.zip(cores) {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields[1], core["name"]);
        for (n, key) in [(3, "cpi"), (4, "cycles"), (6, "half_width")] {
            assert_eq!(
                fields[n].parse::<f64>().unwrap(),
                core[key].as_f64().unwrap()
            );
        }
        assert!(table.contains(fields[1]));
    }
    let few = replay(&["--format", "csv", "--only", "boom"]);
    assert!(few.lines().count() < csv.lines().count() && few.lines().count() > 1);
}

/// What a terminal gets of `perfvec replay`, with `NO_COLOR` set or not.
fn on_a_terminal(no_color: bool) -> String {
    let command = format!("{} replay --sample 200000", env!("CARGO_BIN_EXE_perfvec"));
    let dir = tempfile::tempdir().unwrap();
    let mut script = Command::new("script");
    script.args(["-qec", &command, "typescript"]);
    script.env("TERM", "xterm").env_remove("NO_COLOR");
    if no_color {
        script.env("NO_COLOR", "1");
    }
    let script = script.current_dir(dir.path()).stdin(Stdio::null());
    let out = script.output().expect("script(1), of the package bsdutils");
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn a_terminal_gets_colour_unless_it_is_not_wanted_and_hints() {
    const BOLD: &str = "\x1b[1m";
    let shown = on_a_terminal(false);
    assert!(
        shown.contains(BOLD) && shown.contains("next: "),
        "{shown:?}"
    );
    let plain = on_a_terminal(true);
    assert!(
        !plain.contains(BOLD) && plain.contains("microarch"),
        "{plain:?}"
    );
    let piped = replay(&["--only", "like"]);
    assert!(
        !piped.contains('\x1b') && !piped.contains("next: "),
        "{piped:?}"
    );
}
