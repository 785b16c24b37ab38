//! Regions of interest: which retirements of a stream are measured.
//!
//! A [`Region`] says it in terms that every host shares (static instructions, and retirements
//! counted from the start of the stream), so that it is the same region live, in a recording, and
//! in another simulator. A [`Gate`] follows a stream and says of each retirement whether it lies
//! inside.
//!
//! - `from`: the region begins with the COUNT-th retirement of the instruction at PC.
//! - `skip`: the region begins this many retirements later.
//! - `first`: it ends after this many retirements.
//! - `until`: it ends before a retirement of the instruction at PC, one that comes after the
//!   region's first retirement and is the COUNT-th or a later one of the whole stream.
//! - `markers`: instead of all of these, every stretch between a begin and an end marker is in it.
//!
//! Counts are of the whole stream, as in gem5's `PcCountPair` and in pinballs: from `loop:1000`
//! until `loop:2000` are exactly a thousand trips. A region that ended does not begin again, unless
//! markers say so. The markers themselves lie outside.

use crate::bytes::{corrupt, fields, flag, put};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, Retirement, StaticInst};

/// A point of a stream: the `count`-th retirement (from 1) of the instruction at `pc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Address of the instruction.
    pub pc: u64,
    /// Which of its retirements.
    pub count: u64,
}

/// Which retirements of a stream are measured; the default is all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Region {
    /// Where it begins.
    pub from: Option<Mark>,
    /// Retirements from there that do not belong to it.
    pub skip: u64,
    /// Retirements at the most, over 0.
    pub first: Option<u64>,
    /// Where it ends.
    pub until: Option<Mark>,
    /// Whether marker instructions begin and end it.
    pub markers: bool,
}

impl Region {
    /// Whether it is the whole stream.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the first retirement of a stream belongs to it.
    pub fn starts_inside(&self) -> bool {
        self.from.is_none() && self.skip == 0 && !self.markers
    }

    /// Refuses counts of 0, and markers together with anything else.
    pub fn validate(&self) -> Result<()> {
        let bad = |text: &str| Err(Error::new(ErrorKind::InvalidArgument, text));
        let zero = |mark: &Option<Mark>| mark.is_some_and(|m| m.count == 0);
        if zero(&self.from) || zero(&self.until) {
            return bad("region: counts of from and until begin with 1");
        }
        if self.first == Some(0) {
            return bad("region: first is 0, so nothing would be measured; give at least 1");
        }
        let markers = Self {
            markers: true,
            ..Self::default()
        };
        if self.markers && *self != markers {
            return bad("region: markers say where it begins and ends; leave out from, skip, first and until");
        }
        Ok(())
    }
}

/// What the gate looks for in a static instruction.
mod kind {
    pub const FROM: u8 = 1;
    pub const UNTIL: u8 = 2;
    pub const BEGIN: u8 = 4;
    pub const END: u8 = 8;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// `from` has not come yet, or the next begin marker.
    Before,
    /// So many retirements are still skipped.
    Skip(u64),
    /// The next retirement is the first inside.
    Begin,
    /// Inside, for at most this many further retirements.
    Inside(u64),
    /// Nothing of what follows is inside.
    Over,
}

/// Where a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    phase: Phase,
    /// Retirements at `from` and at `until` so far.
    seen: [u64; 2],
}

/// Follows one stream and says which retirements lie in its region.
#[derive(Debug, Clone)]
pub struct Gate {
    region: Region,
    /// By the id of a static instruction.
    kinds: Vec<u8>,
    at: At,
}

impl Gate {
    /// At the start of a stream. Errors: those of [`Region::validate`].
    pub fn new(region: Region) -> Result<Self> {
        region.validate()?;
        let phase = match region {
            Region { markers: true, .. } | Region { from: Some(_), .. } => Phase::Before,
            Region { skip, .. } => after_from(skip),
        };
        let at = At {
            phase,
            seen: [0; 2],
        };
        Ok(Self {
            region,
            kinds: Vec::new(),
            at,
        })
    }

