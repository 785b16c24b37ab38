//! Distinct static instructions, in little memory: a program with a JIT has many millions of them.

use crate::inst::{InstFlags, InstId, OpClass, Reg, RegClass, StaticInst};
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// Registers that a small record has room for.
const SMALL: usize = 8;
/// Of a small record's register: its class above its index.
const INDEX_BITS: u32 = 13;
/// In place of the counts of registers: the record is of one with more or larger registers.
const WIDE: u8 = u8::MAX;

/// 32 bytes for the 80 of a [`StaticInst`], most of which are room for registers that no usual
/// instruction has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Small {
    pc: u64,
    flags: InstFlags,
    op: OpClass,
    size: u8,
    access_size: u8,
    /// Sources, and destinations above them.
    counts: u8,
    /// Sources, then destinations; for [`WIDE`] the place among the wide ones, in two halves.
    regs: [u16; SMALL],
}

impl Small {
    /// `None` where it does not fit.
    fn of(inst: &StaticInst) -> Option<Self> {
        let used = inst.sources().iter().chain(inst.destinations());
        let mut regs = [0; SMALL];
        for (n, reg) in used.enumerate() {
            if reg.index >> INDEX_BITS != 0 {
                return None;
            }
            *regs.get_mut(n)? = (reg.class as u16) << INDEX_BITS | reg.index;
        }
        Some(Self {
            counts: inst.num_src | inst.num_dst << 4,
            regs,
            ..Self::bare(inst)
        })
    }

    fn bare(inst: &StaticInst) -> Self {
        Self {
            pc: inst.pc,
            flags: inst.flags,
            op: inst.op,
            size: inst.size,
            access_size: inst.access_size,
            counts: 0,
            regs: [0; SMALL],
        }
    }

    /// What stands for the wide one at `place`.
    fn wide(inst: &StaticInst, place: usize) -> Self {
        let mut small = Self::bare(inst);
        small.counts = WIDE;
        small.regs[0] = place as u16;
        small.regs[1] = (place >> 16) as u16;
        small
    }

    /// Its place among the wide ones, if it is one.
    fn place(&self) -> Option<usize> {
        let place = usize::from(self.regs[1]) << 16 | usize::from(self.regs[0]);
        (self.counts == WIDE).then_some(place)
    }

    fn inst(&self) -> StaticInst {
        let mut inst = StaticInst::new(self.pc, self.op, self.size);
        inst.access_size = self.access_size;
        inst.flags = self.flags;
        (inst.num_src, inst.num_dst) = (self.counts & 15, self.counts >> 4);
        let reg = |bits: &u16| Reg {
            class: RegClass::from_u8((bits >> INDEX_BITS) as u8).unwrap_or_default(),
            index: bits & ((1 << INDEX_BITS) - 1),
        };
        let (sources, rest) = self.regs.split_at(usize::from(inst.num_src));
        for (to, bits) in inst.src.iter_mut().zip(sources) {
            *to = reg(bits);
        }
        for (to, bits) in inst.dst[..usize::from(inst.num_dst)].iter_mut().zip(rest) {
            *to = reg(bits);
        }
        inst
    }
}

/// Distinct static instructions by id, and their ids: some 40 bytes each.
#[derive(Default)]
pub(crate) struct Statics {
    small: Vec<Small>,
    wide: Vec<StaticInst>,
    ids: HashTable<InstId>,
    hasher: RandomState,
}

