//! Recorders: streams to trace files.

use super::handle::{self, exclusive, AfterFork, Opaque};
use super::inst::{self, isa_from, perfvec_retirement, perfvec_static_inst, read_inst};
use super::sized::{self, Sized32};
use super::status::perfvec_status;
use super::strings::{self, one, optional_text, put, slice};
use crate::error::{Error, ErrorKind, Result};
use crate::isa::Isa;
use crate::session::intern::Seen;
use crate::trace::{Header, Summary, Writer};
use std::ffi::c_char;

/// Writes the stream of one hart to a trace file.
///
/// General flow: create; intern each static instruction when the host first meets it; retire;
/// finish; free.
///
/// Lifetime: from perfvec_recorder_create() to perfvec_recorder_free(), which removes the file of a
/// trace that was not finished.
///
/// Threads: one at a time; it may move between threads.
///
/// Cost: a write of some tens of KB for every 65 536 retirements. Memory: a few MB, and about 100 bytes
/// per static instruction.
pub struct perfvec_recorder {
    _opaque: [u8; 0],
}

/// Origin of a trace.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct perfvec_trace_header {
    /// sizeof(perfvec_trace_header).
    pub struct_size: u32,
    /// `PERFVEC_ISA_...`.
    pub isa: u32,
    /// 1 if a retirement is a micro-op, 0 if it is a whole instruction.
    pub micro_ops: u32,
    /// 0.
    pub reserved: u32,
    /// Clock period of the cycles of timed retirements, in picoseconds; 0 if there are none.
    pub clock_period_ps: u64,
    /// The host, "qemu", "gem5:AtomicSimpleCPU", ...; NULL for none.
    pub host: *const c_char,
    /// The program, as the host was given it; NULL for none.
    pub program: *const c_char,
    /// Further metadata as a JSON object; NULL for none. Values that are not strings are stored as
    /// their JSON text.
    pub metadata_json: *const c_char,
}

/// The totals of a finished trace.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct perfvec_trace_summary {
    /// sizeof(perfvec_trace_summary).
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Retirements.
    pub retirements: u64,
    /// Static instructions.
    pub statics: u64,
    /// Retirements with a cycle count.
    pub timed: u64,
    /// Timed windows: runs of consecutive timed retirements.
    pub windows: u64,
    /// Sum of all cycle counts.
    pub cycles: u64,
    /// Hash of the stream: equal for every host that saw the same stream.
    pub stream_hash: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

const _: () = {
    assert!(size_of::<perfvec_trace_header>() == 48);
    assert!(size_of::<perfvec_trace_summary>() == 64);
};

// SAFETY: integers and pointers that may be NULL.
unsafe impl Sized32 for perfvec_trace_header {
    const NAME: &'static str = "perfvec_trace_header";
    const SIZES: &'static [usize] = &[48];
    fn defaults() -> Self {
        Self {
            struct_size: 48,
            isa: 0,
            micro_ops: 0,
            reserved: 0,
            clock_period_ps: 0,
            host: std::ptr::null(),
            program: std::ptr::null(),
            metadata_json: std::ptr::null(),
        }
    }
}

// SAFETY: plain integers.
unsafe impl Sized32 for perfvec_trace_summary {
    const NAME: &'static str = "perfvec_trace_summary";
    const SIZES: &'static [usize] = &[64];
    fn defaults() -> Self {
        summary_to_c(&Summary::default())
    }
}

/// The object of a `perfvec_recorder` handle.
pub(super) struct Recorder {
    /// `None` once finishing was tried.
    writer: Option<Writer>,
    isa: Isa,
    seen: Seen,
}

impl Opaque for perfvec_recorder {
    type Inner = Recorder;
    const KIND: u16 = 0x104;
    const NAME: &'static str = "perfvec_recorder";
    const AFTER_FORK: AfterFork =
        AfterFork::Refused("its file belongs to the parent; create a recorder with another path");
}

impl Recorder {
    #[inline(always)]
    pub(super) fn writer(&mut self) -> Result<&mut Writer> {
        self.writer.as_mut().ok_or_else(finished)
    }
}

#[cold]
fn finished() -> Error {
    Error::new(
        ErrorKind::State,
        "perfvec_recorder: the trace was finished, or failed to be; free the recorder and create another",
    )
}

