//! Regions of interest that the library finds by itself.

use super::handle::exclusive;
use super::recorder::{perfvec_recorder, Recorder};
use super::session::{perfvec_session, Hart};
use super::sized::{self, Sized32};
use super::status::perfvec_status;
use crate::error::{Error, ErrorKind, Result};
use crate::region::{Mark, Region};

/// Which retirements of a stream are measured. All 0 is the whole stream.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct perfvec_region {
    /// sizeof(perfvec_region).
    pub struct_size: u32,
    /// 1: each stretch between two marker instructions (PERFVEC_INST_REGION_BEGIN and
    /// PERFVEC_INST_REGION_END) is measured; all else must be 0.
    pub markers: u32,
    /// The region begins with the retirement number `from_count` of the instruction at `from_pc`.
    pub from_pc: u64,
    /// Counted from 1; 0: it begins with the stream.
    pub from_count: u64,
    /// Retirements after that which do not belong to it.
    pub skip: u64,
    /// Retirements of it at the most; 0: no limit.
    pub first: u64,
    /// It ends before a retirement of the instruction at `until_pc` that comes after its own first
    /// one and is number `until_count` or later of the whole stream.
    pub until_pc: u64,
    /// Counted from 1; 0: it ends with the stream.
    pub until_count: u64,
}

const _: () = assert!(size_of::<perfvec_region>() == 56);

// SAFETY: plain numbers.
unsafe impl Sized32 for perfvec_region {
    const NAME: &'static str = "perfvec_region";
    const SIZES: &'static [usize] = &[56];
    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            markers: 0,
            from_pc: 0,
            from_count: 0,
            skip: 0,
            first: 0,
            until_pc: 0,
            until_count: 0,
        }
    }
}

/// Which retirements the session measures, in place of calls of perfvec_session_region_begin() and
/// perfvec_session_region_end(), which then fail. What comes before the region warms the features;
/// what comes after its end costs nothing more. It stays through perfvec_session_reset().
///
/// Errors: PERFVEC_ERR_STATE after the first retirement, PERFVEC_ERR_INVALID_ARGUMENT for a region
/// that cannot be.
#[no_mangle]
pub unsafe extern "C" fn perfvec_session_set_region(
    session: *mut perfvec_session,
    region: *const perfvec_region,
) -> perfvec_status {
    let set = |h: &mut Hart| {
        // SAFETY: by the contract of the module.
        let region = unsafe { read(region) }?;
        h.changed();
        h.session.set_region(region)
    };
    // SAFETY: as above.
    unsafe { exclusive(session, set) }
}

/// Which retirements are recorded; the others are dropped. The trace then knows nothing of what
/// would warm the features before the region: record all, and set the region when it is replayed,
/// where that matters.
///
/// Errors: PERFVEC_ERR_STATE after the first instruction was interned,
/// PERFVEC_ERR_INVALID_ARGUMENT for a region that cannot be.
#[no_mangle]
pub unsafe extern "C" fn perfvec_recorder_set_region(
    recorder: *mut perfvec_recorder,
    region: *const perfvec_region,
) -> perfvec_status {
    let set = |r: &mut Recorder| {
        // SAFETY: by the contract of the module.
        r.writer()?.set_region(unsafe { read(region) }?)
    };
    // SAFETY: as above.
    unsafe { exclusive(recorder, set) }
}

/// The region in the library's own terms. `region` must be a pointer by the module's contract.
unsafe fn read(region: *const perfvec_region) -> Result<Region> {
    // SAFETY: by the contract of the module.
    let r = unsafe { sized::read(region) }?;
    let mark = |pc, count| (count > 0).then_some(Mark { pc, count });
    let stray = [(r.from_pc, r.from_count), (r.until_pc, r.until_count)];
    if r.markers > 1 || stray.iter().any(|(pc, count)| *pc != 0 && *count == 0) {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "perfvec_region: markers is {}, from_count {} and until_count {}; give 0 or 1, and counts from 1 with a pc",
                r.markers, r.from_count, r.until_count
            ),
        ));
    }
    let region = Region {
        from: mark(r.from_pc, r.from_count),
        skip: r.skip,
        first: (r.first > 0).then_some(r.first),
        until: mark(r.until_pc, r.until_count),
        markers: r.markers == 1,
    };
    region.validate().map(|()| region)
}
