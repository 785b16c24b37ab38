//! Models: foundation models and lists of cores.

use super::handle::{self, guard, reading, AfterFork, Opaque};
use super::sized::{self, Sized32};
use super::status::perfvec_status;
use super::strings::{check_out, optional_path, put, text, to_c_string};
use super::{fork, log, rules};
use crate::error::{Error, ErrorKind, Result};
use crate::features;
use crate::isa::Isa;
use crate::model::{locate, Backend, Model};
use crate::pricing;
use crate::twin::bank;
use std::ffi::{c_char, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

/// A foundation model, as loaded: it never changes.
///
/// Lifetime: from perfvec_model_load() to perfvec_model_free(). Sessions, tables and calibrators
/// keep what they need of it, so it may be freed before them.
///
/// Threads: any number at once.
///
/// Memory: the weights, once for all sessions.
pub struct perfvec_model {
    _opaque: [u8; 0],
}

/// Description of a model. Strings are valid until the model is freed.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct perfvec_model_info {
    /// sizeof(perfvec_model_info).
    pub struct_size: u32,
    /// Elements of a feature row (F).
    pub features: u32,
    /// Elements of a representation and of a program vector (D).
    pub representation: u32,
    /// Instructions of warm-up that the training recommends before a segment.
    pub warmup: u32,
    /// The engine in use: `PERFVEC_BACKEND_...`, never PERFVEC_BACKEND_AUTO.
    pub backend: u32,
    /// 0.
    pub reserved: u32,
    /// Model id; microarch tables and program vectors of this model carry the same id.
    pub id: *const c_char,
    /// Name of the feature schema.
    pub schema: *const c_char,
    /// Name of the ISA it was trained on ("riscv64").
    pub isa: *const c_char,
}

const _: () = assert!(size_of::<perfvec_model_info>() == 48);

// SAFETY: integers and pointers that may be NULL.
unsafe impl Sized32 for perfvec_model_info {
    const NAME: &'static str = "perfvec_model_info";
    const SIZES: &'static [usize] = &[48];
    fn defaults() -> Self {
        Self {
            struct_size: 48,
            features: 0,
            representation: 0,
            warmup: 0,
            backend: 0,
            reserved: 0,
            id: std::ptr::null(),
            schema: std::ptr::null(),
            isa: std::ptr::null(),
        }
    }
}

/// The object of a `perfvec_model` handle.
pub(super) struct LoadedModel {
    pub model: Arc<Model>,
    pub isa: Isa,
    generation: u32,
    id: CString,
    schema: CString,
    isa_name: CString,
    metadata: Vec<(String, CString)>,
}

impl Opaque for perfvec_model {
    type Inner = LoadedModel;
    const KIND: u16 = 0x101;
    const NAME: &'static str = "perfvec_model";
    const AFTER_FORK: AfterFork = AfterFork::Usable;
}

impl LoadedModel {
    /// Refuses a child of fork() whose engine may hold threads of the parent.
    pub fn check_process(&self) -> Result<()> {
        if self.generation == fork::generation() || self.model.backend() != Backend::OnnxRuntime {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::State,
            "perfvec_model: ONNX Runtime does not survive fork(); load the model again in the child",
        ))
    }
}

/// Loads a model (.onnx), or a list of cores (.toml or .json; "cores" for the built-in list), each
/// of which is priced by a twin with its own parameters; perfvec_microarchs_load() of the same file
/// returns their table. gem5's config.json is read as a list of its pipelined CPUs, named by their
/// paths; the metadata "perfvec.notes" has a line for each setting in it that has no corresponding
/// parameter. `path` NULL means the default model: the file that the environment variable
/// PERFVEC_MODEL names, else the first of ../share/perfvec/ and ../../share/perfvec/ seen from this
/// library's folder, onnx/ of the source tree it was built in, and perfvec/ in the XDG data
/// directories. `backend` is one of `PERFVEC_BACKEND_...`. Free the model with
/// perfvec_model_free().
///
/// Errors: PERFVEC_ERR_NOT_FOUND (the text lists every place looked at), PERFVEC_ERR_IO,
/// PERFVEC_ERR_CORRUPT, PERFVEC_ERR_OUT_OF_MEMORY (over 256 MiB), PERFVEC_ERR_MODEL,
/// PERFVEC_ERR_RUNTIME, PERFVEC_ERR_MISMATCH (this library does not have the model's feature schema
/// or ISA).
#[no_mangle]
pub unsafe extern "C" fn perfvec_model_load(
    path: *const c_char,
    backend: u32,
    out: *mut *mut perfvec_model,
) -> perfvec_status {
    let load = || {
        // SAFETY: by the contract of the module.
        let path = match unsafe { optional_path(path) } {
            Some(path) => path.to_owned(),
            None => default_model()?,
        };
        let model = pricing::model(&path, backend_from(backend)?, rules::chosen())?;
        let info = model.info();
        if features::schema(&info.schema).is_none() && info.schema != bank::SCHEMA {
            let known: Vec<&str> = features::SCHEMAS.iter().map(|s| s.name).collect();
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "{}: feature schema \"{}\" is not one of this library's ({}); use the library version that the model was trained with",
                    path.display(), info.schema, known.join(", ")
                ),
            ));
        }
        let isa = Isa::from_name(&info.isa).ok_or_else(|| {
            let text = format!(
                "{}: ISA \"{}\" is not one of this library's; use the library version that the model was trained with",
                path.display(),
                info.isa
            );
            Error::new(ErrorKind::Mismatch, text)
        })?;
        log::info(&format!(
            "model \"{}\" from {} runs on {:?}",
            info.id,
            path.display(),
            model.backend()
        ));
        Ok(LoadedModel {
            isa,
            generation: fork::generation(),
            id: to_c_string(&info.id),
            schema: to_c_string(&info.schema),
            isa_name: to_c_string(&info.isa),
            metadata: (info.metadata.iter())
                .map(|(key, value)| (key.clone(), to_c_string(value)))
                .collect(),
            model,
        })
    };
    // SAFETY: by the contract of the module.
    unsafe { handle::create_into(out, load) }
}

