//! The C ABI, driven by a random sequence of calls with good, bad and missing arguments.
//!
//! Arrays and strings are as long as told; everything else is the fuzzer's choice, handles that were
//! freed included. No call may answer INTERNAL or POISONED, which is what a panic
//! inside becomes, and every failure has a text.

use super::capi_args::{config, inst, retirement};
use super::input::Input;
use perfvec::capi::calibrator::*;
use perfvec::capi::constants::*;
use perfvec::capi::estimates::*;
use perfvec::capi::microarchs::*;
use perfvec::capi::model::*;
use perfvec::capi::recorder::*;
use perfvec::capi::session::*;
use perfvec::capi::snapshot::*;
use perfvec::capi::status::*;
use perfvec::capi::stream::*;
use std::ffi::{CStr, CString};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

/// Handles of each kind that are alive at once.
const SLOTS: usize = 2;
struct World {
    folder: tempfile::TempDir,
    model: CString,
    models: [*mut perfvec_model; SLOTS],
    tables: [*mut perfvec_microarchs; SLOTS],
    sessions: [*mut perfvec_session; SLOTS],
    recorders: [*mut perfvec_recorder; SLOTS],
    calibrators: [*mut perfvec_calibrator; SLOTS],
}

fn model_path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        crate::root("tests/data/capi/tiny.onnx")
            .display()
            .to_string()
    })
}

/// One input.
pub fn run(data: &[u8]) {
    let mut w = World {
        folder: tempfile::tempdir().expect("a temporary folder"),
        model: CString::new(model_path()).expect("a path without NUL"),
        models: [null_mut(); SLOTS],
        tables: [null_mut(); SLOTS],
        sessions: [null_mut(); SLOTS],
        recorders: [null_mut(); SLOTS],
        calibrators: [null_mut(); SLOTS],
    };
    let mut input = Input(data);
    for _ in 0..200 {
        if input.is_empty() {
            break;
        }
        let status = w.step(&mut input);
        check(status);
    }
    w.free_all();
}

fn check(status: perfvec_status) {
    if status == PERFVEC_OK {
        return;
    }
    // SAFETY: both give valid strings.
    let (name, text) = unsafe {
        (
            CStr::from_ptr(perfvec_status_name(status)),
            CStr::from_ptr(perfvec_last_error()),
        )
    };
    assert!(!text.is_empty(), "{name:?} without a text");
    assert!(
        status != PERFVEC_ERR_INTERNAL && status != PERFVEC_ERR_POISONED,
        "{name:?}: {text:?}"
    );
}

impl World {
    fn path(&self, input: &mut Input<'_>) -> CString {
        let name = ["a", "b", "no/such/folder", ""][input.below(4)];
        let path = self.folder.path().join(name);
        CString::new(path.to_str().expect("UTF-8")).expect("no NUL")
    }

    /// One call.
    fn step(&mut self, input: &mut Input<'_>) -> perfvec_status {
        let op = input.below(5);
        let (i, j) = (input.below(SLOTS), input.below(SLOTS));
        match op {
            0 => self.life(input, i, j),
            1 => self.tables(input, i, j),
            2 => self.stream(input, i),
            3 => self.session(input, i, j),
            _ => self.record(input, i),
        }
    }

    fn life(&mut self, input: &mut Input<'_>, i: usize, j: usize) -> perfvec_status {
        let which = input.below(8);
        // SAFETY: strings and out pointers are good or NULL throughout this file; a handle may be
        // anything.
        unsafe {
            match which {
                0 | 1 => {
                    perfvec_model_free(self.models[i]);
                    perfvec_model_load(
                        self.model.as_ptr(),
                        input.below(3) as u32,
                        &mut self.models[i],
                    )
                }
                2 => {
                    let mut info = std::mem::zeroed::<perfvec_model_info>();
                    info.struct_size = input.u8().into();
                    perfvec_model_get_info(self.models[i], &mut info)
                }
                3 => {
                    let (mut value, key) = (null(), [c"perfvec.isa", c"no", c""][input.below(3)]);
                    perfvec_model_get_metadata(self.models[i], key.as_ptr(), &mut value)
                }
                4 | 5 => {
                    perfvec_session_free(self.sessions[i]);
                    let targets = [null_mut(), self.tables[j]][input.below(2)];
                    let config = config(input, targets);
                    perfvec_session_create(self.models[j], &config, &mut self.sessions[i])
                }
                6 => {
                    perfvec_calibrator_free(self.calibrators[i]);
                    let prior = [null_mut(), self.tables[j]][input.below(2)];
                    perfvec_calibrator_create(self.models[j], prior, &mut self.calibrators[i])
                }
                _ => {
                    perfvec_model_free(self.models[i]);
                    self.models[i] = null_mut();
                    PERFVEC_OK
                }
            }
        }
    }

