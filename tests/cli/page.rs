//! Pages of `--report`; `tests/page.py` opens them in a browser.

use crate::ran;
use perfvec::inst::{OpClass, Retirement, StaticInst};
use perfvec::trace::{Header, Writer};
use serde_json::Value;
use std::path::Path;

fn perfvec(args: &[&str]) -> (i32, String) {
    let (code, _, err) = ran(args);
    (code, err)
}

/// What a browser finds in the page's element of data: up to the first end tag.
pub fn data(page: &Path) -> Value {
    let page = std::fs::read_to_string(page).unwrap();
    let start = "<script type=\"application/json\" id=\"data\">";
    let (_, rest) = page.split_once(start).unwrap();
    serde_json::from_str(rest.split_once("</script").unwrap().0).unwrap()
}

/// A short trace of a program that is called `program`.
fn trace(path: &Path, program: &str) {
    let header = Header {
        isa: "riscv64".into(),
        program: program.into(),
        ..Header::default()
    };
    let mut writer = Writer::create(path, header).unwrap();
    let inst = StaticInst::new(0x1000, OpClass::IntAlu, 4);
    let inst = writer.intern(&inst).unwrap();
    for _ in 0..5000 {
        let r = Retirement {
            inst,
            ..Retirement::default()
        };
        writer.retire(&r).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn a_page_holds_the_json_whatever_the_program_is_called() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_string();
    let name = "</script><script>alert(1)</script><!-- @@data@@";
    trace(Path::new(&at("t.pvt")), name);
    let (page, json) = (at("p.html"), at("p.json"));
    let (code, err) = perfvec(&[
        "replay",
        &at("t.pvt"),
        "--interval",
        "1000",
        "--only",
        "boom",
        "--report",
        &page,
        "--json",
        &json,
    ]);
    assert_eq!(code, 0, "{err}");
    let found = data(Path::new(&page));
    let written: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(found["result"], written);
    assert_eq!(written["program"], name);
    assert_eq!(written["intervals"].as_array().unwrap().len(), 5);
    let shown = found["shown"].as_array().unwrap();
    assert!(!shown.is_empty() && shown.iter().all(|s| s.as_str().unwrap().contains("boom")));
    let command = found["command"].as_array().unwrap();
    assert!(command.contains(&"--report".into()) && command.contains(&page.into()));
    assert_eq!(found["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_page_that_cannot_be_written_is_told_before_the_work() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_string();
    trace(Path::new(&at("t.pvt")), "p");
    let (code, err) = perfvec(&["replay", &at("t.pvt"), "--report", &at("none/p.html")]);
    assert!(code == 2 && err.contains("none/p.html"), "{err}");
    let (code, err) = perfvec(&[
        "replay",
        &at("t.pvt"),
        "--report",
        &at("x"),
        "--json",
        &at("x"),
    ]);
    assert!(
        code == 2 && err.contains("--report") && err.contains("the same file"),
        "{err}"
    );
    let (code, err) = perfvec(&["replay", &at("t.pvt"), "--report", &at("t.pvt")]);
    assert!(code == 2 && err.contains("the input"), "{err}");
    assert!(!Path::new(&at("x")).exists());
}