/// Frees the handle. Sessions that use the model continue to work. NULL does nothing.
#[no_mangle]
pub unsafe extern "C" fn perfvec_model_free(model: *mut perfvec_model) {
    // SAFETY: by the contract of the module.
    unsafe { handle::free(model) }
}

/// Describes the model; set `out->struct_size` before the call.
#[no_mangle]
pub unsafe extern "C" fn perfvec_model_get_info(
    model: *const perfvec_model,
    out: *mut perfvec_model_info,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    guard(|| unsafe {
        let m = reading(model)?;
        let info = m.model.info();
        let c = perfvec_model_info {
            features: info.features as u32,
            representation: info.representation as u32,
            warmup: info.warmup as u32,
            backend: m.model.backend() as u32,
            id: m.id.as_ptr(),
            schema: m.schema.as_ptr(),
            isa: m.isa_name.as_ptr(),
            ..perfvec_model_info::defaults()
        };
        sized::write(out, &c)
    })
}

/// The metadata `key` of the model's file ("perfvec.model_id", training provenance, ...) as a
/// string that is valid until the model is freed. PERFVEC_ERR_NOT_FOUND if the file has none.
#[no_mangle]
pub unsafe extern "C" fn perfvec_model_get_metadata(
    model: *const perfvec_model,
    key: *const c_char,
    value: *mut *const c_char,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    guard(|| unsafe {
        let m = reading(model)?;
        check_out(value, "value")?;
        let key = text(key, "key")?;
        let (_, found) = m.metadata.iter().find(|(k, _)| k == key).ok_or_else(|| {
            let text = format!(
                "the model \"{}\" has no metadata \"{key}\"",
                m.model.info().id
            );
            Error::new(ErrorKind::NotFound, text)
        })?;
        put(value, found.as_ptr(), "value")
    })
}

fn backend_from(backend: u32) -> Result<Backend> {
    [
        Backend::Auto,
        Backend::NativeF32,
        Backend::NativeInt8,
        Backend::OnnxRuntime,
    ]
    .into_iter()
    .find(|b| *b as u32 == backend)
    .ok_or_else(|| {
        let text = format!("backend is {backend}; pass one of PERFVEC_BACKEND_...");
        Error::new(ErrorKind::InvalidArgument, text)
    })
}

/// The default model, searched for from this library's place.
pub(super) fn default_model() -> Result<PathBuf> {
    locate::default_model_near(this_library().as_deref())
}

/// The file that this code was loaded from.
fn this_library() -> Option<PathBuf> {
    // SAFETY: plain data, filled by dladdr.
    let mut about: libc::Dl_info = unsafe { std::mem::zeroed() };
    let address = this_library as fn() -> Option<PathBuf> as *const libc::c_void;
    // SAFETY: any address may be asked for; `about` is writable.
    let found = unsafe { libc::dladdr(address, &mut about) } != 0 && !about.dli_fname.is_null();
    if !found {
        return None;
    }
    // SAFETY: dladdr gives a string that lives as long as the library is loaded.
    let name = unsafe { std::ffi::CStr::from_ptr(about.dli_fname) }.to_bytes();
    let path = PathBuf::from(OsStr::from_bytes(name));
    // A program that this library is linked into is named as it was called, perhaps by $PATH.
    if path.components().count() > 1 {
        path.canonicalize().ok()
    } else {
        std::env::current_exe().ok()
    }
}
