//! What the C ABI adds to a retirement: its checks, its panic boundary, its thread check.
//!
//! `cargo bench --bench calls`: nanoseconds per retirement through `Session::retire` and through
//! `perfvec_session_retire`, outside a region so that the model does not run, in turns of which
//! the best counts, in the thread's CPU time. Both sessions must count the same retirements.

use cpu_time::ThreadTime;
use perfvec::capi::config::{perfvec_config, perfvec_config_init};
use perfvec::capi::inst::perfvec_retirement;
use perfvec::capi::model::{perfvec_model_free, perfvec_model_load};
use perfvec::capi::session::{perfvec_session_create, perfvec_session_free};
use perfvec::capi::stream::{perfvec_session_intern_encoding, perfvec_session_retire};
use perfvec::inst::Retirement;
use perfvec::isa::Isa;
use perfvec::model::{Backend, Model};
use perfvec::session::{Session, SessionConfig};
use std::ffi::CString;
use std::mem::MaybeUninit;
use std::path::Path;

const COUNT: u64 = 2_000_000;
const TURNS: usize = 7;
const NOP: [u8; 4] = [0x13, 0, 0, 0];

fn main() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/capi/tiny.onnx");
    let model = Model::load(&path, Backend::Auto).expect("the test model");
    let config = SessionConfig {
        threads: 0,
        start_outside_region: true,
        ..SessionConfig::default()
    };
    let mut session = Session::new(model, &config).expect("a session");
    let inst = session
        .intern_encoding(Isa::Riscv64, 0x1000, &NOP)
        .expect("a nop");
    let rust = best(|| {
        for n in 0..COUNT {
            let r = Retirement {
                inst,
                address: n,
                next_pc: 0x1004,
                ..Retirement::default()
            };
            session.retire(&r).expect("an interned instruction");
        }
    });

    let path = CString::new(path.as_os_str().as_encoded_bytes()).expect("a path without NUL");
    let (mut model, mut handle, mut id) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: every pointer is to a live local; the handles are those just made.
    let c = unsafe {
        assert_eq!(perfvec_model_load(path.as_ptr(), 0, &mut model), 0);
        let mut config = MaybeUninit::uninit();
        let size = size_of::<perfvec_config>();
        assert_eq!(perfvec_config_init(config.as_mut_ptr(), size), 0);
        let mut config = config.assume_init();
        config.threads = 0;
        config.start_outside_region = 1;
        assert_eq!(perfvec_session_create(model, &config, &mut handle), 0);
        let status = perfvec_session_intern_encoding(handle, 1, 0x1000, NOP.as_ptr(), 4, &mut id);
        assert_eq!(status, 0);
        best(|| {
            for n in 0..COUNT {
                let r = perfvec_retirement {
                    inst: id,
                    flags: 0,
                    address: n,
                    next_pc: 0x1004,
                };
                assert_eq!(perfvec_session_retire(handle, &r), 0);
            }
        })
    };
    // SAFETY: the handles made above, freed once.
    unsafe {
        perfvec_session_free(handle);
        perfvec_model_free(model);
    }
    println!("nanoseconds per retirement: Session::retire {rust:.1}, perfvec_session_retire {c:.1}, difference {:.1}", c - rust);
}

/// The least time of a turn, in nanoseconds per retirement.
fn best(mut f: impl FnMut()) -> f64 {
    (0..TURNS)
        .map(|_| {
            let start = ThreadTime::now();
            f();
            start.elapsed().as_secs_f64() * 1e9 / COUNT as f64
        })
        .fold(f64::INFINITY, f64::min)
}