    fn tables(&mut self, input: &mut Input<'_>, i: usize, j: usize) -> perfvec_status {
        let path = self.path(input);
        let which = input.below(8);
        let table = self.tables[i];
        // SAFETY: as above; vectors have the length that is told.
        unsafe {
            match which {
                0 => {
                    perfvec_microarchs_free(table);
                    perfvec_microarchs_create(self.models[j], &mut self.tables[i])
                }
                1 => {
                    perfvec_microarchs_free(table);
                    perfvec_microarchs_load(path.as_ptr(), &mut self.tables[i])
                }
                2 | 3 => {
                    let name = [c"small", c"big", c"", c"a\nb"][input.below(4)];
                    let json = [c"{}", c"{\"l1\":1}", c"[", c""][input.below(4)];
                    let clock = [1e9, 0.0, f64::NAN, 2e9][input.below(4)];
                    let vector: Vec<f32> = (0..input.below(20)).map(|k| k as f32).collect();
                    perfvec_microarchs_add(
                        table,
                        name.as_ptr(),
                        clock,
                        json.as_ptr(),
                        vector.as_ptr(),
                        vector.len(),
                    )
                }
                4 if input.below(4) == 0 => {
                    let mut index = 0;
                    perfvec_microarchs_find(table, c"big".as_ptr(), &mut index)
                }
                4 => {
                    let mut info = std::mem::zeroed::<perfvec_microarch_info>();
                    info.struct_size = size_of::<perfvec_microarch_info>() as u32;
                    perfvec_microarchs_get(table, input.below(4), &mut info)
                }
                5 => perfvec_microarchs_remove(table, [c"small", c"big"][input.below(2)].as_ptr()),
                6 => perfvec_microarchs_merge(table, path.as_ptr()),
                _ => perfvec_microarchs_save(table, path.as_ptr()),
            }
        }
    }

    fn stream(&mut self, input: &mut Input<'_>, i: usize) -> perfvec_status {
        let s = self.sessions[i];
        let pc = 0x1000 + 2 * u64::from(input.u8());
        let which = input.below(6);
        let mut id = 0;
        let r = retirement(input);
        // SAFETY: as above.
        unsafe {
            match which {
                0 => {
                    let bytes = input.bytes(4);
                    perfvec_session_intern_encoding(
                        s,
                        input.below(5) as u32,
                        pc,
                        bytes.as_ptr(),
                        bytes.len(),
                        &mut id,
                    )
                }
                1 => perfvec_session_intern(s, &inst(input, pc), &mut id),
                2 => perfvec_session_retire(s, &r),
                3 => {
                    let many = vec![r; input.below(200)];
                    perfvec_session_retire_many(s, many.as_ptr(), many.len())
                }
                4 => perfvec_session_retire_timed(s, &r, input.u16().into()),
                _ => {
                    let bytes = input.bytes(4);
                    perfvec_session_retire_encoding(
                        s,
                        PERFVEC_ISA_RISCV64,
                        pc,
                        bytes.as_ptr(),
                        bytes.len(),
                        r.address,
                        r.next_pc,
                    )
                }
            }
        }
    }