/// Starts a trace file. Until perfvec_recorder_finish() it has a temporary name beside `path`.
/// Errors: PERFVEC_ERR_IO if it cannot be created.
#[no_mangle]
pub unsafe extern "C" fn perfvec_recorder_create(
    path: *const c_char,
    header: *const perfvec_trace_header,
    out: *mut *mut perfvec_recorder,
) -> perfvec_status {
    let make = || {
        // SAFETY: by the contract of the module.
        let (path, header) = unsafe { (strings::path(path)?, sized::read(header)?) };
        let isa = isa_from(header.isa)?;
        // SAFETY: as above.
        let header = unsafe { read_header(&header, isa) }?;
        Ok(Recorder {
            writer: Some(Writer::create(path, header)?),
            isa,
            seen: Seen::default(),
        })
    };
    // SAFETY: as above.
    unsafe { handle::create_into(out, make) }
}

/// Interns a decoded static instruction; the same instruction gets the same id. Ids are dense from
/// 0.
#[no_mangle]
pub unsafe extern "C" fn perfvec_recorder_intern(
    recorder: *mut perfvec_recorder,
    inst: *const perfvec_static_inst,
    id: *mut u32,
) -> perfvec_status {
    let intern = |r: &mut Recorder| {
        // SAFETY: by the contract of the module.
        let inst = unsafe { read_inst(inst) }?;
        let new = r.writer()?.intern(&inst)?;
        // SAFETY: as above.
        unsafe { put(id, new, "id") }
    };
    // SAFETY: as above.
    unsafe { exclusive(recorder, intern) }
}

/// Decodes and interns; see perfvec_static_inst_decode(). A repeated (pc, encoding) is mostly found without
/// decoding. `isa` must be the trace's (PERFVEC_ERR_MISMATCH).
#[no_mangle]
pub unsafe extern "C" fn perfvec_recorder_intern_encoding(
    recorder: *mut perfvec_recorder,
    isa: u32,
    pc: u64,
    bytes: *const u8,
    len: usize,
    id: *mut u32,
) -> perfvec_status {
    let intern = |r: &mut Recorder| {
        if isa != r.isa as u32 {
            let text = format!(
                "isa is {isa} but the trace's is {}; record one ISA",
                r.isa as u32
            );
            return Err(Error::new(ErrorKind::Mismatch, text));
        }
        // SAFETY: by the contract of the module.
        let bytes = unsafe { slice(bytes, len, "bytes") }?;
        let new = match r.seen.find(r.isa, pc, bytes) {
            Some(id) => id,
            None => {
                let inst = r.isa.decode(pc, bytes)?;
                let id = r.writer()?.intern(&inst)?;
                r.seen.keep(r.isa, pc, bytes, id);
                id
            }
        };
        // SAFETY: as above.
        unsafe { put(id, new, "id") }
    };
    // SAFETY: as above.
    unsafe { exclusive(recorder, intern) }
}

/// Records one retirement. Errors: PERFVEC_ERR_INVALID_ARGUMENT for an id that was not interned.
#[no_mangle]
pub unsafe extern "C" fn perfvec_recorder_retire(
    recorder: *mut perfvec_recorder,
    retirement: *const perfvec_retirement,
) -> perfvec_status {
    // SAFETY: by the contract of the module.
    let record = |rec: &mut Recorder| {
        let r = inst::retirement(unsafe { one(retirement, "retirement") }?);
        rec.writer()?.retire(r)
    };
    // SAFETY: as above.
    unsafe { exclusive(recorder, record) }
}

/// Records `len` retirements in order. They are checked first: if perfvec_recorder_retire() would
/// reject any of them, none is recorded.
#[no_mangle]
pub unsafe extern "C" fn perfvec_recorder_retire_many(
    recorder: *mut perfvec_recorder,
    retirements: *const perfvec_retirement,
    len: usize,
) -> perfvec_status {
    let record = |rec: &mut Recorder| {
        // SAFETY: by the contract of the module.
        let all = inst::retirements(unsafe { slice(retirements, len, "retirements") }?);
        rec.writer()?.retire_many(all)
    };
    // SAFETY: as above.
    unsafe { exclusive(recorder, record) }
}

