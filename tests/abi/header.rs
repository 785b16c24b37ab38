//! `include/perfvec.h` is what cbindgen makes of `src/capi`.
//!
//! After a change there: `PERFVEC_WRITE_HEADER=1 cargo test --test abi header`.

use std::path::Path;

/// The order of the header.
const SOURCES: &[&str] = &[
    "version",
    "status",
    "log",
    "constants",
    "inst",
    "rules",
    "model",
    "microarchs",
    "config",
    "session",
    "stream",
    "interval",
    "estimates",
    "snapshot",
    "recorder",
    "region",
    "calibrator",
];

fn generate() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = SOURCES.iter().fold(builder, |b, name| {
        b.with_src(root.join(format!("src/capi/{name}.rs")))
    });
    let mut bytes = Vec::new();
    builder.generate().expect("src/capi").write(&mut bytes);
    String::from_utf8(bytes).expect("the header is UTF-8")
}

#[test]
fn the_committed_header_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/perfvec.h");
    let fresh = generate();
    if std::env::var_os("PERFVEC_WRITE_HEADER").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    let differs = committed
        .lines()
        .zip(fresh.lines())
        .position(|(a, b)| a != b);
    assert!(
        committed == fresh,
        "include/perfvec.h is stale from line {:?}: run PERFVEC_WRITE_HEADER=1 cargo test --test abi header",
        differs.map(|line| line + 1)
    );
}

/// perfvec.hpp leaves no call out.
#[test]
fn the_cpp_wrapper_covers_every_call() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wrapper = std::fs::read_to_string(root.join("include/perfvec.hpp")).unwrap();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: std::collections::HashSet<&str> = wrapper.split(|c| !is_word(c)).collect();
    let names = exported();
    assert!(names.len() > 40);
    let missing: Vec<_> = names
        .iter()
        .filter(|n| !words.contains(n.as_str()))
        .collect();
    assert!(missing.is_empty(), "perfvec.hpp does not use {missing:?}");
}

/// The calls of src/capi.
fn exported() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = vec![];
    for file in std::fs::read_dir(root.join("src/capi")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for part in text.split("#[no_mangle]").skip(1) {
            let name = part.split("fn ").nth(1).unwrap().split('(').next().unwrap();
            names.push(name.to_owned());
        }
    }
    names
}

/// A call is named after the object that it works on.
#[test]
fn every_call_has_the_prefix_of_its_object() {
    const OBJECTS: &[&str] = &[
        "status",
        "log",
        "op_class",
        "static_inst",
        "rules",
        "model",
        "microarchs",
        "config",
        "session",
        "recorder",
        "calibrator",
    ];
    const OF_THE_LIBRARY: &[&str] = &[
        "perfvec_version",
        "perfvec_abi_version",
        "perfvec_last_error",
    ];
    for name in exported()
        .iter()
        .filter(|n| !OF_THE_LIBRARY.contains(&n.as_str()))
    {
        let of_object = |object: &&str| name.starts_with(&format!("perfvec_{object}_"));
        assert!(OBJECTS.iter().any(of_object), "{name}");
    }
    // Whatever can be made can be freed, and is freed by that name.
    for handle in ["model", "microarchs", "session", "recorder", "calibrator"] {
        let names = exported();
        let has = |verb: &str| names.contains(&format!("perfvec_{handle}_{verb}"));
        assert!(has("free") && (has("create") || has("load")), "{handle}");
    }
}

/// A new file in src/capi with exported functions must join the list.
#[test]
fn every_exported_function_is_in_the_header() {
    let header = generate();
    for name in exported() {
        assert!(name.starts_with("perfvec_"), "{name} lacks the prefix");
        assert!(
            header.contains(&format!("{name}(")),
            "{name} is not in the header"
        );
    }
}