    fn session(&mut self, input: &mut Input<'_>, i: usize, j: usize) -> perfvec_status {
        let (s, table) = (self.sessions[i], self.tables[j]);
        let path = self.path(input);
        let which = input.below(16);
        let mut estimate = [perfvec_estimate::default(); 4];
        let (mut n, mut score) = (0, 0.0);
        // SAFETY: as above.
        unsafe {
            match which {
                0 => perfvec_session_sync(s),
                1 => perfvec_session_finish(s),
                2 => perfvec_session_reset(s),
                3 => perfvec_session_region_begin(s),
                4 => perfvec_session_region_end(s),
                5 => perfvec_session_estimate(s, table, input.below(3), &mut estimate[0]),
                6 => perfvec_session_estimate_all(
                    s,
                    table,
                    estimate.as_mut_ptr(),
                    input.below(5).min(4),
                    &mut n,
                ),
                7 => perfvec_session_estimate_total(
                    self.sessions.as_ptr(),
                    input.below(SLOTS + 1),
                    table,
                    estimate.as_mut_ptr(),
                    4,
                    &mut n,
                ),
                8 => perfvec_session_ood_score(s, table, &mut score),
                9 => {
                    let mut vector = vec![0.0; input.below(40)];
                    perfvec_session_vector(s, vector.as_mut_ptr(), vector.len(), &mut n)
                }
                10 => perfvec_session_save_vector(s, path.as_ptr()),
                11 => perfvec_session_snapshot_file(s, path.as_ptr()),
                12 => perfvec_session_restore_file(s, path.as_ptr()),
                13 => self.snapshot(input, s),
                14 => {
                    let c = [null_mut(), self.calibrators[j]][input.below(2)];
                    perfvec_session_attach_calibrator(s, c)
                }
                _ => {
                    let mut fit = std::mem::zeroed::<perfvec_fit>();
                    fit.struct_size = size_of::<perfvec_fit>() as u32;
                    perfvec_calibrator_solve(
                        self.calibrators[i],
                        c"mine".as_ptr(),
                        1e9,
                        table,
                        &mut fit,
                    )
                }
            }
        }
    }

    /// A snapshot into memory, perhaps too little of it, perhaps damaged, and back.
    fn snapshot(&self, input: &mut Input<'_>, s: *mut perfvec_session) -> perfvec_status {
        let (mut size, mut written) = (0, 0);
        // SAFETY: as above; the buffer is as long as told.
        unsafe {
            let status = perfvec_session_snapshot(s, null_mut(), 0, &mut size);
            if status != PERFVEC_OK {
                return status;
            }
            let mut buffer = vec![0; size.saturating_sub(input.below(2))];
            let status =
                perfvec_session_snapshot(s, buffer.as_mut_ptr(), buffer.len(), &mut written);
            if status != PERFVEC_OK {
                return status;
            }
            if input.below(2) == 1 {
                let at = input.u32() as usize % buffer.len();
                buffer[at] ^= input.u8();
            }
            perfvec_session_restore(s, buffer.as_ptr(), written)
        }
    }

    fn record(&mut self, input: &mut Input<'_>, i: usize) -> perfvec_status {
        let path = self.path(input);
        let which = input.below(6);
        let recorder = self.recorders[i];
        let r = retirement(input);
        let mut id = 0;
        // SAFETY: as above.
        unsafe {
            match which {
                0 => {
                    perfvec_recorder_free(recorder);
                    let mut header = std::mem::zeroed::<perfvec_trace_header>();
                    header.struct_size = size_of::<perfvec_trace_header>() as u32;
                    header.isa = input.below(5) as u32;
                    header.metadata_json = [null(), c"{}".as_ptr(), c"[]".as_ptr()][input.below(3)];
                    perfvec_recorder_create(path.as_ptr(), &header, &mut self.recorders[i])
                }
                1 => perfvec_recorder_intern(recorder, &inst(input, 0x1000), &mut id),
                2 => perfvec_recorder_retire(recorder, &r),
                3 => perfvec_recorder_retire_timed(recorder, &r, input.u16().into()),
                4 => {
                    let bytes = input.bytes(4);
                    perfvec_recorder_intern_encoding(
                        recorder,
                        PERFVEC_ISA_RISCV64,
                        0x1000,
                        bytes.as_ptr(),
                        bytes.len(),
                        &mut id,
                    )
                }
                _ => {
                    let status = perfvec_recorder_finish(recorder, null_mut());
                    perfvec_recorder_free(recorder);
                    status
                }
            }
        }
    }

    fn free_all(self) {
        // SAFETY: as above.
        unsafe {
            self.models.into_iter().for_each(|h| perfvec_model_free(h));
            self.sessions
                .into_iter()
                .for_each(|h| perfvec_session_free(h));
            self.calibrators
                .into_iter()
                .for_each(|h| perfvec_calibrator_free(h));
            self.tables
                .into_iter()
                .for_each(|h| perfvec_microarchs_free(h));
            self.recorders
                .into_iter()
                .for_each(|h| perfvec_recorder_free(h));
        }
    }
}