    /// The region.
    pub fn region(&self) -> Region {
        self.region
    }

    /// Announces the static instructions of a stream by all that it has, in order of their ids;
    /// those announced before are passed over.
    pub fn announce(&mut self, all: &[StaticInst]) {
        for inst in all.get(self.kinds.len()..).unwrap_or_default() {
            self.announce_next(inst);
        }
    }

    /// How many static instructions were announced.
    pub fn announced(&self) -> usize {
        self.kinds.len()
    }

    /// Announces the next static instruction.
    pub fn announce_next(&mut self, inst: &StaticInst) {
        let at = |mark: &Option<Mark>| mark.is_some_and(|m| m.pc == inst.pc);
        let marker = |flag| self.region.markers && inst.flags.contains(flag);
        let kinds = [
            (at(&self.region.from), kind::FROM),
            (at(&self.region.until), kind::UNTIL),
            (marker(InstFlags::REGION_BEGIN), kind::BEGIN),
            (marker(InstFlags::REGION_END), kind::END),
        ];
        let all = kinds.iter().filter(|(is, _)| *is);
        self.kinds.push(all.fold(0, |all, (_, kind)| all | kind));
    }

    /// Whether nothing of what follows can lie in the region.
    pub fn is_over(&self) -> bool {
        self.at.phase == Phase::Over
    }

    /// Whether the first of `retirements` lies in the region, and how many of them, from the first
    /// on, do as it does. The others come with the next call. There must be one, and their static
    /// instructions must be announced.
    pub fn split(&mut self, retirements: &[Retirement]) -> (bool, usize) {
        if let Some(counted) = self.count(retirements.len() as u64) {
            return counted;
        }
        let mut inside = None;
        for (n, r) in retirements.iter().enumerate() {
            let mut next = self.at;
            let this = self.step(&mut next, self.kinds[r.inst as usize]);
            if inside.is_some_and(|inside| inside != this) {
                return (!this, n);
            }
            (self.at, inside) = (next, Some(this));
        }
        (inside.unwrap_or(false), retirements.len())
    }

    /// Whether the next retirement lies in the region; [`split`](Self::split) for one.
    pub fn admits(&mut self, r: &Retirement) -> bool {
        self.split(std::slice::from_ref(r)).0
    }

    /// The answer of [`split`](Self::split) where it does not depend on what retires.
    fn count(&mut self, n: u64) -> Option<(bool, usize)> {
        if self.region.markers || self.region.until.is_some() {
            return None;
        }
        let first = self.region.first.unwrap_or(u64::MAX);
        let (inside, left) = match self.at.phase {
            Phase::Before => return None,
            Phase::Skip(left) => (false, left),
            Phase::Begin => (true, first),
            Phase::Inside(left) => (true, left),
            Phase::Over => (false, u64::MAX),
        };
        let taken = n.min(left);
        self.at.phase = match self.at.phase {
            Phase::Over => Phase::Over,
            _ if inside => inside_for(left - taken),
            _ => after_from(left - taken),
        };
        Some((inside, taken as usize))
    }

    /// Whether a retirement of these kinds is inside; `at` becomes what follows it.
    fn step(&self, at: &mut At, kinds: u8) -> bool {
        let is = |kind: u8| kinds & kind != 0;
        at.seen[0] += u64::from(is(kind::FROM));
        at.seen[1] += u64::from(is(kind::UNTIL));
        if self.region.markers {
            let inside = at.phase != Phase::Before && !is(kind::END);
            at.phase = match inside || is(kind::BEGIN) {
                true => Phase::Inside(u64::MAX),
                false => Phase::Before,
            };
            return inside;
        }
        let count = |mark: Option<Mark>| mark.map_or(u64::MAX, |m| m.count);
        if at.phase == Phase::Before && is(kind::FROM) && at.seen[0] == count(self.region.from) {
            at.phase = after_from(self.region.skip);
        }
        match at.phase {
            Phase::Before | Phase::Over => false,
            Phase::Skip(left) => {
                at.phase = after_from(left - 1);
                false
            }
            Phase::Begin => {
                at.phase = inside_for(self.region.first.unwrap_or(u64::MAX) - 1);
                true
            }
            Phase::Inside(_) if is(kind::UNTIL) && at.seen[1] >= count(self.region.until) => {
                at.phase = Phase::Over;
                false
            }
            Phase::Inside(left) => {
                at.phase = inside_for(left - 1);
                true
            }
        }
    }

