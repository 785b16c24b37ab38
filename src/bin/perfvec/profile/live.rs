//! A profile of a program while it runs: each of its streams is priced as it comes.

use super::names::Names;
use super::resolved::Resolved;
use super::{page, write, Modules};
use perfvec::inst::StaticInst;
use perfvec::microarch::Microarch;
use perfvec::model::Model;
use perfvec::session::{Costs, Profile};
use perfvec::Result;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What every stream is priced with.
pub struct Live {
    model: Arc<Model>,
    cores: Vec<Microarch>,
    period: Option<u64>,
    image_end: u64,
}

/// What one thread of the program did.
pub struct Part {
    /// Its process: the image that it ran.
    pub image: u64,
    /// Its name.
    pub name: String,
    /// What it cost, and where.
    pub costs: Costs,
    /// The instructions that the costs name.
    pub insts: Vec<StaticInst>,
}

impl Live {
    /// A profile of `cores`, with one sampling unit in every `period` retirements measured if there
    /// is a period. `image_end` is that of [`SessionConfig`](perfvec::session::SessionConfig).
    pub fn new(
        model: &Arc<Model>,
        cores: Vec<Microarch>,
        period: Option<u64>,
        image_end: u64,
    ) -> Result<Self> {
        // What is wrong with them is better told before the program runs.
        let live = Self {
            model: model.clone(),
            cores,
            period,
            image_end,
        };
        live.open()?;
        Ok(live)
    }

    /// For one more stream.
    pub fn open(&self) -> Result<Profile> {
        let cores: Vec<&Microarch> = self.cores.iter().collect();
        Profile::new(&self.model, &cores, self.period, self.image_end)
    }

    /// The profile of `parts`, called `program`. `maps` tells which files an image ran, in lines as
    /// the plugin has them.
    pub fn finish(
        self,
        program: &str,
        parts: Vec<Part>,
        maps: impl Fn(u64) -> String,
    ) -> Result<LiveProfile> {
        let mut profile = Resolved::new(program.into(), self.model.info().id.clone());
        // Processes that ran the same files share their names, and with them their places.
        let mut known: Vec<(Modules, Names)> = Vec::new();
        let mut of_image: BTreeMap<u64, usize> = BTreeMap::new();
        for part in parts {
            let n = match of_image.get(&part.image) {
                Some(n) => *n,
                None => {
                    let modules = Modules::from_plugin(&maps(part.image));
                    match known.iter().position(|(m, _)| *m == modules) {
                        Some(n) => n,
                        None => {
                            let mut names = Names::of_modules(modules.clone(), None)?;
                            names.join(&mut profile.modules, &mut profile.notes);
                            known.push((modules, names));
                            known.len() - 1
                        }
                    }
                }
            };
            of_image.insert(part.image, n);
            profile.add(part.name, part.costs, &part.insts, &mut known[n].1);
        }
        Ok(LiveProfile(profile))
    }
}

/// The profile of a program that ran.
pub struct LiveProfile(Resolved);

impl LiveProfile {
    /// Writes it for another tool, and says which.
    pub fn write(&self, path: &Path) -> Result<()> {
        write(&self.0, path)
    }

    /// What a page shows of it.
    pub fn page(&self) -> Value {
        page(&self.0)
    }
}
