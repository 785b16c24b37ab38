//! Microarch tables.

use super::handle::{self, alone, guard, reading, AfterFork, Opaque};
use super::log;
use super::model::{default_model, perfvec_model};
use super::rules;
use super::sized::{self, Sized32};
use super::status::perfvec_status;
use super::strings::{self, fill, optional_path, optional_text, put, slice, text, to_c_string};
use crate::error::{Error, ErrorKind, Result};
use crate::microarch::{Estimate, Microarch, MicroarchTable, ProgramVector};
use crate::pricing;
use std::ffi::{c_char, CString};

/// A table of microarchitectures that belong to one model; it turns program vectors into cycles.
///
/// General flow: load the model's table, or create an empty one; add, remove or merge cores; save
/// it. perfvec_microarchs_count() and perfvec_microarchs_get() list it, perfvec_microarchs_find()
/// returns the index of a core by its name.
///
/// Lifetime: from perfvec_microarchs_load() or perfvec_microarchs_create() to
/// perfvec_microarchs_free(). Sessions do not keep it.
///
/// Threads: any number may read it at once. A change needs exclusive access, else one of the two
/// calls returns PERFVEC_ERR_STATE.
pub struct perfvec_microarchs {
    _opaque: [u8; 0],
}

/// One microarchitecture of a table. Strings are valid until the table is changed or freed.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct perfvec_microarch_info {
    /// sizeof(perfvec_microarch_info).
    pub struct_size: u32,
    /// 1 if the foundation model was trained on this core, else 0.
    pub trained: u32,
    /// Unique name.
    pub name: *const c_char,
    /// Clock in Hz.
    pub clock_hz: f64,
    /// Parameters as a JSON object; "{}" if none are known.
    pub parameters_json: *const c_char,
    /// Kind of core ("in-order", ...); "" if not known.
    pub kind: *const c_char,
}

/// Estimated time on one microarchitecture (32 bytes; never grows).
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct perfvec_estimate {
    /// Cycles, scaled to every retirement of the region, measured or not; 0 until something has
    /// been measured.
    pub cycles: f64,
    /// Cycles per retirement.
    pub cpi: f64,
    /// Seconds at the microarchitecture's clock.
    pub seconds: f64,
    /// Half width of the 95% confidence interval of `cycles`, relative to `cycles`; 0 in full mode,
    /// 1 while it is not known yet. Always finite.
    pub half_width: f64,
}

const _: () = {
    assert!(size_of::<perfvec_microarch_info>() == 40);
    assert!(size_of::<perfvec_estimate>() == 32);
};

// SAFETY: numbers and pointers that may be NULL.
unsafe impl Sized32 for perfvec_microarch_info {
    const NAME: &'static str = "perfvec_microarch_info";
    const SIZES: &'static [usize] = &[40];
    fn defaults() -> Self {
        Self {
            struct_size: 40,
            trained: 0,
            name: std::ptr::null(),
            clock_hz: 0.0,
            parameters_json: std::ptr::null(),
            kind: std::ptr::null(),
        }
    }
}

impl From<Estimate> for perfvec_estimate {
    fn from(e: Estimate) -> Self {
        Self {
            cycles: e.cycles,
            cpi: e.cpi,
            seconds: e.seconds,
            half_width: e.half_width,
        }
    }
}

/// The object of a `perfvec_microarchs` handle: a table and its strings for C.
pub(super) struct Table {
    table: MicroarchTable,
    /// Name, parameters and kind of each entry.
    strings: Vec<[CString; 3]>,
}

impl Opaque for perfvec_microarchs {
    type Inner = Table;
    const KIND: u16 = 0x102;
    const NAME: &'static str = "perfvec_microarchs";
    const AFTER_FORK: AfterFork = AfterFork::Usable;
}

impl Table {
    fn new(table: MicroarchTable) -> Self {
        let mut new = Self {
            table,
            strings: Vec::new(),
        };
        new.refresh();
        new
    }

