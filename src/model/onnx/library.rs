//! Finds and loads ONNX Runtime's shared library.

use crate::error::{Error, ErrorKind, Result};
use once_cell::sync::OnceCell;
use ort::environment::Environment;
use std::path::{Path, PathBuf};

/// Variables that name the library, the first that is set counts.
const VARIABLES: [&str; 2] = ["PERFVEC_ORT_LIB", "ORT_DYLIB_PATH"];

/// The process's environment of ONNX Runtime, once loaded.
static LOADED: OnceCell<Environment> = OnceCell::new();

fn runtime_error(message: String) -> Error {
    Error::new(ErrorKind::Runtime, message)
}

/// ONNX Runtime, loaded at the first call that finds it. A failed call may be repeated.
pub(super) fn environment() -> Result<Environment> {
    let find_and_load = || load(&find(|name| std::env::var_os(name).map(PathBuf::from))?);
    LOADED.get_or_try_init(find_and_load).cloned()
}

fn load(path: &Path) -> Result<Environment> {
    let about = |e: &dyn std::fmt::Display| {
        runtime_error(format!(
            "{}: not a usable ONNX Runtime ({e}); set {} to the absolute path of libonnxruntime.so \
             1.{} or newer",
            path.display(),
            VARIABLES[0],
            ort::MINOR_VERSION
        ))
    };
    // `ort` asserts where a library that is not ONNX Runtime exports the same symbol.
    let env = std::panic::catch_unwind(|| {
        let builder = ort::init_from(path).map_err(|e| about(&e))?;
        let env = builder.with_name("perfvec").with_telemetry(false).build();
        env.map_err(|e| about(&e))
    })
    .map_err(|_| about(&"its OrtGetApiBase does not answer"))??;
    env.set_log_level(ort::logging::LogLevel::Error);
    Ok(env)
}

/// The library's path: from a variable, else the first of the usual places.
fn find(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf> {
    for name in VARIABLES {
        let Some(path) = variable(name).filter(|p| !p.as_os_str().is_empty()) else {
            continue;
        };
        // Opening a pipe would wait for ever, hence a regular file.
        if !path.is_absolute() || !path.is_file() {
            return Err(runtime_error(format!(
                "{name} is \"{}\", which is not the absolute path of a file; set it to that of \
                 libonnxruntime.so",
                path.display()
            )));
        }
        return Ok(path);
    }
    usual_places()
        .into_iter()
        .find_map(|dir| in_dir(&dir))
        .ok_or_else(|| {
            runtime_error(format!(
                "ONNX Runtime is not installed in any usual place; install it (pip install \
             onnxruntime) and set {} to the absolute path of libonnxruntime.so",
                VARIABLES[0]
            ))
        })
}

/// The newest `libonnxruntime.so*` (macOS: `.dylib`) in `dir`, by name.
fn in_dir(dir: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?;
    let is_library = |path: &PathBuf| {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        let named = name.starts_with("libonnxruntime.so")
            || (name.starts_with("libonnxruntime.") && name.ends_with(".dylib"));
        named && path.is_file()
    };
    entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(is_library)
        .max()
}

fn usual_places() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    let env = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let roots = [
        env("VIRTUAL_ENV").map(|p| p.join("lib")),
        env("CONDA_PREFIX").map(|p| p.join("lib")),
        env("HOME").map(|p| p.join(".local/lib")),
        Some("/usr/local/lib".into()),
        Some("/usr/lib".into()),
    ];
    for root in roots.into_iter().flatten() {
        dirs.push(root.clone());
        // root/python3.N/{site,dist}-packages/onnxruntime/capi
        for entry in std::fs::read_dir(&root).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with("python3") {
                for packages in ["site-packages", "dist-packages"] {
                    dirs.push(entry.path().join(packages).join("onnxruntime/capi"));
                }
            }
        }
        dirs.push(root.join(format!("{}-linux-gnu", std::env::consts::ARCH)));
    }
    dirs.push("/opt/onnxruntime/lib".into());
    dirs.push("/opt/homebrew/lib".into());
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &'static str, value: &str) -> String {
        let value = PathBuf::from(value);
        let e = find(|n| (n == name).then(|| value.clone())).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Runtime);
        e.message().to_owned()
    }

    #[test]
    fn a_variable_must_name_a_file() {
        assert!(
            message("PERFVEC_ORT_LIB", "/nonexistent/libonnxruntime.so").contains("/nonexistent")
        );
        assert!(message("ORT_DYLIB_PATH", "libonnxruntime.so").contains("ORT_DYLIB_PATH"));
        assert!(message("ORT_DYLIB_PATH", "/tmp").contains("not the absolute path of a file"));
    }

    #[test]
    fn the_first_variable_counts() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        std::fs::write(&file, "").unwrap();
        assert_eq!(
            find(|n| (n == "PERFVEC_ORT_LIB").then(|| file.clone())).unwrap(),
            file
        );
        assert_eq!(find(|_| Some(file.clone())).unwrap(), file);
    }

    #[test]
    fn files_that_are_not_onnx_runtime_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("libonnxruntime.so");
        std::fs::write(&text, "not a library").unwrap();
        let mut wrong = vec![text];
        // A library without OrtGetApiBase.
        let libm = [
            "/lib/x86_64-linux-gnu/libm.so.6",
            "/lib/aarch64-linux-gnu/libm.so.6",
        ];
        wrong.extend(libm.iter().map(PathBuf::from).filter(|p| p.is_file()));
        for path in wrong {
            let e = load(&path).err().unwrap();
            assert_eq!(e.kind(), ErrorKind::Runtime);
            assert!(e.message().contains(path.to_str().unwrap()), "{e}");
            assert!(e.message().contains("PERFVEC_ORT_LIB"), "{e}");
        }
    }

    #[test]
    fn the_newest_library_of_a_directory_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "libonnxruntime.so.1.20.0",
            "libonnxruntime.so.1.21.1",
            "libonnxruntime_x.so",
        ] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let found = in_dir(dir.path()).unwrap();
        assert!(found.ends_with("libonnxruntime.so.1.21.1"));
        assert!(in_dir(&dir.path().join("none")).is_none());
    }
}
