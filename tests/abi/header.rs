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
    "model",
    "microarchs",
    "config",
    "session",
    "stream",
    "interval",
    "estimates",
    "snapshot",
    "recorder",
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

/// A new file in src/capi with exported functions must join the list.
#[test]
fn every_exported_function_is_in_the_header() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = generate();
    let mut exported = 0;
    for file in std::fs::read_dir(root.join("src/capi")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for part in text.split("#[no_mangle]").skip(1) {
            let name = part.split("fn ").nth(1).unwrap().split('(').next().unwrap();
            assert!(name.starts_with("perfvec_"), "{name} lacks the prefix");
            assert!(
                header.contains(&format!("{name}(")),
                "{name} is not in the header"
            );
            exported += 1;
        }
    }
    assert!(exported > 10);
}
