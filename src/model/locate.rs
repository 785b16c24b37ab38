//! Where the default model is.

use crate::error::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// File name of the default model; its microarch table lies beside it as `.safetensors`.
pub const DEFAULT_MODEL: &str = "perfvec-riscv64-1.onnx";

/// The default model for a program that runs from the current executable.
///
/// `$PERFVEC_MODEL`, else the first that exists of `../share/perfvec/` and `../../share/perfvec/`
/// seen from the executable's folder, `onnx/` of a source tree the executable was built in, and
/// `perfvec/` in the XDG data directories. Kind `NotFound` names every place looked at.
pub fn default_model() -> Result<PathBuf> {
    let exe = std::env::current_exe().ok();
    default_model_near(exe.as_deref())
}

/// The same for a binary (an executable or this shared library) at `binary`.
pub fn default_model_near(binary: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("PERFVEC_MODEL").map(PathBuf::from) {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "$PERFVEC_MODEL names {}, which is not a file; correct or unset it",
                    path.display()
                ),
            ))
        };
    }
    let places = candidates(binary);
    match places.iter().find(|p| p.is_file()) {
        Some(found) => Ok(found.clone()),
        None => Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "no default model; looked at $PERFVEC_MODEL and {}; name a model, or set PERFVEC_MODEL",
                places.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}

fn candidates(binary: Option<&Path>) -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Some(dir) = binary.and_then(Path::parent) {
        // bin and lib are beside share; lib/x86_64-linux-gnu is a folder deeper.
        for up in ["../share/perfvec", "../../share/perfvec"] {
            places.push(dir.join(up).join(DEFAULT_MODEL));
        }
        // target/<profile>/perfvec, or target/<profile>/deps/<test>.
        for up in ["../../onnx", "../../../onnx"] {
            places.push(dir.join(up).join(DEFAULT_MODEL));
        }
    }
    places.extend(
        data_folders(|name| std::env::var_os(name))
            .into_iter()
            .map(|d| d.join("perfvec").join(DEFAULT_MODEL)),
    );
    places
}

/// The XDG data folders. As their specification has it, an empty variable counts as unset, and
/// what is not absolute does not count: no folder that a program happens to run in is searched.
fn data_folders(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    let home = variable("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".local/share")));
    let others = variable("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    home.into_iter()
        .chain(std::env::split_paths(&others))
        .filter(|folder| folder.is_absolute())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_folders_are_those_of_the_specification() {
        let folders = |set: &[(&str, &str)]| -> Vec<String> {
            let value = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into());
            let found = data_folders(value).into_iter();
            found.map(|f| f.to_str().unwrap().to_owned()).collect()
        };
        let system = ["/usr/local/share", "/usr/share"];
        assert_eq!(folders(&[]), system);
        let unset = [("XDG_DATA_HOME", ""), ("XDG_DATA_DIRS", ""), ("HOME", "")];
        assert_eq!(folders(&unset), system);
        assert_eq!(folders(&[("HOME", "/home/a")])[0], "/home/a/.local/share");
        let both = [("XDG_DATA_HOME", "/data"), ("XDG_DATA_DIRS", "/x::here:/y")];
        assert_eq!(folders(&both), ["/data", "/x", "/y"]);
        assert_eq!(folders(&[("XDG_DATA_HOME", "here")]), system);
    }
}