    /// Appends the region and where the stream is in it.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        let r = &self.region;
        let mark = |m: Option<Mark>| m.map_or([0, 0], |m| [m.pc, m.count]);
        put(out, &mark(r.from));
        put(out, &[r.skip, r.first.unwrap_or(0)]);
        put(out, &mark(r.until));
        put(out, &[u64::from(r.markers)]);
        let phase = match self.at.phase {
            Phase::Before => [0, 0],
            Phase::Skip(left) => [1, left],
            Phase::Begin => [2, 0],
            Phase::Inside(left) => [3, left],
            Phase::Over => [4, 0],
        };
        put(out, &phase);
        put(out, &self.at.seen);
    }

    /// Takes it back; the static instructions have to be announced again.
    pub(crate) fn restore(bytes: &mut &[u8]) -> Result<Self> {
        let what = "the region";
        let mark = |[pc, count]: [u64; 2]| (count > 0).then_some(Mark { pc, count });
        let from = mark(fields(bytes, what)?);
        let [skip, first] = fields(bytes, what)?;
        let mut gate = Self::new(Region {
            from,
            skip,
            first: (first > 0).then_some(first),
            until: mark(fields(bytes, what)?),
            markers: flag(bytes, "whether markers are followed")?,
        })
        .map_err(|e| corrupt(e.message()))?;
        let phase = match fields(bytes, "the place in the region")? {
            [0u64, 0] => Phase::Before,
            [1, left] if left > 0 => Phase::Skip(left),
            [2, 0] => Phase::Begin,
            [3, left] if left > 0 => Phase::Inside(left),
            [4, 0] => Phase::Over,
            _ => return Err(corrupt("the place in the region cannot be")),
        };
        let seen: [u64; 2] = fields(bytes, "the places of the region seen")?;
        if seen.iter().any(|n| *n > u64::MAX / 2) {
            return Err(corrupt("a place of the region was seen too often"));
        }
        gate.at = At { phase, seen };
        Ok(gate)
    }
}

fn after_from(skip: u64) -> Phase {
    match skip {
        0 => Phase::Begin,
        left => Phase::Skip(left),
    }
}

