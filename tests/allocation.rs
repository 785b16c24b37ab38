//! Memory that cannot be had. What a caller's settings ask for gets an error; no file makes a
//! reader ask for more than a bound; and where the system has none left for small things, a call
//! still answers, or the process ends as any Rust program's does: it says so and aborts.

use perfvec::capi::{
    config::*, constants::*, estimates::*, inst::perfvec_retirement, microarchs::*, model::*,
    session::*, snapshot::*, status::*, stream::*,
};
use perfvec_test_support::fuzz;
use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{CStr, CString};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// No single allocation may be larger.
const LARGEST: usize = 64 << 20;

/// The system's allocator, but that large requests and the one whose number is up fail.
struct Scarce;

/// Requests until one fails.
static LEFT: AtomicU64 = AtomicU64::new(u64::MAX);

fn refused(size: usize) -> bool {
    size > LARGEST || LEFT.fetch_sub(1, Relaxed) == 0
}

// SAFETY: either NULL, which says that there is no memory, or what the system's allocator answers.
unsafe impl GlobalAlloc for Scarce {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if refused(layout.size()) {
            return null_mut();
        }
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if refused(layout.size()) {
            return null_mut();
        }
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if refused(size) {
            return null_mut();
        }
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static MEMORY: Scarce = Scarce;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/capi")
        .join(name)
}

fn c_string(path: &Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

/// Stops at the first status that is not OK, which must have a text.
fn check(status: perfvec_status) -> Result<(), perfvec_status> {
    if status == PERFVEC_OK {
        return Ok(());
    }
    // SAFETY: never NULL, and valid until this thread's next failed call.
    let text = unsafe { CStr::from_ptr(perfvec_last_error()) };
    assert!(!text.is_empty(), "status {status} without a text");
    println!("status {status}: {}", text.to_string_lossy());
    Err(status)
}

/// What a host does from its start to its end, in `threads` threads besides its own.
fn host(threads: u32, dir: &Path) -> Result<(), perfvec_status> {
    let paths = ["tiny.onnx", "tiny.safetensors"].map(|name| c_string(&data(name)));
    let vector = c_string(&dir.join("vector"));
    let (mut model, mut cores, mut session) = (null_mut(), null_mut(), null_mut());
    let mut estimates = [perfvec_estimate::default(); 64];
    let mut stream = [perfvec_retirement::default(); 3000];
    let (mut count, mut size) = (0, 0);
    // SAFETY: handles come from the calls that make them, and arrays are as long as is said.
    unsafe {
        check(perfvec_model_load(
            paths[0].as_ptr(),
            PERFVEC_BACKEND_AUTO,
            &mut model,
        ))?;
        check(perfvec_microarchs_load(paths[1].as_ptr(), &mut cores))?;
        let mut config = std::mem::zeroed();
        check(perfvec_config_init(
            &mut config,
            size_of::<perfvec_config>(),
        ))?;
        config.threads = threads;
        (config.lanes, config.segment, config.interval) = (4, 64, 500);
        check(perfvec_session_create(model, &config, &mut session))?;
        for (i, r) in stream.iter_mut().enumerate() {
            // ld t1, 0(a0), at 1500 places.
            let (pc, bytes) = (
                0x10000 + 4 * (i as u64 % 1500),
                0x0005_3303u32.to_le_bytes(),
            );
            check(perfvec_session_intern_encoding(
                session,
                PERFVEC_ISA_RISCV64,
                pc,
                bytes.as_ptr(),
                4,
                &mut r.inst,
            ))?;
            r.address = 0x80_0000 + 64 * (i as u64 * i as u64 % 1000);
        }
        check(perfvec_session_retire_many(
            session,
            stream.as_ptr(),
            stream.len(),
        ))?;
        check(perfvec_session_estimate_all(
            session,
            cores,
            estimates.as_mut_ptr(),
            estimates.len(),
            &mut count,
        ))?;
        check(perfvec_session_snapshot(session, null_mut(), 0, &mut size))?;
        let mut snapshot = Vec::new();
        if snapshot.try_reserve_exact(size).is_ok() {
            snapshot.resize(size, 0);
            let at = snapshot.as_mut_ptr();
            check(perfvec_session_snapshot(session, at, size, &mut size))?;
            check(perfvec_session_restore(session, at, size))?;
        }
        check(perfvec_session_retire(session, &stream[0]))?;
        check(perfvec_session_save_vector(session, vector.as_ptr()))?;
        check(perfvec_session_reset(session))?;
        check(perfvec_session_finish(session))?;
        perfvec_session_free(session);
        perfvec_microarchs_free(cores);
        perfvec_model_free(model);
    }
    assert!(count > 0);
    Ok(())
}

/// What `running_out_of_memory...` starts, with PERFVEC_FAIL_AT as the allocation that fails.
#[test]
#[ignore = "started by another test"]
fn a_host_whose_memory_runs_out() {
    let fail_at = std::env::var("PERFVEC_FAIL_AT").map_or(u64::MAX >> 1, |n| n.parse().unwrap());
    let threads = u32::from(std::env::var_os("PERFVEC_INLINE").is_none());
    let dir = tempfile::tempdir().unwrap();
    LEFT.store(fail_at, Relaxed);
    let done = host(threads, dir.path());
    let used = fail_at.wrapping_sub(LEFT.swap(u64::MAX, Relaxed));
    // The result in question is the exit: statuses are good, whatever they are.
    println!("{done:?} after {used} allocations");
}

fn run_host(fail_at: Option<u64>, inline: bool) -> std::process::Output {
    let mut command = Command::new("timeout");
    command
        .arg("60")
        .arg(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "--test-threads=1",
            "a_host_whose_memory_runs_out",
        ]);
    if let Some(n) = fail_at {
        command.env("PERFVEC_FAIL_AT", n.to_string());
    }
    if inline {
        command.env("PERFVEC_INLINE", "1");
    }
    command.output().unwrap()
}

