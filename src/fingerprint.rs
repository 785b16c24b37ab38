//! A fingerprint of the sources that estimates follow from: what is kept of one build must not pass
//! for what another, whose machines may differ, would say. `build.rs` includes this file.

use std::io;
use std::path::{Path, PathBuf};

/// What in `src` no estimate follows from. All else counts, so that nothing new is forgotten.
const APART: [&str; 2] = ["bin", "capi"];
/// But for this, which makes rows of results from a session's.
const ROWS: &str = "bin/perfvec/explore/price.rs";

/// The files and folders of `src` that count, in a fixed order.
pub fn entries(src: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(src)? {
        let path = entry?.path();
        let apart = path
            .file_name()
            .is_some_and(|name| APART.iter().any(|a| name == *a));
        if !apart {
            entries.push(path);
        }
    }
    if src.join(ROWS).exists() {
        entries.push(src.join(ROWS));
    }
    entries.sort();
    Ok(entries)
}

/// The fingerprint of `src`: FNV-1a of names and contents.
pub fn of(src: &Path) -> io::Result<u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for path in entries(src)? {
        add(&mut hash, src, &path)?;
    }
    Ok(hash)
}

fn add(hash: &mut u64, src: &Path, path: &Path) -> io::Result<()> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path)?;
        let mut inside: Vec<PathBuf> = entries.map(|e| Ok(e?.path())).collect::<io::Result<_>>()?;
        inside.sort();
        return inside.iter().try_for_each(|path| add(hash, src, path));
    }
    let name = path.strip_prefix(src).unwrap_or(path);
    let text = std::fs::read(path)?;
    let parts = [name.to_string_lossy().as_bytes(), &[0], &text, &[0]].concat();
    for byte in parts {
        *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_changes_with_what_estimates_follow_from() {
        let dir = tempfile::tempdir().unwrap();
        let src = dir.path().join("src");
        let write = |name: &str, text: &str| {
            let path = src.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
            of(&src).unwrap()
        };
        let first = write("twin/o3/a.rs", "1");
        assert_eq!(write("twin/o3/a.rs", "1"), first);
        let mut seen = vec![first, write("twin/o3/a.rs", "2"), write("new.rs", "")];
        seen.push(write("bin/perfvec/explore/price.rs", ""));
        std::fs::rename(src.join("new.rs"), src.join("newer.rs")).unwrap();
        seen.push(of(&src).unwrap());
        let last = *seen.last().unwrap();
        // The command and the C ABI show estimates, and change none.
        assert_eq!(write("bin/perfvec/main.rs", "1"), last);
        assert_eq!(write("capi/mod.rs", "1"), last);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 5);
    }

    #[test]
    fn the_library_has_that_of_its_sources() {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let found = format!("{:016x}", of(&src).unwrap());
        assert_eq!(found, crate::twin::FINGERPRINT);
    }
}