    fn refresh(&mut self) {
        self.strings = (self.table.entries().iter())
            .map(|e| [&e.name, &e.parameters, &e.kind].map(|s| to_c_string(s)))
            .collect();
    }
}

/// Loads a table (.safetensors). `path` NULL means the default model's table: the file beside the
/// default model (see perfvec_model_load()) with the extension .safetensors.
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_load(
    path: *const c_char,
    out: *mut *mut perfvec_microarchs,
) -> perfvec_status {
    let load = || {
        // SAFETY: by the contract of the module.
        let path = match unsafe { optional_path(path) } {
            Some(path) => path.to_owned(),
            None => default_model()?.with_extension("safetensors"),
        };
        let table = pricing::microarchs(&path, rules::chosen())?;
        log::info(&format!(
            "{} microarchitectures of model \"{}\" from {}",
            table.entries().len(),
            table.model_id(),
            path.display()
        ));
        Ok(Table::new(table))
    };
    // SAFETY: as above.
    unsafe { handle::create_into(out, load) }
}

/// Creates an empty table for a model. Free it with perfvec_microarchs_free().
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_create(
    model: *const perfvec_model,
    out: *mut *mut perfvec_microarchs,
) -> perfvec_status {
    let make = || {
        // SAFETY: by the contract of the module.
        let model = unsafe { reading(model) }?;
        Ok(Table::new(MicroarchTable::for_model(model.model.info())))
    };
    // SAFETY: as above.
    unsafe { handle::create_into(out, make) }
}

/// Frees the table; NULL does nothing.
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_free(microarchs: *mut perfvec_microarchs) {
    // SAFETY: by the contract of the module.
    unsafe { handle::free(microarchs) }
}

/// The index of the microarchitecture called `name`; PERFVEC_ERR_NOT_FOUND if the table has none.
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_find(
    microarchs: *const perfvec_microarchs,
    name: *const c_char,
    index: *mut usize,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    guard(|| unsafe {
        let t = reading(microarchs)?;
        put(index, t.table.index_of(text(name, "name")?)?, "index")
    })
}

/// Number of microarchitectures; 0 for NULL or an invalid handle, with the error in
/// perfvec_last_error().
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_count(microarchs: *const perfvec_microarchs) -> usize {
    let mut count = 0;
    guard(|| {
        // SAFETY: by the contract of the module.
        count = unsafe { reading(microarchs) }?.table.entries().len();
        Ok(())
    });
    count
}

/// Describes the microarchitecture at `index` (from 0); set `out->struct_size` before the call.
/// PERFVEC_ERR_NOT_FOUND for an index past the table.
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_get(
    microarchs: *const perfvec_microarchs,
    index: usize,
    out: *mut perfvec_microarch_info,
) -> perfvec_status {
    guard(|| {
        // SAFETY: by the contract of the module.
        let t = unsafe { reading(microarchs) }?;
        let both = t.table.entries().get(index).zip(t.strings.get(index));
        let (entry, [name, parameters, kind]) = both.ok_or_else(|| {
            let text = format!(
                "microarchitecture {index} is not in the table; it has {}, counted from 0",
                t.strings.len()
            );
            Error::new(ErrorKind::NotFound, text)
        })?;
        let info = perfvec_microarch_info {
            trained: u32::from(entry.trained),
            name: name.as_ptr(),
            clock_hz: entry.clock_hz,
            parameters_json: parameters.as_ptr(),
            kind: kind.as_ptr(),
            ..perfvec_microarch_info::defaults()
        };
        // SAFETY: as above.
        unsafe { sized::write(out, &info) }
    })
}

