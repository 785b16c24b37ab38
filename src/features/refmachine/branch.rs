//! Reference branch predictors: whether simple, published designs would have missed a branch.
//!
//! Bimodal (Smith 1981), gshare (McFarling 1993), a small TAGE (Seznec and Michaud 2006), a
//! indirect target tables of two sizes and a last-target one, and a return address stack. They are fixed instruments,
//! not models of any target: a feature says how hard a branch is for each class of predictor.

use super::indirect::{Path, Targets};
use super::set_depth::SetDepth;
use crate::bytes::{field, put};
use crate::error::Result;

const BASE_BITS: u32 = 12;
const GSHARE_BITS: u32 = 13;
const SMALL_BITS: u32 = 9;
const TAGE_BITS: u32 = 10;
const TAGE_HISTORY: [u32; 4] = [6, 14, 30, 62];
const TARGETS: usize = 512;
const RAS: usize = 16;

/// What the predictors said of one control transfer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Bimodal had the wrong direction.
    pub bimodal: bool,
    /// Gshare had the wrong direction.
    pub gshare: bool,
    /// TAGE had the wrong direction.
    pub tage: bool,
    /// A small bimodal table had the wrong direction.
    pub small: bool,
    /// The target of an indirect jump or return was not the predicted one.
    pub target: bool,
    /// It was not the one of last time; a return's only where `target` says so too.
    pub last_target: bool,
    /// It was not what a small table of targets had; a return's likewise.
    pub few_targets: bool,
    /// Depth of a taken transfer in a branch target buffer (1 = most recent of its set), 0 if
    /// not taken.
    pub btb_depth: u8,
}

#[derive(Clone, Copy, Default)]
struct TageEntry {
    tag: u16,
    counter: i8,
    useful: u8,
}

/// All reference predictors of one stream.
#[derive(Clone)]
pub struct Predictors {
    history: u64,
    bimodal: Vec<u8>,
    gshare: Vec<u8>,
    small: Vec<u8>,
    tage: [Vec<TageEntry>; 4],
    path: Path,
    targets: Targets,
    few_targets: Targets,
    last_targets: Vec<u64>,
    ras: [u64; RAS],
    ras_top: u32,
    tick: u32,
    btb: SetDepth,
}

fn bump(counter: &mut u8, up: bool) {
    *counter = if up {
        (*counter + 1).min(3)
    } else {
        counter.saturating_sub(1)
    };
}

/// XOR-folds the youngest `length` outcomes to `bits` bits.
fn fold(history: u64, length: u32, bits: u32) -> u64 {
    let mut rest = history & ((1 << length) - 1);
    let mut folded = 0;
    while rest != 0 {
        folded ^= rest & ((1 << bits) - 1);
        rest >>= bits;
    }
    folded
}

