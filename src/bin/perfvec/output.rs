//! Where results go: standard output, standard error, and whole files.

use perfvec::{file, Error, ErrorKind, Result};
use serde_json::Value;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Prints `text` as it is. A full disk is an error; a reader that has gone, as `head` does, has
/// what it wanted.
pub fn print(text: impl AsRef<[u8]>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let done = out.write_all(text.as_ref()).and_then(|()| out.flush());
    done.or_else(gone)
}

/// What printing comes to after `e`.
pub fn gone(e: std::io::Error) -> Result<()> {
    match e.kind() {
        std::io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Error::io("standard output", &e)),
    }
}

/// Prints to standard error; a failure to do so is ignored.
pub fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Prints `text`, which may be styled; styles are left out if it is not a terminal, or where
/// NO_COLOR is set.
pub fn print_styled(text: &str) -> Result<()> {
    print(for_stream(
        text,
        anstream::AutoStream::choice(&std::io::stdout()),
    ))
}

/// Prints styled text to standard error; a failure to do so is ignored.
pub fn tell_styled(text: &str) {
    tell(&for_stream(
        text,
        anstream::AutoStream::choice(&std::io::stderr()),
    ));
}

fn for_stream(text: &str, choice: anstream::ColorChoice) -> String {
    match choice {
        anstream::ColorChoice::Never => anstream::adapter::strip_str(text).to_string(),
        _ => text.into(),
    }
}

/// What stands at the head of a table.
pub fn heading(text: &str) -> String {
    let bold = anstyle::Style::new().bold();
    format!("{bold}{text}{bold:#}")
}

/// What needs attention.
pub fn attention(text: &str) -> String {
    let yellow = anstyle::AnsiColor::Yellow.on_default();
    format!("{yellow}{text}{yellow:#}")
}

/// Whether the value of --json means standard output.
pub fn is_stdout(json: Option<&PathBuf>) -> bool {
    json.is_some_and(|path| path.as_os_str() == "-")
}

/// Writes what --json asks for, on one line: to a file, or with "-" to standard output.
pub fn write_json(json: Option<&PathBuf>, value: &Value) -> Result<()> {
    let line = format!("{value}\n");
    match json {
        None => Ok(()),
        path if is_stdout(path) => print(line),
        Some(path) => {
            file::write_atomic(path, line.as_bytes()).map_err(|e| e.context(path.display()))
        }
    }
}

/// An error if no file can be written at `path`: found before hours of work, not after.
pub fn check(path: &Path) -> Result<()> {
    file::check_writable(path).map_err(|e| e.context(path.display()))
}

/// Whether both name one file, by whatever path, or would.
fn same(a: &Path, b: &Path) -> bool {
    let id = |p: &Path| p.metadata().ok().map(|m| (m.dev(), m.ino()));
    match (id(a), id(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => {
            // Neither is there yet: the folders are.
            let whole = |p: &Path| {
                let path = std::path::absolute(p).ok()?;
                Some((
                    path.parent()?.canonicalize().ok()?,
                    path.file_name()?.to_owned(),
                ))
            };
            whole(a).is_some_and(|a| whole(b) == Some(a))
        }
        _ => false,
    }
}

/// An error where what is written to one of `outputs` would replace another one, or one of
/// `inputs`. Each has the name under which the user gave it.
pub fn apart(outputs: &[(&str, Option<&Path>)], inputs: &[(&str, Option<&Path>)]) -> Result<()> {
    for (i, (name, output)) in outputs.iter().enumerate() {
        let others = outputs[i + 1..].iter().chain(inputs);
        for (other, path) in others {
            let (Some(output), Some(path)) = (output, path) else {
                continue;
            };
            if same(output, path) {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!(
                        "{name} {} and {other} {} are the same file, which would be replaced; name another",
                        output.display(),
                        path.display()
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// A count with its digits in groups of three.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(d);
    }
    out
}

/// A field of a CSV file (RFC 4180).
pub fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_by_two_names_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("a"), "").unwrap();
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        assert!(same(&at("a"), &at("link")) && same(&at("new"), &at("./new")));
        assert!(!same(&at("a"), &at("new")) && !same(&at("new"), &at("other")));
        let (a, link) = (at("a"), at("link"));
        let e = apart(&[("-o", Some(&a))], &[("the input", Some(&link))]).unwrap_err();
        assert!(e.message().contains("the same file"), "{e}");
        assert!(apart(&[("-o", Some(&a))], &[("the input", None)]).is_ok());
    }
}
