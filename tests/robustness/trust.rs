//! What a host that runs for days must be able to count on: files that change underneath, torn
//! snapshots, and memory that does not grow.

use perfvec::inst::Retirement;
use perfvec::microarch::{Microarch, MicroarchTable, ProgramVector};
use perfvec::model::{Backend, Model};
use perfvec::session::{Sampling, Session, SessionConfig};
use perfvec::ErrorKind;
use perfvec_test_support::{alone, toy};
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Trips through a loop of the program's first four instructions; loads and stores walk 8 MiB at
/// random.
struct Loop(u64);

impl Loop {
    fn fill(&mut self, ids: &[u32], out: &mut [Retirement]) {
        for (i, r) in out.iter_mut().enumerate() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            let at = i % 4;
            *r = Retirement {
                inst: ids[at],
                flags: 0,
                address: if at % 2 == 0 {
                    (self.0 % (8 << 20)) & !7
                } else {
                    0
                },
                next_pc: 0x1_0000 + 4 * ((i as u64 + 1) % 4),
            };
        }
    }
}

fn session(model: &Arc<Model>, config: &SessionConfig) -> (Session, Vec<u32>) {
    let mut session = Session::new(model.clone(), config).unwrap();
    let ids = toy::program()
        .iter()
        .map(|i| session.intern(i).unwrap())
        .collect();
    (session, ids)
}

fn tiny() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/capi/tiny.onnx"
    ))
}

/// The program vector of 10 000 retirements; `between` runs halfway.
fn run(model: &Arc<Model>, between: impl FnOnce()) -> ProgramVector {
    let config = SessionConfig {
        lanes: 4,
        segment: 64,
        ..SessionConfig::default()
    };
    let (mut session, ids) = session(model, &config);
    let mut stream = vec![Retirement::default(); 10_000];
    Loop(9).fill(&ids, &mut stream);
    session.retire_many(&stream[..5000]).unwrap();
    between();
    session.retire_many(&stream[5000..]).unwrap();
    session.finish().unwrap();
    session.program_vector().unwrap()
}

#[test]
fn a_model_and_a_table_that_change_on_disk_do_not_change_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.onnx");
    std::fs::copy(tiny(), &path).unwrap();
    let model = Model::load(&path, Backend::Auto).unwrap();
    let table_path = path.with_extension("safetensors");
    let dim = model.info().representation;
    let mut table = MicroarchTable::new(model.info().id.clone(), dim);
    let core = Microarch {
        name: "core".into(),
        vector: vec![1.0; dim],
        ..Microarch::default()
    };
    table.add(core).unwrap();
    table.save(&table_path).unwrap();
    let table = MicroarchTable::load(&table_path).unwrap();

    let undisturbed = run(&model, || {});
    assert!(undisturbed.sum.iter().any(|x| *x != 0.0));
    let price = table.estimate(&undisturbed).unwrap();
    let disturbed = run(&model, || {
        // In place, as a careless copy does it, so that a mapped file would change as well.
        std::fs::write(&path, b"not a model").unwrap();
        std::fs::write(&table_path, b"").unwrap();
    });
    assert_eq!(disturbed, undisturbed);
    assert_eq!(table.estimate(&disturbed).unwrap(), price);
    let e = Model::load(&path, Backend::Auto).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Corrupt, "{e}");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(run(&model, || {}), undisturbed);
}

#[test]
fn a_snapshot_torn_at_any_byte_is_refused() {
    for model in [
        Model::load(tiny(), Backend::Auto).unwrap(),
        toy::model(false),
    ] {
        let config = SessionConfig {
            threads: 0,
            lanes: 2,
            segment: 16,
            warmup: Some(4),
            interval: 32,
            ..SessionConfig::default()
        };
        let (mut session, ids) = session(&model, &config);
        let mut stream = vec![Retirement::default(); 501];
        Loop(3).fill(&ids, &mut stream);
        session.retire_many(&stream).unwrap();
        let whole = session.snapshot().unwrap();
        assert!(Session::restore(model.clone(), 0, &whole).is_ok());
        // Far into a long one every step checks the same; near both ends each byte counts.
        let lengths =
            (0..whole.len()).filter(|n| *n < 2000 || *n + 200 > whole.len() || n % 997 == 0);
        for length in lengths {
            let mut torn = whole[..length].to_vec();
            refused(&model, &torn, length);
            if length >= 16 {
                // Even with a checksum that fits, the end is noticed.
                let sum = xxh3_64(&torn[16..]).to_le_bytes();
                torn[8..16].copy_from_slice(&sum);
                refused(&model, &torn, length);
            }
        }
    }
}