impl Predictors {
    /// Predictors that have seen nothing.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            history: 0,
            bimodal: vec![1; 1 << BASE_BITS],
            gshare: vec![1; 1 << GSHARE_BITS],
            small: vec![1; 1 << SMALL_BITS],
            tage: std::array::from_fn(|_| vec![TageEntry::default(); 1 << TAGE_BITS]),
            path: Path::default(),
            targets: Targets::new(8),
            few_targets: Targets::new(4),
            last_targets: vec![0; TARGETS],
            ras: [0; RAS],
            ras_top: 0,
            tick: 0,
            btb: SetDepth::new(256),
        }
    }

    /// A conditional branch at `pc`.
    pub fn conditional(&mut self, pc: u64, taken: bool) -> Outcome {
        let base = (pc >> 1) as usize & ((1 << BASE_BITS) - 1);
        let mut out = Outcome::default();

        let bimodal_taken = self.bimodal[base] >= 2;
        out.bimodal = bimodal_taken != taken;
        bump(&mut self.bimodal[base], taken);
        let small = base & ((1 << SMALL_BITS) - 1);
        out.small = (self.small[small] >= 2) != taken;
        bump(&mut self.small[small], taken);

        let index = ((pc >> 1) ^ (self.history & 0xfff)) as usize & ((1 << GSHARE_BITS) - 1);
        out.gshare = (self.gshare[index] >= 2) != taken;
        bump(&mut self.gshare[index], taken);

        out.tage = self.tage(pc, taken, bimodal_taken) != taken;
        if taken {
            out.btb_depth = self.btb.access(pc >> 1);
        }
        self.history = self.history << 1 | u64::from(taken);
        self.path.push(taken);
        out
    }

    /// Predicts by the longest matching history and trains; returns the prediction.
    fn tage(&mut self, pc: u64, taken: bool, base_taken: bool) -> bool {
        let word = pc >> 1;
        let mut slot = [0usize; 4];
        let mut tag = [0u16; 4];
        let (mut provider, mut alternate) = (None, None);
        for t in 0..4 {
            let bits = fold(self.history, TAGE_HISTORY[t], TAGE_BITS);
            slot[t] = (word ^ (word >> TAGE_BITS) ^ bits) as usize & ((1 << TAGE_BITS) - 1);
            let bits = fold(self.history, TAGE_HISTORY[t], 9);
            // Never 0: an empty entry must not match.
            tag[t] = ((word ^ (word >> 7) ^ (bits << 1)) as u16 & 0x3ff) | 0x400;
            if self.tage[t][slot[t]].tag == tag[t] {
                alternate = provider;
                provider = Some(t);
            }
        }
        let says = |p: &Self, t: Option<usize>| match t {
            Some(t) => p.tage[t][slot[t]].counter >= 0,
            None => base_taken,
        };
        let prediction = says(self, provider);
        let other = says(self, alternate);

        if let Some(t) = provider {
            let e = &mut self.tage[t][slot[t]];
            e.counter = if taken {
                (e.counter + 1).min(3)
            } else {
                (e.counter - 1).max(-4)
            };
            if prediction != other {
                e.useful = if prediction == taken {
                    (e.useful + 1).min(3)
                } else {
                    e.useful.saturating_sub(1)
                };
            }
        }
        if prediction != taken {
            let first = provider.map_or(0, |t| t + 1);
            let free = (first..4).find(|&t| self.tage[t][slot[t]].useful == 0);
            match free {
                Some(t) => {
                    self.tage[t][slot[t]] = TageEntry {
                        tag: tag[t],
                        counter: if taken { 0 } else { -1 },
                        useful: 0,
                    }
                }
                None => {
                    for (table, i) in self.tage.iter_mut().zip(slot).skip(first) {
                        table[i].useful -= 1;
                    }
                }
            }
        }
        self.tick = self.tick.wrapping_add(1);
        if self.tick.is_multiple_of(1 << 18) {
            for e in self.tage.iter_mut().flatten() {
                e.useful >>= 1;
            }
        }
        prediction
    }

    /// An unconditional transfer at `pc`; `target` is 0 where it is not known.
    pub fn unconditional(
        &mut self,
        pc: u64,
        target: u64,
        fall_through: u64,
        kind: super::Transfer,
    ) -> Outcome {
        let mut out = Outcome {
            btb_depth: self.btb.access(pc >> 1),
            ..Outcome::default()
        };
        if kind.is_return {
            let top = self.ras_top as usize % RAS;
            out.target = target != 0 && self.ras[top] != target;
            out.last_target = out.target;
            out.few_targets = out.target;
            self.ras_top = self.ras_top.wrapping_sub(1);
        } else if kind.indirect {
            if target != 0 {
                out.target = self.targets.missed(pc, &self.path, target);
                out.few_targets = self.few_targets.missed(pc, &self.path, target);
                self.path.push_target(target);
            }
            let last = (pc >> 1) as usize % TARGETS;
            out.last_target = target != 0 && self.last_targets[last] != target;
            self.last_targets[last] = target;
            self.history = self.history << 2 | (target >> 2 & 3);
        }
        if kind.call {
            self.ras_top = self.ras_top.wrapping_add(1);
            self.ras[self.ras_top as usize % RAS] = fall_through;
        }
        self.path.push(true);
        out
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// Appends the state.
    pub fn save(&self, out: &mut Vec<u8>) {
        put(out, &[self.history]);
        out.extend_from_slice(&self.bimodal);
        out.extend_from_slice(&self.gshare);
        out.extend_from_slice(&self.small);
        for e in self.tage.iter().flatten() {
            put(out, &[e.tag]);
            put(out, &[e.counter]);
            put(out, &[e.useful]);
        }
        for t in self.last_targets.iter().chain(&self.ras) {
            put(out, &[*t]);
        }
        put(out, &[self.ras_top]);
        put(out, &[self.tick]);
        self.path.save(out);
        self.targets.save(out);
        self.few_targets.save(out);
        self.btb.save(out);
    }

    /// Takes the state back.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<()> {
        self.history = field(bytes, "a branch predictor")?;
        for c in self
            .bimodal
            .iter_mut()
            .chain(&mut self.gshare)
            .chain(&mut self.small)
        {
            *c = field::<u8>(bytes, "a branch counter")?.min(3);
        }
        for e in self.tage.iter_mut().flatten() {
            e.tag = field(bytes, "a TAGE entry")?;
            e.counter = field::<i8>(bytes, "a TAGE entry")?.clamp(-4, 3);
            e.useful = field::<u8>(bytes, "a TAGE entry")?.min(3);
        }
        for t in self.last_targets.iter_mut().chain(&mut self.ras) {
            *t = field(bytes, "a branch predictor")?;
        }
        self.ras_top = field(bytes, "a branch predictor")?;
        self.tick = field(bytes, "a branch predictor")?;
        self.path.restore(bytes)?;
        self.targets.restore(bytes)?;
        self.few_targets.restore(bytes)?;
        self.btb.restore(bytes)
    }
}