/// Records one retirement of a timing CPU and the cycles since the retirement before it.
/// Consecutive calls make one timed window.
#[no_mangle]
pub unsafe extern "C" fn perfvec_recorder_retire_timed(
    recorder: *mut perfvec_recorder,
    retirement: *const perfvec_retirement,
    cycles: u32,
) -> perfvec_status {
    let record = |rec: &mut Recorder| {
        // SAFETY: by the contract of the module.
        let r = inst::retirement(unsafe { one(retirement, "retirement") }?);
        rec.writer()?.retire_timed(r, cycles)
    };
    // SAFETY: as above.
    unsafe { exclusive(recorder, record) }
}

/// Ends the trace: writes pending data, syncs the file to disk and renames it to its final name.
/// `out`, which may be NULL, receives the totals (set `out->struct_size` before). After this call,
/// failed or not, the recorder can only be freed; other calls return PERFVEC_ERR_STATE.
#[no_mangle]
pub unsafe extern "C" fn perfvec_recorder_finish(
    recorder: *mut perfvec_recorder,
    out: *mut perfvec_trace_summary,
) -> perfvec_status {
    let finish = |r: &mut Recorder| {
        // SAFETY: by the contract of the module. Told before the recording is closed.
        unsafe {
            if !out.is_null() {
                sized::check(out)?;
            }
        }
        let summary = r.writer.take().ok_or_else(finished)?.finish()?;
        if out.is_null() {
            return Ok(());
        }
        // SAFETY: as above.
        unsafe { sized::write(out, &summary_to_c(&summary)) }
    };
    // SAFETY: as above.
    unsafe { exclusive(recorder, finish) }
}

/// Frees the recorder, and removes the file of a trace that was not finished. NULL does nothing. In
/// a child of fork() a recorder of the parent stays allocated, and its file is not touched.
#[no_mangle]
pub unsafe extern "C" fn perfvec_recorder_free(recorder: *mut perfvec_recorder) {
    // SAFETY: by the contract of the module.
    unsafe { handle::free(recorder) }
}

/// The text of the recorder's last failed call; "" where none failed. Never NULL; valid until its
/// next failed call. For NULL or a foreign pointer, the text of perfvec_last_error().
#[no_mangle]
pub unsafe extern "C" fn perfvec_recorder_last_error(
    recorder: *const perfvec_recorder,
) -> *const c_char {
    // SAFETY: by the contract of the module.
    unsafe { handle::last_error(recorder) }
}

unsafe fn read_header(c: &perfvec_trace_header, isa: Isa) -> Result<Header> {
    // SAFETY: by the contract of the module.
    let (host, program, json) = unsafe {
        (
            optional_text(c.host, "perfvec_trace_header.host")?,
            optional_text(c.program, "perfvec_trace_header.program")?,
            optional_text(c.metadata_json, "perfvec_trace_header.metadata_json")?,
        )
    };
    if c.micro_ops > 1 || c.reserved != 0 {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "perfvec_trace_header: micro_ops is {} and reserved {}; give 0 or 1, and 0",
                c.micro_ops, c.reserved
            ),
        ));
    }
    let json = if json.is_empty() { "{}" } else { json };
    let metadata = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json)
        .map_err(|e| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("perfvec_trace_header.metadata_json is not a JSON object ({e}); pass one or NULL"),
            )
        })?;
    let text = |v: serde_json::Value| match v {
        serde_json::Value::String(s) => s,
        other => other.to_string(),
    };
    Ok(Header {
        isa: isa.name().into(),
        host: host.into(),
        program: program.into(),
        args: Vec::new(),
        micro_ops: c.micro_ops == 1,
        clock_period_ps: (c.clock_period_ps > 0).then_some(c.clock_period_ps),
        metadata: metadata.into_iter().map(|(k, v)| (k, text(v))).collect(),
    })
}

fn summary_to_c(s: &Summary) -> perfvec_trace_summary {
    perfvec_trace_summary {
        struct_size: size_of::<perfvec_trace_summary>() as u32,
        reserved: 0,
        retirements: s.retirements,
        statics: s.statics,
        timed: s.timed,
        windows: s.windows,
        cycles: s.cycles,
        stream_hash: s.stream_hash,
        bytes: s.bytes,
    }
}
