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
    /// 1: the retirements between marker instructions (PERFVEC_INST_REGION_BEGIN and
    /// PERFVEC_INST_REGION_END) are measured, as often as these occur; all other fields must be 0.
    pub markers: u32,
    /// The region begins with the retirement number `from_count` of the instruction at `from_pc`.
    pub from_pc: u64,
    /// Which retirement of `from_pc`, counted from 1; 0: the region begins with the stream.
    pub from_count: u64,
    /// Retirements to skip after that, before the region begins.
    pub skip: u64,
    /// Maximum length of the region in retirements; 0: no limit.
    pub first: u64,
    /// The region ends before a retirement of the instruction at `until_pc` that follows the
    /// region's first retirement and is number `until_count` or later of the whole stream.
    pub until_pc: u64,
    /// Which retirement of `until_pc`, counted from 1; 0: the region ends with the stream.
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

/// Sets the region that the session measures, instead of calls of perfvec_session_region_begin()
/// and perfvec_session_region_end(), which then fail. Retirements before the region warm the
/// features; those after its end are ignored. The region is kept across perfvec_session_reset().
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

/// Sets the region that is recorded; other retirements are discarded. Such a trace cannot warm the
/// features before the region. If that matters, record everything and set the region for the
/// replay.
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
