//! Which rules of the simulator lists of cores follow.

use super::handle::guard;
use super::status::perfvec_status;
use super::strings::text;
use crate::error::{Error, ErrorKind};
use crate::twin::rules::Rules;
use std::ffi::c_char;
use std::sync::atomic::{AtomicUsize, Ordering};

const ALL: [Rules; 3] = [Rules::GEM5, Rules::GEM5_STOCK, Rules::TEXTBOOK];
/// Index into [`ALL`].
static CHOSEN: AtomicUsize = AtomicUsize::new(0);

/// Sets the default timing rules of the whole process, for lists of cores that name none and are
/// loaded after this call: "gem5" (the initial default), "gem5-stock" (gem5 24.0 as released, which
/// mispredicts compressed branches) or "textbook". A simulator calls it once, so that cores are
/// timed by its own rules. Errors: PERFVEC_ERR_INVALID_ARGUMENT. Callable from any thread.
#[no_mangle]
pub unsafe extern "C" fn perfvec_rules_set(rules: *const c_char) -> perfvec_status {
    // SAFETY: by the contract of the module.
    guard(|| unsafe {
        let word = text(rules, "rules")?;
        let index = ALL.iter().position(|r| r.word() == word).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("rules is \"{word}\"; pass \"gem5\", \"gem5-stock\" or \"textbook\""),
            )
        })?;
        CHOSEN.store(index, Ordering::Relaxed);
        Ok(())
    })
}

/// Those in force.
pub(super) fn chosen() -> Rules {
    ALL[CHOSEN.load(Ordering::Relaxed)]
}