fn refused(model: &Arc<Model>, bytes: &[u8], length: usize) {
    let e = Session::restore(model.clone(), 0, bytes)
        .err()
        .unwrap_or_else(|| panic!("cut to {length} bytes, it was restored"));
    let fits = matches!(
        e.kind(),
        ErrorKind::Corrupt | ErrorKind::Mismatch | ErrorKind::InvalidArgument
    );
    assert!(fits && !e.message().is_empty(), "{length}: {e}");
}

/// Sealed again after a patch, so that it is the reader's own checks that count.
#[test]
fn a_snapshot_that_contradicts_itself_is_refused_or_goes_on() {
    let model = toy::model(true);
    for sampling in [
        Sampling::Full,
        Sampling::FixedRate { period: 24 },
        Sampling::TargetError {
            half_width: 0.1,
            targets: Arc::new(vec![vec![1.0; toy::DIM]]),
        },
        Sampling::TargetOverhead { overhead: 0.1 },
        Sampling::Plan {
            periods: Arc::default(),
        },
    ] {
        let config = SessionConfig {
            threads: 0,
            lanes: 2,
            segment: 8,
            unit: 8,
            warmup: Some(4),
            sampling,
            ..SessionConfig::default()
        };
        let (mut first, ids) = session(&model, &config);
        let mut stream = vec![Retirement::default(); 61];
        Loop(5).fill(&ids, &mut stream);
        first.retire_many(&stream).unwrap();
        let whole = first.snapshot().unwrap();
        // Configuration, instructions, counters, plan and lanes are at the front.
        for at in 16..600 {
            for patch in [0, 1, u64::MAX] {
                let mut bytes = whole.clone();
                bytes[at..at + 8].copy_from_slice(&patch.to_le_bytes());
                let sum = xxh3_64(&bytes[16..]).to_le_bytes();
                bytes[8..16].copy_from_slice(&sum);
                let Ok(mut session) = Session::restore(model.clone(), 0, &bytes) else {
                    continue;
                };
                let known = ids.iter().all(|id| session.inst(*id).is_some());
                if known {
                    session.retire_many(&stream).unwrap();
                }
                session.finish().unwrap();
            }
        }
    }
}

/// Resident memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Retires `total` without ever waiting for the session's threads, and checks that memory stays where
/// it was after a tenth of it.
fn soak(total: u64, published: bool) {
    // 256 units in blocks of 8, so that the first blocks are full after a tenth.
    let period = total >> 8;
    let config = SessionConfig {
        sampling: Sampling::FixedRate { period },
        lanes: 8,
        interval: 1 << 24,
        ..SessionConfig::default()
    };
    let (mut session, ids) = session(&toy::model(published), &config);
    let mut source = Loop(1);
    let mut chunk = vec![Retirement::default(); 4096];
    let start = cpu_time::ProcessTime::now();
    let (mut done, mut settled, mut intervals) = (0, 0, 0u64);
    while done < total {
        source.fill(&ids, &mut chunk);
        session.retire_many(&chunk).unwrap();
        done += chunk.len() as u64;
        intervals += session.take_intervals().len() as u64;
        if settled == 0 && done >= total / 10 {
            settled = resident();
        }
    }
    intervals += session.finish().unwrap().len() as u64;
    let end = resident();
    let counts = session.counts();
    println!(
        "{done} retirements ({} units, {intervals} intervals) in {:.1} s of processor time: {settled} KiB resident after a tenth, {end} KiB at the end",
        counts.units,
        start.elapsed().as_secs_f64()
    );
    assert_eq!(counts.retired, done);
    let periods = done / period;
    assert!((periods..=periods + 1).contains(&counts.units));
    assert!(
        end <= settled + 4096,
        "memory grew from {settled} to {end} KiB"
    );
}

#[test]
fn memory_stays_flat() {
    if !alone("trust::memory_stays_flat") {
        return;
    }
    soak(8 << 20, true);
    soak(8 << 20, false);
}

/// `PERFVEC_SOAK` sets the number of retirements (10^9 unless set).
#[test]
#[ignore = "takes minutes: cargo test --release --test robustness trust -- --ignored --nocapture"]
fn memory_stays_flat_for_a_thousand_million_retirements() {
    let total = std::env::var("PERFVEC_SOAK").map_or(1_000_000_000, |n| n.parse().unwrap());
    soak(total, false);
}
