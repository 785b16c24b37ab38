//! book/src/troubleshooting.md quotes error texts: they must be those of the sources, and every
//! status must have a row.

use std::path::{Path, PathBuf};

/// The system's.
const NOT_OURS: [&str; 1] = ["No space left on device"];

fn sources(folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            *out += &std::fs::read_to_string(path).unwrap();
        }
    }
}

/// What the literals of `code` say, with `...` for what is filled in.
fn texts(code: &str) -> String {
    let code = code.replace("\\\"", "\"");
    let mut joined = String::new();
    for line in code.lines() {
        match joined.strip_suffix('\\') {
            // A literal that goes on where the next line's text begins.
            Some(before) => joined = before.to_string() + line.trim_start(),
            None => joined = joined + "\n" + line,
        }
    }
    let mut out = String::new();
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        out += before;
        match after.split_once('}') {
            Some((name, after)) if !name.contains(['\n', '{']) => {
                out += "...";
                rest = after;
            }
            _ => rest = after,
        }
    }
    out + rest
}

#[test]
fn every_text_is_one_of_the_sources_and_every_status_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("book/src/troubleshooting.md")).unwrap();
    let header = std::fs::read_to_string(root.join("include/perfvec.h")).unwrap();
    let mut code = String::new();
    sources(&root.join("src"), &mut code);
    let said = texts(&code);
    let (mut quoted, mut statuses, mut unknown) = (0, 0, vec![]);
    for row in page.lines().filter(|l| l.starts_with("| `")) {
        let first = row[2..].split(" | ").next().unwrap();
        if let Some(status) = first.strip_prefix("`PERFVEC_ERR_") {
            let (name, number) = status.split_once("` (").unwrap();
            let define = format!(
                "#define PERFVEC_ERR_{name} {}\n",
                number.trim_end_matches(')')
            );
            assert!(header.contains(&define), "{row}");
            statuses += 1;
            continue;
        }
        for text in first.split('`').skip(1).step_by(2) {
            let bare = text
                .trim_start_matches("...")
                .trim_end_matches("...")
                .trim();
            let known = said.contains(bare) || NOT_OURS.contains(&bare);
            unknown.extend((!known).then(|| bare.to_string()));
            quoted += 1;
        }
    }
    assert!(unknown.is_empty(), "no source says {unknown:#?}");
    assert!(quoted > 40, "{quoted} texts");
    assert_eq!(statuses, header.matches("#define PERFVEC_ERR_").count());
}