/// Adds a microarchitecture: a name that the table does not have yet, its clock in Hz, parameters
/// as a JSON object (NULL for none) and its vector of `vector_len` = D finite elements.
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_add(
    microarchs: *mut perfvec_microarchs,
    name: *const c_char,
    clock_hz: f64,
    parameters_json: *const c_char,
    vector: *const f32,
    vector_len: usize,
) -> perfvec_status {
    let add = |t: &mut MicroarchTable| {
        // SAFETY: by the contract of the module.
        let (name, parameters, vector) = unsafe {
            (
                text(name, "name")?,
                optional_text(parameters_json, "parameters_json")?,
                slice(vector, vector_len, "vector")?,
            )
        };
        t.add(Microarch {
            name: name.into(),
            clock_hz,
            parameters: if parameters.is_empty() {
                "{}"
            } else {
                parameters
            }
            .into(),
            vector: vector.to_vec(),
            ..Microarch::default()
        })
    };
    // SAFETY: as above.
    guard(|| unsafe { change(microarchs, add) })
}

/// Removes the microarchitecture called `name`; the indices after it move down by one.
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_remove(
    microarchs: *mut perfvec_microarchs,
    name: *const c_char,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    guard(|| unsafe { change(microarchs, |t| t.remove(text(name, "name")?).map(drop)) })
}

/// Appends the entries of the table file at `path`, which must be of the same model. Identical
/// entries are kept once; two different entries with the same name are an error, and then nothing
/// changes.
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_merge(
    microarchs: *mut perfvec_microarchs,
    path: *const c_char,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    guard(|| unsafe {
        let path = strings::path(path)?;
        let other = MicroarchTable::load(path)?;
        change(microarchs, |t| {
            t.merge(&other).map_err(|e| e.context(path.display()))
        })
    })
}

/// Writes the table to `path`: to a temporary file beside it, then renamed.
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_save(
    microarchs: *const perfvec_microarchs,
    path: *const c_char,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    guard(|| unsafe { reading(microarchs)?.table.save(strings::path(path)?) })
}

/// Estimates from a sum of representations that the caller holds, such as an interval's:
/// `vector_len` = D elements, the number of retirements that it represents and the number of these
/// that are in the sum (the same in full mode). Results as for perfvec_session_estimate_all(),
/// without a half width.
#[no_mangle]
pub unsafe extern "C" fn perfvec_microarchs_estimate(
    microarchs: *const perfvec_microarchs,
    vector: *const f64,
    vector_len: usize,
    retirements: u64,
    measured: u64,
    out: *mut perfvec_estimate,
    capacity: usize,
    len: *mut usize,
) -> perfvec_status {
    guard(|| {
        // SAFETY: by the contract of the module.
        let t = unsafe { reading(microarchs) }?;
        let program = ProgramVector {
            model_id: t.table.model_id().into(),
            retired: retirements,
            measured,
            // SAFETY: as above.
            sum: unsafe { slice(vector, vector_len, "vector") }?.to_vec(),
            ..ProgramVector::default()
        };
        // SAFETY: as above.
        unsafe { put_estimates(&t.table.estimate(&program)?, out, capacity, len) }
    })
}

/// Writes estimates to a host's array.
pub(super) unsafe fn put_estimates(
    all: &[Estimate],
    out: *mut perfvec_estimate,
    capacity: usize,
    len: *mut usize,
) -> Result<()> {
    let all: Vec<perfvec_estimate> = all.iter().map(|e| (*e).into()).collect();
    // SAFETY: by the contract of the module.
    unsafe { fill(&all, out, capacity, len) }
}

/// Runs `f` on the table of a handle for reading.
pub(super) unsafe fn with_table<T>(
    microarchs: *const perfvec_microarchs,
    f: impl FnOnce(&MicroarchTable) -> Result<T>,
) -> Result<T> {
    // SAFETY: by the contract of the module.
    f(&unsafe { reading(microarchs) }?.table)
}

/// Runs `f` on the table of a handle, alone, and remakes the strings.
pub(super) unsafe fn change(
    microarchs: *const perfvec_microarchs,
    f: impl FnOnce(&mut MicroarchTable) -> Result<()>,
) -> Result<()> {
    // SAFETY: by the contract of the module.
    let mut t = unsafe { alone(microarchs) }?;
    let result = f(&mut t.table);
    t.refresh();
    result
}
