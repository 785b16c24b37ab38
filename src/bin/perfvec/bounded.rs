//! Sessions whose functional warming is bounded, and what that costs in accuracy.

use crate::report::{sampling, Stream};
use perfvec::inst::{Retirement, StaticInst};
use perfvec::model::Model;
use perfvec::region::Region;
use perfvec::session::{Interval, Sampling, Session, SessionConfig, WARMING_ALL};
use perfvec::Result;
use std::sync::Arc;

/// The second session gets so many times less warming.
const LESS: u64 = 4;

/// A session. Where its functional warming is bounded, at a fixed rate, a second one measures the
/// same units after a quarter of the warming. What the other three quarters change bounds what
/// still more would change, as long as four times the warming leaves at most half of the error.
pub struct Bounded {
    /// The session whose estimates count.
    pub session: Session,
    shorter: Option<Session>,
}

impl Bounded {
    /// Sessions at the start of a stream, of which `region` is wanted.
    pub fn new(model: &Arc<Model>, config: &SessionConfig, region: Region) -> Result<Self> {
        let start = |config: &SessionConfig| {
            let mut session = Session::new(model.clone(), config)?;
            session.set_region(region)?;
            Ok(session)
        };
        let fixed = matches!(config.sampling, Sampling::FixedRate { .. });
        let shorter = (fixed && config.warming < WARMING_ALL).then(|| SessionConfig {
            warming: config.warming / LESS,
            interval: 0,
            threads: config.threads.min(1),
            ..config.clone()
        });
        Ok(Self {
            session: start(config)?,
            shorter: shorter.as_ref().map(start).transpose()?,
        })
    }

    /// Interns a static instruction in both; they number them alike.
    pub fn intern(&mut self, inst: &StaticInst) -> Result<u32> {
        if let Some(shorter) = &mut self.shorter {
            shorter.intern(inst)?;
        }
        self.session.intern(inst)
    }

    /// Reports retirements in order.
    pub fn retire_many(&mut self, retirements: &[Retirement]) -> Result<()> {
        if let Some(shorter) = &mut self.shorter {
            shorter.retire_many(retirements)?;
        }
        self.session.retire_many(retirements)
    }

    /// Reports how many retirements come next, of which none is wanted.
    pub fn retire_unseen(&mut self, retirements: u64) -> Result<()> {
        if let Some(shorter) = &mut self.shorter {
            shorter.retire_unseen(retirements)?;
        }
        self.session.retire_unseen(retirements)
    }

    /// Ends the stream; `intervals` are those taken so far.
    pub fn finish(mut self, mut intervals: Vec<Interval>) -> Result<Stream> {
        intervals.extend(self.session.finish()?);
        let shorter = match &mut self.shorter {
            Some(shorter) => {
                shorter.finish()?;
                Some(shorter.program_vector()?)
            }
            None => None,
        };
        Ok(Stream {
            vector: self.session.program_vector()?,
            shorter,
            intervals,
            sampling: sampling(self.session.config(), &self.session.plan()),
        })
    }
}
