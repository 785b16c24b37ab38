//! `--report`: a result as one HTML file that a person opens, without a network.
//!
//! The file holds the JSON that `--json` writes, Chart.js as its makers publish it, and the script
//! that makes tables and charts of the one with the other.

mod thin;

use perfvec::microarch::PARTS;
use perfvec::{file, Result};
use serde_json::{json, Value};
use std::path::Path;

const TEMPLATE: &str = include_str!("page.html");

/// What stands between two "@@" of the template.
fn piece(name: &str, data: &str) -> String {
    match name {
        "style" => include_str!("page.css").into(),
        "library" => include_str!("chart.js/chart.umd.min.js").into(),
        "script" => concat!(
            include_str!("charts.js"),
            include_str!("estimates.js"),
            include_str!("comparison.js"),
            include_str!("exploration.js"),
            include_str!("simpoints.js"),
            include_str!("start.js"),
        )
        .into(),
        "data" => data.into(),
        _ => unreachable!("the template names {name}"),
    }
}

/// The page about `data`.
fn html(data: &Value) -> String {
    let data = safe(&data.to_string());
    // Every second piece is a name; what is put in is not looked at again.
    let pieces = TEMPLATE.split("@@").enumerate();
    let all = pieces.map(|(n, text)| match n % 2 {
        0 => text.into(),
        _ => piece(text, &data),
    });
    all.collect()
}

/// JSON that may stand in a script element, whatever its texts say: no tag and no comment begins
/// in it.
fn safe(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e")
}

/// Writes the page of a run to `path`: `result` is what --json writes, `shown` the cores that
/// --only leaves, `profile` what --profile found.
pub fn write_estimates(
    path: &Path,
    mut result: Value,
    shown: &[&str],
    profile: Option<Value>,
) -> Result<()> {
    let thinned = thin::result(&mut result);
    write(
        path,
        "estimates",
        json!({
            "result": result, "shown": shown, "profile": profile, "parts": PARTS,
            "merged": thinned.merged, "dropped": thinned.dropped,
        }),
    )
}

/// Writes the page of a comparison to `path`: `found` is what its --json writes.
pub fn write_comparison(path: &Path, found: Value) -> Result<()> {
    write(path, "comparison", json!({"result": found, "parts": PARTS}))
}

/// Writes the page of a choice of intervals to `path`: `found` is what its --json writes, `shown` the
/// cores that --only leaves.
pub fn write_simpoints(path: &Path, mut found: Value, shown: &[&str]) -> Result<()> {
    let merged = thin::points(&mut found);
    write(
        path,
        "simpoints",
        json!({"result": found, "shown": shown, "merged": merged}),
    )
}

/// Writes the page of an exploration to `path`: `found` has its `result` and what the page says of it.
pub fn write_exploration(path: &Path, mut found: Value) -> Result<()> {
    found["parts"] = json!(PARTS);
    write(path, "exploration", found)
}

fn write(path: &Path, kind: &str, mut data: Value) -> Result<()> {
    let command = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned());
    data["kind"] = kind.into();
    data["version"] = env!("CARGO_PKG_VERSION").into();
    data["command"] = command.collect();
    file::write_atomic(path, html(&data).as_bytes()).map_err(|e| e.context(path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of a page, as a browser finds it: up to the first end tag.
    fn data(page: &str) -> Value {
        let start = "<script type=\"application/json\" id=\"data\">";
        let (_, rest) = page.split_once(start).unwrap();
        serde_json::from_str(rest.split_once("</script").unwrap().0).unwrap()
    }

    #[test]
    fn no_text_ends_the_element_that_holds_it() {
        for name in [
            "</script><script>alert(1)</script>",
            "<!--<script>",
            "]]>@@style@@ & \u{2028} \" \\ '",
        ] {
            let found = data(&html(&json!({"program": name, name: 1})));
            assert_eq!(found["program"], name);
            assert_eq!(found[name], 1);
        }
        let plain = html(&json!({}));
        let hostile = html(&json!({"program": "</script><script>"}));
        let tags = |page: &str| page.matches("<script").count();
        assert_eq!(tags(&plain), tags(&hostile));
    }

    #[test]
    fn the_page_is_one_file_that_asks_for_nothing() {
        let page = html(&json!({}));
        assert!(page.contains("default-src 'none'"));
        for outside in [" src=", "<link", "@import", "url("] {
            let own = page.replace(include_str!("chart.js/chart.umd.min.js"), "");
            assert!(!own.contains(outside), "{outside}");
        }
        assert!(!page.contains("@@"));
        // What is put into script elements does not end them.
        for name in ["library", "script"] {
            let text = piece(name, "").to_lowercase();
            assert!(!text.contains("</script") && !text.contains("<!--"));
        }
    }
}
