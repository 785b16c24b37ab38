//! Where the default model is.

use crate::error::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// File name of the default model; its microarch table lies beside it as `.safetensors`.
pub const DEFAULT_MODEL: &str = "perfvec-riscv64-1.onnx";

/// The default model for a program that runs from the current executable.
///
/// `$PERFVEC_MODEL`, else the first that exists of `../share/perfvec/` beside the executable,
/// `onnx/` of a source tree the executable was built in, and `perfvec/` in the XDG data
/// directories. Kind `NotFound` names every place looked at.
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
                format!("$PERFVEC_MODEL names {}, which is no file", path.display()),
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
        places.push(dir.join("../share/perfvec").join(DEFAULT_MODEL));
        // target/<profile>/perfvec, or target/<profile>/deps/<test>.
        for up in ["../../onnx", "../../../onnx"] {
            places.push(dir.join(up).join(DEFAULT_MODEL));
        }
    }
    let data_home = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".local/share")));
    let data_dirs =
        std::env::var("XDG_DATA_DIRS").unwrap_or_else(|_| "/usr/local/share:/usr/share".into());
    places.extend(
        data_home
            .into_iter()
            .chain(
                data_dirs
                    .split(':')
                    .filter(|d| !d.is_empty())
                    .map(PathBuf::from),
            )
            .map(|d| d.join("perfvec").join(DEFAULT_MODEL)),
    );
    places
}
