//! Streams through one lane from their first retirement to their last: what a session's lanes, cut
//! into segments behind a warm-up, stand for.

use perfvec::features::{extractor, Extractor};
use perfvec::inst::{Resolved, Retirement, StaticInst};
use perfvec::microarch::{MicroarchTable, ProgramVector};
use perfvec::model::{Model, Out, Rows};
use perfvec::outcome::Resolver;
use perfvec::session::{Session, SessionConfig};
use perfvec::trace::{Block, Reader};
use perfvec::Result;
use std::path::Path;
use std::sync::Arc;

/// A recorded stream.
pub struct Stream {
    pub insts: Vec<StaticInst>,
    pub retirements: Vec<Retirement>,
}

impl Stream {
    /// The first `most` retirements of a trace.
    pub fn read(path: &Path, most: usize) -> Result<Stream> {
        let mut reader = Reader::open(path)?;
        let mut block = Block::default();
        let (mut insts, mut retirements) = (Vec::new(), Vec::new());
        while retirements.len() < most && reader.next_block(&mut block)? {
            insts.extend_from_slice(&block.statics);
            retirements.extend_from_slice(&block.retirements);
        }
        retirements.truncate(most);
        Ok(Stream { insts, retirements })
    }

    fn settled(&self) -> Vec<Resolved> {
        let mut resolver = Resolver::default();
        let mut all = Vec::with_capacity(self.retirements.len());
        for inst in &self.insts {
            resolver.intern(inst);
        }
        resolver.settle(&self.retirements, &mut all);
        resolver.flush(&mut all);
        all
    }

    /// The rows that an extractor of `width` columns makes of it.
    pub fn rows(&self, extractor: &mut dyn Extractor, width: usize) -> Result<Vec<f32>> {
        for (id, inst) in (0..).zip(&self.insts) {
            extractor.intern(id, inst);
        }
        let settled = self.settled();
        let mut rows = vec![0.0; settled.len() * width];
        extractor.steps(&settled, Some(&mut rows));
        Ok(rows)
    }

    /// The program vector of a session with these settings.
    pub fn session(&self, model: &Arc<Model>, config: &SessionConfig) -> Result<ProgramVector> {
        let mut session = Session::new(model.clone(), config)?;
        for inst in &self.insts {
            session.intern(inst)?;
        }
        session.retire_many(&self.retirements)?;
        session.finish()?;
        session.program_vector()
    }
}

/// Rows of a lane that go through the engine at a time.
const STEPS: usize = 256;

/// The program vector of each stream. The streams are each other's neighbours in the engine, which
/// changes nothing for any of them.
pub fn sequential(model: &Model, streams: &[Stream]) -> Result<Vec<ProgramVector>> {
    let (f, d) = (model.info().features, model.info().representation);
    let mut extractors: Vec<Box<dyn Extractor>> = Vec::new();
    for stream in streams {
        let mut e = extractor(&model.info().schema)?;
        for (id, inst) in (0..).zip(&stream.insts) {
            e.intern(id, inst);
        }
        extractors.push(e);
    }
    let settled: Vec<_> = streams.iter().map(Stream::settled).collect();
    let mut sums = vec![vec![0.0f64; d]; streams.len()];
    let mut engine = model.engine(streams.len(), STEPS)?;
    engine.reset();
    let mut x = vec![0.0f32; streams.len() * STEPS * f];
    let mut out = vec![0.0f32; streams.len() * STEPS * d];
    let longest = settled.iter().map(Vec::len).max().unwrap_or(0);
    for from in (0..longest).step_by(STEPS) {
        let part = |s: &'_ Vec<Resolved>| from.min(s.len())..(from + STEPS).min(s.len());
        for ((stream, e), x) in settled
            .iter()
            .zip(&mut extractors)
            .zip(x.chunks_mut(STEPS * f))
        {
            let block = &stream[part(stream)];
            e.steps(block, Some(&mut x[..block.len() * f]));
        }
        let rows = Rows {
            x: &x,
            features: f,
            stride: STEPS,
            lanes: streams.len(),
            steps: STEPS,
        };
        engine.run(&rows, Out::Rows(&mut out))?;
        for ((stream, sum), out) in settled.iter().zip(&mut sums).zip(out.chunks(STEPS * d)) {
            // Rows past the end of a stream are left from before.
            for row in out.chunks(d).take(part(stream).len()) {
                for (s, r) in sum.iter_mut().zip(row) {
                    *s += f64::from(*r);
                }
            }
        }
    }
    let vector = |(sum, stream): (Vec<f64>, &Stream)| ProgramVector {
        model_id: model.info().id.clone(),
        retired: stream.retirements.len() as u64,
        measured: stream.retirements.len() as u64,
        sum,
        ..ProgramVector::default()
    };
    Ok(sums.into_iter().zip(streams).map(vector).collect())
}

/// The largest relative difference of cycles on any microarchitecture, and its name.
pub fn worst(
    table: &MicroarchTable,
    got: &ProgramVector,
    want: &ProgramVector,
) -> Result<(f64, String)> {
    let (got, want) = (table.estimate(got)?, table.estimate(want)?);
    let mut worst = (0.0, String::new());
    for ((g, w), core) in got.iter().zip(&want).zip(table.entries()) {
        let error = (g.cycles / w.cycles - 1.0).abs();
        // A difference that is no number is the worst of all.
        if error.is_nan() || error > worst.0 {
            worst = (error, core.name.clone());
        }
    }
    Ok(worst)
}

/// The feature rows of a stream.
pub fn rows(model: &Model, stream: &Stream) -> Result<Vec<f32>> {
    let mut e = extractor(&model.info().schema)?;
    stream.rows(e.as_mut(), model.info().features)
}