#[test]
fn running_out_of_memory_gives_a_status_or_ends_the_process_saying_so() {
    const SIGABRT: i32 = 6;
    for inline in [true, false] {
        let whole = run_host(None, inline);
        let text = String::from_utf8_lossy(&whole.stdout).into_owned();
        let used: u64 = text
            .split("Ok(()) after ")
            .nth(1)
            .and_then(|t| t.split(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&whole.stderr)));
        assert!(used > 100, "{used}");
        let (mut answered, mut ended) = (0, 0);
        for i in 0..20 {
            let fail_at = used * i / 20;
            let out = run_host(Some(fail_at), inline);
            let error = String::from_utf8_lossy(&out.stderr);
            // `timeout` dies of the signal that its child died of, or says so by its code.
            let signal = out.status.signal().or(out.status.code().map(|c| c - 128));
            if out.status.success() {
                answered += 1;
            } else {
                assert_eq!(signal, Some(SIGABRT), "{fail_at}: {:?} {error}", out.status);
                assert!(
                    error.contains("memory allocation of "),
                    "{fail_at}: {error}"
                );
                ended += 1;
            }
        }
        println!("inline {inline}: {used} allocations; {answered} answered, {ended} ended");
    }
}

#[test]
fn lanes_without_memory_are_an_error_and_nothing_is_lost() {
    let path = c_string(&data("tiny.onnx"));
    let (mut model, mut session) = (null_mut(), null_mut());
    // SAFETY: as in `host`.
    unsafe {
        let load = perfvec_model_load(path.as_ptr(), PERFVEC_BACKEND_AUTO, &mut model);
        check(load).unwrap();
        let mut config = std::mem::zeroed();
        check(perfvec_config_init(
            &mut config,
            size_of::<perfvec_config>(),
        ))
        .unwrap();
        (config.lanes, config.segment) = (4096, 1000);
        let status = perfvec_session_create(model, &config, &mut session);
        assert_eq!(status, PERFVEC_ERR_OUT_OF_MEMORY);
        let text = CStr::from_ptr(perfvec_last_error()).to_str().unwrap();
        assert!(text.contains("use fewer lanes"), "{text}");
        (config.lanes, config.warmup) = (1, 1 << 19);
        let status = perfvec_session_create(model, &config, &mut session);
        assert_eq!(status, PERFVEC_ERR_OUT_OF_MEMORY);
        check(perfvec_session_create(model, null(), &mut session)).unwrap();
        perfvec_session_free(session);
        perfvec_model_free(model);
    }
}

/// A protobuf field of bytes.
fn field(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![tag << 3 | 2];
    let mut length = body.len();
    while length > 0x7f {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(body);
    out
}

/// Messages that take two bytes in a model file become a hundred times as many in memory. The
/// files are too large to be committed.
#[test]
fn a_model_of_millions_of_empty_parts_is_refused() {
    let many = |tag| field(tag, &[]).repeat(8 << 20);
    let node = |body: Vec<u8>| field(7, &field(1, &body));
    let tensor = |body: Vec<u8>| field(7, &field(5, &body));
    let files = [
        ("nodes", field(7, &many(1))),
        ("initializers", field(7, &many(5))),
        ("inputs", field(7, &many(11))),
        ("outputs", field(7, &many(12))),
        ("metadata", many(14)),
        ("inputs of a node", node(many(1))),
        ("attributes", node(many(5))),
        ("strings of an attribute", node(field(5, &many(9)))),
        (
            "integers of an attribute",
            node(field(5, &field(8, &vec![0; 16 << 20]))),
        ),
        ("integers of a tensor", tensor(field(7, &vec![0; 16 << 20]))),
        ("dimensions", tensor(field(1, &vec![0; 16 << 20]))),
        ("dimensions, one by one", tensor([8, 0].repeat(8 << 20))),
    ];
    for (what, graph) in files {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.onnx");
        std::fs::write(&path, [&[8, 8][..], &graph].concat()).unwrap();
        let e = perfvec::model::read_network(&path).err().unwrap();
        assert!(e.message().contains("outside its weights"), "{what}: {e}");
    }
}

/// The committed inputs of the fuzz targets, among them files that lie about their sizes: an
/// allocation that passes the bound ends this process.
#[test]
fn no_file_asks_for_more_than_a_bound() {
    type Target = fn(&[u8]);
    let targets: [(&str, Target); 5] = [
        ("model", fuzz::model::run),
        ("table", fuzz::table::run),
        ("trace", fuzz::trace::run),
        ("snapshot", fuzz::snapshot::run),
        ("text_trace", fuzz::text_trace::run),
    ];
    for (target, run) in targets {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(target);
        for entry in std::fs::read_dir(&folder).unwrap() {
            run(&std::fs::read(entry.unwrap().path()).unwrap());
        }
    }
}