impl Statics {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.small.len()
    }

    /// The one called `id`.
    pub fn get(&self, id: InstId) -> Option<StaticInst> {
        let small = self.small.get(id as usize)?;
        match small.place() {
            Some(place) => self.wide.get(place).copied(),
            None => Some(small.inst()),
        }
    }

    /// The address of the one called `id`.
    pub fn pc(&self, id: InstId) -> Option<u64> {
        self.small.get(id as usize).map(|small| small.pc)
    }

    /// Those from `first` on.
    pub fn from(&self, first: usize) -> impl Iterator<Item = StaticInst> + '_ {
        (first..self.len()).filter_map(|id| self.get(id as InstId))
    }

    /// The id of `inst`, which must be canonical.
    pub fn id(&self, inst: &StaticInst) -> Option<InstId> {
        let small = Small::of(inst);
        let hash = self.hash(inst, small.as_ref());
        let same = |id: &InstId| match &small {
            Some(small) => self.small[*id as usize] == *small,
            None => {
                let place = self.small[*id as usize].place();
                place.is_some_and(|place| self.wide[place] == *inst)
            }
        };
        self.ids.find(hash, same).copied()
    }

    /// Adds `inst`, which must be canonical and not there; its id. The caller sees to it that there
    /// is a number for it.
    pub fn add(&mut self, inst: &StaticInst) -> InstId {
        let id = self.small.len() as InstId;
        let small = Small::of(inst);
        let hash = self.hash(inst, small.as_ref());
        self.small.push(small.unwrap_or_else(|| {
            self.wide.push(*inst);
            Small::wide(inst, self.wide.len() - 1)
        }));
        let (small, wide, hasher) = (&self.small, &self.wide, &self.hasher);
        let of_known = |id: &InstId| {
            let small = &small[*id as usize];
            match small.place() {
                Some(place) => hasher.hash_one(wide[place]),
                None => hasher.hash_one(small),
            }
        };
        self.ids.insert_unique(hash, id, of_known);
        id
    }

    fn hash(&self, inst: &StaticInst, small: Option<&Small>) -> u64 {
        match small {
            Some(small) => self.hasher.hash_one(small),
            None => self.hasher.hash_one(inst),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inst::{MAX_DST, MAX_SRC};
    use proptest::prelude::*;

    /// Few values of each kind, so that equal ones come up, and registers of every size.
    fn inst() -> impl Strategy<Value = StaticInst> {
        let reg = (0u8..8, prop_oneof![0u16..3, 8190u16..8194, Just(u16::MAX)]);
        let regs = |most| prop::collection::vec(reg.clone(), 0..=most);
        let fields = (0u64..3, 0u8..3, 0u8..2, 0u32..2);
        (fields, regs(MAX_SRC), regs(MAX_DST)).prop_map(|((pc, op, size, flags), src, dst)| {
            let op = OpClass::from_u8(op).unwrap();
            let mut inst = StaticInst::new(pc << 62, op, size);
            inst.access_size = size;
            inst.flags = InstFlags::from_bits_retain(flags << 31);
            let class = |class| RegClass::from_u8(class).unwrap();
            src.into_iter()
                .for_each(|(c, i)| inst.push_src(class(c), i));
            dst.into_iter()
                .for_each(|(c, i)| inst.push_dst(class(c), i));
            inst
        })
    }

    proptest! {
        #[test]
        fn what_was_added_is_found_and_is_what_it_was(
            all in prop::collection::vec(prop_oneof![inst(), (0u64..40).prop_map(|pc| StaticInst::new(pc, OpClass::IntAlu, 4))], 0..200)
        ) {
            let mut statics = Statics::default();
            let mut oracle: Vec<StaticInst> = Vec::new();
            for inst in &all {
                let want = oracle.iter().position(|known| known == inst);
                prop_assert_eq!(statics.id(inst), want.map(|id| id as InstId));
                if want.is_none() {
                    prop_assert_eq!(statics.add(inst) as usize, oracle.len());
                    oracle.push(*inst);
                }
            }
            prop_assert_eq!(statics.len(), oracle.len());
            prop_assert_eq!(statics.from(0).collect::<Vec<_>>(), oracle.clone());
            for (id, inst) in (0..).zip(&oracle) {
                prop_assert_eq!(statics.pc(id), Some(inst.pc));
            }
            prop_assert_eq!(statics.get(oracle.len() as InstId), None);
        }
    }

    #[test]
    fn a_usual_instruction_takes_little() {
        assert_eq!(size_of::<Small>(), 32);
    }
}
