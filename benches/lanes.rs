//! What cutting a stream into lanes costs in accuracy: the error of cycles against one sequential
//! lane, by length of the warm-up before each segment.
//!
//!     cargo bench --bench lanes -- x.pvt ... [--most N] [--segment N] [--model FILE.onnx]
//!
//! In f32, full mode, on the first N (a million) retirements of each trace: for each length of the
//! warm-up the largest error on any microarchitecture of the model's table. The last column is the
//! shortest of the lengths from which on no error passes 0.1%.

mod arguments;

use perfvec::microarch::MicroarchTable;
use perfvec::model::{Backend, Model};
use perfvec::session::SessionConfig;
use perfvec::Result;
use perfvec_test_support::sequential::{sequential, worst, Stream};

const WARMUPS: [usize; 9] = [0, 16, 32, 64, 128, 192, 256, 512, 1024];
const LIMIT: f64 = 1e-3;

fn main() {
    if let Err(e) = run() {
        eprintln!("{e}");
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    let (mut most, mut segment) = (1_000_000, SessionConfig::default().segment as u64);
    let numbers = &mut [("--most", &mut most), ("--segment", &mut segment)];
    let (path, traces) = arguments::read(numbers)?;
    let (most, segment) = (most as usize, segment as usize);
    let model = Model::load(&path, Backend::NativeF32)?;
    let table = MicroarchTable::load(&path.with_extension("safetensors"))?;
    let info = model.info();
    println!(
        "model {}, schema {}, recommended warm-up {}, segments of {}, {} microarchitectures",
        info.id,
        info.schema,
        info.warmup,
        segment,
        table.entries().len()
    );
    let mut streams = Vec::new();
    for path in &traces {
        streams.push(Stream::read(path, most)?);
    }
    let want = sequential(&model, &streams)?;
    print!("{:<22}{:>10}", "worst error of cycles", "retired");
    for warmup in WARMUPS {
        print!("{:>8}", format!("W={warmup}"));
    }
    println!("{:>8}", "needs");
    let mut all = [(0.0f64, 0.0f64); WARMUPS.len()];
    for ((path, stream), want) in traces.iter().zip(&streams).zip(&want) {
        let mut errors = [0.0; WARMUPS.len()];
        for (error, warmup) in errors.iter_mut().zip(WARMUPS) {
            let config = SessionConfig {
                threads: 0,
                warmup: Some(warmup),
                segment,
                ..SessionConfig::default()
            };
            *error = worst(&table, &stream.session(&model, &config)?, want)?.0;
        }
        for (all, error) in all.iter_mut().zip(errors) {
            *all = (all.0.max(error), all.1 + error / streams.len() as f64);
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        print!("{name:<22}{:>10}", stream.retirements.len());
        row(&errors);
    }
    print!("{:<32}", "worst of all");
    row(&all.map(|a| a.0));
    print!("{:<32}", "mean of the traces' worst");
    row(&all.map(|a| a.1));
    Ok(())
}

fn row(errors: &[f64; WARMUPS.len()]) {
    for error in errors {
        print!("{:>8}", format!("{:.3}%", 100.0 * error));
    }
    let enough = errors.iter().rposition(|e| e.is_nan() || *e > LIMIT);
    match WARMUPS.get(enough.map_or(0, |i| i + 1)) {
        Some(warmup) => println!("{warmup:>8}"),
        None => println!("{:>8}", "more"),
    }
}