fn inside_for(left: u64) -> Phase {
    match left {
        0 => Phase::Over,
        left => Phase::Inside(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inst::OpClass;
    use proptest::prelude::*;

    /// Six instructions; the last two are the markers.
    fn program() -> Vec<StaticInst> {
        let mut all: Vec<_> = (0..6)
            .map(|i| StaticInst::new(0x100 + 4 * i, OpClass::IntAlu, 4))
            .collect();
        all[4].flags = InstFlags::REGION_BEGIN;
        all[5].flags = InstFlags::REGION_END;
        all
    }

    fn mark(inst: u64, count: u64) -> Mark {
        Mark {
            pc: 0x100 + 4 * inst,
            count,
        }
    }

    /// Which retirements of a stream are inside, by the definition.
    fn naive(region: &Region, stream: &[u32]) -> Vec<bool> {
        let mut out = vec![false; stream.len()];
        if region.markers {
            let mut inside = false;
            for (n, id) in stream.iter().enumerate() {
                out[n] = inside && *id != 5;
                inside = out[n] || *id == 4;
            }
            return out;
        }
        // Positions of a mark's instruction, from its count-th on.
        let places = |mark: &Mark| -> Vec<usize> {
            let all = (0..stream.len()).filter(|n| 0x100 + 4 * u64::from(stream[*n]) == mark.pc);
            all.skip(mark.count as usize - 1).collect()
        };
        let from = match &region.from {
            None => Some(0),
            Some(mark) => places(mark).first().copied(),
        };
        let Some(start) = from.map(|n| n + region.skip as usize) else {
            return out;
        };
        let mut end = region.first.map_or(stream.len(), |n| start + n as usize);
        if let Some(mark) = &region.until {
            let until = places(mark).into_iter().find(|n| *n > start);
            end = end.min(until.unwrap_or(stream.len()));
        }
        let inside = out.iter_mut().take(end).skip(start);
        inside.for_each(|x| *x = true);
        out
    }

    fn regions() -> impl Strategy<Value = Region> {
        let marks = || prop::option::of((0u64..4, 1u64..6).prop_map(|(i, n)| mark(i, n)));
        let ranges = (marks(), 0u64..9, prop::option::of(1u64..30), marks());
        prop_oneof![
            5 => ranges.prop_map(|(from, skip, first, until)| Region {
                from, skip, first, until, markers: false,
            }),
            1 => Just(Region { markers: true, ..Region::default() }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_gate_is_its_definition(
            region in regions(),
            stream in prop::collection::vec(0u32..6, 0..80),
            cuts in prop::collection::vec(1usize..9, 80),
            restored: bool,
        ) {
            let want = naive(&region, &stream);
            let all: Vec<_> = stream
                .iter()
                .map(|inst| Retirement { inst: *inst, ..Retirement::default() })
                .collect();
            let mut gate = Gate::new(region).unwrap();
            gate.announce(&program()[..3]);
            gate.announce(&program());
            let (mut got, mut rest) = (Vec::new(), &all[..]);
            for cut in cuts {
                let (mut piece, more) = rest.split_at(rest.len().min(cut));
                rest = more;
                while !piece.is_empty() {
                    prop_assert!(!gate.is_over() || want[got.len()..].iter().all(|w| !w));
                    let (inside, n) = gate.split(piece);
                    got.resize(got.len() + n, inside);
                    piece = &piece[n..];
                    if restored {
                        let mut saved = Vec::new();
                        gate.save(&mut saved);
                        gate = Gate::restore(&mut &saved[..]).unwrap();
                        gate.announce(&program());
                    }
                }
            }
            prop_assert_eq!(&got[..], &want[..got.len()]);
            if let Some(first) = want.first() {
                // The first retirement may be `from` itself; the session then begins in time.
                prop_assert!(*first || !region.starts_inside());
            }
        }
    }

    #[test]
    fn what_can_be_no_region_is_refused() {
        let says = |region: Region, text: &str| {
            let e = Gate::new(region).err().unwrap();
            assert!(e.message().contains(text), "{e}");
        };
        let all = Region::default();
        says(
            Region {
                from: Some(mark(0, 0)),
                ..all
            },
            "begin with 1",
        );
        says(
            Region {
                until: Some(mark(0, 0)),
                ..all
            },
            "begin with 1",
        );
        says(
            Region {
                first: Some(0),
                ..all
            },
            "first is 0",
        );
        says(
            Region {
                markers: true,
                skip: 1,
                ..all
            },
            "leave out",
        );
        assert!(all.is_all() && all.starts_inside());
    }

    #[test]
    fn a_region_from_and_until_one_place_is_one_round() {
        let region = Region {
            from: Some(mark(1, 2)),
            until: Some(mark(1, 2)),
            ..Region::default()
        };
        let stream = [0, 1, 2, 1, 2, 0, 1, 2];
        let inside = naive(&region, &stream);
        assert_eq!(inside.iter().position(|x| *x), Some(3));
        assert_eq!(inside.iter().filter(|x| **x).count(), 3);
    }
}
