//! The C ABI against its baseline, tests/data/abi.txt: every change must be taken into the baseline,
//! where a reader of the commit sees it, with
//!
//!     PERFVEC_WRITE_ABI=1 cargo test --release --test abi baseline
//!
//! Within one ABI version calls, constants and fields may be added, and nothing else may change:
//! this refuses a change that breaks, unless it raises PERFVEC_ABI_VERSION. (Before the first
//! release nobody was compiled against version 1, so a baseline that was deleted is written anew.)

use std::collections::BTreeMap;
use std::path::Path;

/// Struct name to fields, each "type name[n]"; calls and constants as one line each.
#[derive(Debug, Default, Clone, PartialEq)]
struct Abi {
    lines: BTreeMap<String, String>,
    structs: BTreeMap<String, Vec<String>>,
}

/// The text without comments, with single blanks.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Abi {
    /// Reads a header that cbindgen made.
    fn of_header(text: &str) -> Self {
        let text = plain(text);
        let mut abi = Self::default();
        for line in text.lines().filter(|l| l.starts_with("#define PERFVEC_")) {
            let (name, value) = line["#define ".len()..].split_once(' ').unwrap_or_default();
            if !name.is_empty() {
                abi.lines
                    .insert(name.into(), format!("constant {name} {value}"));
            }
        }
        let code: String = text
            .lines()
            .filter(|l| !l.starts_with('#'))
            .fold(String::new(), |all, line| all + line + "\n");
        let code = code.replace("extern \"C\" {", "");
        let mut rest = code.as_str();
        while let Some(end) = rest.find([';', '{']) {
            let head = words(&rest[..end]);
            if rest[end..].starts_with('{') {
                let (body, after) = rest[end + 1..].split_once('}').expect("a struct ends");
                let (name, after) = after.split_once(';').expect("a typedef has a name");
                let fields = body.split(';').map(words).filter(|f| !f.is_empty());
                abi.structs.insert(words(name), fields.collect());
                rest = after;
                continue;
            }
            rest = &rest[end + 1..];
            let name = head
                .split(['(', ' ', '*'])
                .find(|w| w.starts_with("perfvec_") && head.contains(&format!("{w}(")));
            let callback = head
                .strip_prefix("typedef")
                .and_then(|t| t.split_once("(*"));
            match (callback, name) {
                (Some((_, after)), _) => {
                    let name = after.split_once(')').expect("a callback has a name").0;
                    abi.lines.insert(name.into(), format!("callback {head}"));
                }
                (None, Some(name)) => {
                    abi.lines.insert(name.into(), format!("call {head}"));
                }
                // Opaque handles and the status.
                (None, None) => {
                    if let Some(name) = head.split(' ').next_back().filter(|n| !n.is_empty()) {
                        abi.lines.insert(name.into(), format!("type {head}"));
                    }
                }
            }
        }
        abi
    }

    fn version(&self) -> &str {
        &self.lines["PERFVEC_ABI_VERSION"]
    }

    /// What a program compiled against `old` would trip over; empty where nothing.
    fn broken_since(&self, old: &Self) -> Vec<String> {
        let mut broken = vec![];
        for (name, line) in &old.lines {
            match self.lines.get(name) {
                Some(now) if now == line => {}
                Some(now) => broken.push(format!("was: {line}\n  is: {now}")),
                None => broken.push(format!("gone: {line}")),
            }
        }
        for (name, fields) in &old.structs {
            let Some(now) = self.structs.get(name) else {
                broken.push(format!("gone: struct {name}"));
                continue;
            };
            let grows = fields.first().is_some_and(|f| f == "uint32_t struct_size");
            if !now.starts_with(fields) {
                broken.push(format!(
                    "struct {name}: its first fields are not {fields:?}"
                ));
            } else if now.len() > fields.len() && !grows {
                broken.push(format!("struct {name} grows but carries no struct_size"));
            }
        }
        broken
    }

    /// Names that `old` does not have, or has with fewer fields.
    fn added_since(&self, old: &Self) -> Vec<&String> {
        let lines = self.lines.keys().filter(|n| !old.lines.contains_key(*n));
        let structs = (self.structs.iter())
            .filter(|(n, fields)| old.structs.get(*n) != Some(fields))
            .map(|(n, _)| n);
        lines.chain(structs).collect()
    }

    /// As the baseline file holds it.
    fn text(&self) -> String {
        let mut out = String::from("The C ABI, as tests/abi/baseline.rs wrote it.\n");
        for line in self.lines.values() {
            out += &format!("{line}\n");
        }
        for (name, fields) in &self.structs {
            out += &format!("struct {name}: {}\n", fields.join("; "));
        }
        out
    }

    fn of_baseline(text: &str) -> Self {
        let mut abi = Self::default();
        for line in text.lines().skip(1) {
            if let Some((name, fields)) = line
                .strip_prefix("struct ")
                .and_then(|l| l.split_once(": "))
            {
                let fields = fields.split("; ").map(String::from).collect();
                abi.structs.insert(name.into(), fields);
            } else {
                let words = line.split([' ', '(', ')', '*']);
                let of = |prefix| words.clone().find(move |w: &&str| w.starts_with(prefix));
                let name = match line.split_once(' ').expect("a kind and a text").0 {
                    "constant" => of("PERFVEC_"),
                    "type" => line.split(' ').next_back(),
                    "callback" => line.split_once("(*").and_then(|(_, l)| l.split(')').next()),
                    _ => words
                        .clone()
                        .find(|w| w.starts_with("perfvec_") && line.contains(&format!("{w}("))),
                };
                abi.lines.insert(name.expect("a name").into(), line.into());
            }
        }
        abi
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn header() -> String {
    std::fs::read_to_string(root().join("include/perfvec.h")).unwrap()
}

#[test]
fn nothing_that_a_compiled_host_relies_on_has_changed() {
    let path = root().join("tests/data/abi.txt");
    let now = Abi::of_header(&header());
    assert_eq!(
        Abi::of_baseline(&now.text()),
        now,
        "a baseline reads as written"
    );
    let write = std::env::var_os("PERFVEC_WRITE_ABI").is_some();
    let old = match std::fs::read_to_string(&path) {
        Ok(text) => Abi::of_baseline(&text),
        Err(_) if write => now.clone(),
        Err(e) => panic!("{}: {e}", path.display()),
    };
    let broken = now.broken_since(&old);
    assert!(
        broken.is_empty() || now.version() != old.version(),
        "raise PERFVEC_ABI_VERSION, or take this back:\n{}",
        broken.join("\n")
    );
    if write {
        std::fs::write(&path, now.text()).unwrap();
        return;
    }
    let added = now.added_since(&old);
    assert!(
        now == old,
        "the ABI is not that of its baseline; added: {added:?}. PERFVEC_WRITE_ABI=1 cargo test --test abi baseline takes it in"
    );
}

/// The reader finds every call that the library exports, and what would break is seen.
#[test]
fn breaking_changes_are_seen_and_additions_are_not() {
    let header = header();
    let now = Abi::of_header(&header);
    let calls = now.lines.values().filter(|l| l.starts_with("call "));
    let declared = header.lines().filter(|l| {
        l.starts_with(|c: char| c.is_ascii_lowercase())
            && l.contains(" *perfvec_") | l.contains(" perfvec_")
            && l.contains('(')
            && !l.starts_with("typedef")
    });
    assert_eq!(calls.count(), declared.count());
    assert!(now.structs["perfvec_retirement"].len() == 4 && now.structs.len() > 8);

    let changed = |from: &str, to: &str| {
        assert!(header.contains(from), "{from}");
        Abi::of_header(&header.replacen(from, to, 1)).broken_since(&now)
    };
    let breaks = |from, to, why: &str| {
        let broken = changed(from, to);
        assert!(broken.len() == 1 && broken[0].contains(why), "{broken:?}");
    };
    breaks(
        "#define PERFVEC_ERR_IO 2",
        "#define PERFVEC_ERR_IO 3",
        "PERFVEC_ERR_IO 3",
    );
    breaks(
        "void perfvec_model_free(struct",
        "void perfvec_model_drop(struct",
        "gone",
    );
    breaks(
        "size_t perfvec_microarchs_count(",
        "int perfvec_microarchs_count(",
        "is: call int",
    );
    breaks(
        "    uint32_t threads;",
        "    uint64_t threads;",
        "perfvec_config",
    );
    breaks(
        "    uint64_t next_pc;",
        "    uint64_t next_pc; int more;",
        "no struct_size",
    );
    let more = "    uint32_t abi_version;\n    uint32_t more;";
    breaks("    uint32_t abi_version;", more, "first fields");
    let adds = |from: &str, to: &str, what: &str| {
        assert!(changed(from, to).is_empty());
        let more = Abi::of_header(&header.replacen(from, to, 1));
        assert_eq!(more.added_since(&now), [what]);
        assert!(now.added_since(&now).is_empty() && more != now);
    };
    let last = now.structs["perfvec_fit"].last().unwrap();
    adds(
        &format!("{last};"),
        &format!("{last}; double more;"),
        "perfvec_fit",
    );
    let call = "uint32_t perfvec_abi_version(void);";
    let two = format!("{call}\nint perfvec_more(void);");
    adds(call, &two, "perfvec_more");
}
