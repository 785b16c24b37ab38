//! Static instructions and retirements: what a host reports to the library.
//!
//! Op classes and register classes carry gem5's names. Their numbers are those of gem5 v21.2
//! (`src/cpu/FuncUnit.py`, `src/cpu/reg_class.hh`), which the published PerfVec traces use;
//! classes that gem5 added later follow after them. Hosts map by name, never by number.

use crate::error::{Error, ErrorKind, Result};

/// Most source registers a static instruction can name (as in the published extractor).
pub const MAX_SRC: usize = 8;
/// Most destination registers a static instruction can name (as in the published extractor).
pub const MAX_DST: usize = 6;

macro_rules! op_classes {
    ($($name:ident = $num:expr),+ $(,)?) => {
        /// gem5's operation classes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[allow(missing_docs, non_camel_case_types)] // the names are gem5's own
        pub enum OpClass { $($name = $num),+ }

        impl OpClass {
            /// Every op class in numeric order.
            pub const ALL: &'static [OpClass] = &[$(OpClass::$name),+];

            /// gem5's name of the class.
            pub fn name(self) -> &'static str {
                match self { $(OpClass::$name => stringify!($name)),+ }
            }
        }
    };
}

op_classes! {
    No_OpClass = 0, IntAlu = 1, IntMult = 2, IntDiv = 3, FloatAdd = 4, FloatCmp = 5, FloatCvt = 6,
    FloatMult = 7, FloatMultAcc = 8, FloatDiv = 9, FloatMisc = 10, FloatSqrt = 11, SimdAdd = 12,
    SimdAddAcc = 13, SimdAlu = 14, SimdCmp = 15, SimdCvt = 16, SimdMisc = 17, SimdMult = 18,
    SimdMultAcc = 19, SimdShift = 20, SimdShiftAcc = 21, SimdDiv = 22, SimdSqrt = 23,
    SimdFloatAdd = 24, SimdFloatAlu = 25, SimdFloatCmp = 26, SimdFloatCvt = 27, SimdFloatDiv = 28,
    SimdFloatMisc = 29, SimdFloatMult = 30, SimdFloatMultAcc = 31, SimdFloatSqrt = 32,
    SimdReduceAdd = 33, SimdReduceAlu = 34, SimdReduceCmp = 35, SimdFloatReduceAdd = 36,
    SimdFloatReduceCmp = 37, SimdAes = 38, SimdAesMix = 39, SimdSha1Hash = 40, SimdSha1Hash2 = 41,
    SimdSha256Hash = 42, SimdSha256Hash2 = 43, SimdShaSigma2 = 44, SimdShaSigma3 = 45,
    SimdPredAlu = 46, MemRead = 47, MemWrite = 48, FloatMemRead = 49, FloatMemWrite = 50,
    IprAccess = 51, InstPrefetch = 52, SimdMatMultAcc = 53, SimdFloatMatMultAcc = 54, Matrix = 55,
    MatrixMov = 56, MatrixOP = 57, SimdExt = 58, SimdFloatExt = 59, SimdConfig = 60,
    SimdUnitStrideLoad = 61, SimdUnitStrideStore = 62, SimdUnitStrideMaskLoad = 63,
    SimdUnitStrideMaskStore = 64, SimdStridedLoad = 65, SimdStridedStore = 66,
    SimdIndexedLoad = 67, SimdIndexedStore = 68, SimdWholeRegisterLoad = 69,
    SimdWholeRegisterStore = 70, SimdUnitStrideFaultOnlyFirstLoad = 71,
    SimdUnitStrideSegmentedLoad = 72, SimdUnitStrideSegmentedStore = 73,
    SimdUnitStrideSegmentedFaultOnlyFirstLoad = 74, SimdStrideSegmentedLoad = 75,
    SimdStrideSegmentedStore = 76,
}

impl OpClass {
    /// The class with gem5's `name` (the `enums::OpClassStrings` of gem5), if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        // gem5 before 24.0 called the vector memory classes Vector*, since then Simd*; its few
        // classes of vector arithmetic gave way to those of SIMD arithmetic.
        let renamed = name.strip_prefix("Vector").map(|rest| match rest {
            "IntegerArith" => "SimdAlu".into(),
            "IntegerReduce" => "SimdReduceAlu".into(),
            "IntegerExtension" => "SimdExt".into(),
            "FloatArith" => "SimdFloatAlu".into(),
            "FloatConvert" => "SimdFloatCvt".into(),
            "FloatReduce" => "SimdFloatReduceAdd".into(),
            memory => format!("Simd{memory}"),
        });
        let name = renamed.as_deref().unwrap_or(name);
        Self::ALL.iter().copied().find(|c| c.name() == name)
    }

    /// The class numbered `n`, if there is one.
    pub fn from_u8(n: u8) -> Option<Self> {
        Self::ALL.get(usize::from(n)).copied()
    }
}

/// gem5's register classes (numbers of v21.2; `Mat` came later).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum RegClass {
    /// Integer.
    #[default]
    Int = 0,
    /// Floating point.
    Float = 1,
    /// Vector.
    Vec = 2,
    /// Vector element.
    VecElem = 3,
    /// Vector predicate.
    VecPred = 4,
    /// Condition code.
    CC = 5,
    /// Control and miscellaneous (CSRs).
    Misc = 6,
    /// Matrix.
    Mat = 7,
}

impl RegClass {
    /// The class numbered `n`, if there is one.
    pub fn from_u8(n: u8) -> Option<Self> {
        use RegClass::*;
        [Int, Float, Vec, VecElem, VecPred, CC, Misc, Mat]
            .get(usize::from(n))
            .copied()
    }
}

/// One architectural register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reg {
    /// Register class.
    pub class: RegClass,
    /// Index within the class.
    pub index: u16,
}

bitflags::bitflags! {
    /// Properties of a static instruction. Bit numbers are part of the C ABI.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct InstFlags: u32 {
        /// Reads memory.
        const LOAD = 1 << 0;
        /// Writes memory.
        const STORE = 1 << 1;
        /// Atomic read-modify-write (also LOAD and STORE).
        const ATOMIC = 1 << 2;
        /// Load-reserved.
        const LOAD_RESERVED = 1 << 3;
        /// Store-conditional.
        const STORE_CONDITIONAL = 1 << 4;
        /// Conditional control transfer.
        const COND_CTRL = 1 << 5;
        /// Unconditional control transfer.
        const UNCOND_CTRL = 1 << 6;
        /// Control transfer whose target is in the encoding.
        const DIRECT_CTRL = 1 << 7;
        /// Control transfer whose target comes from a register.
        const INDIRECT_CTRL = 1 << 8;
        /// Pushes a return address.
        const CALL = 1 << 9;
        /// Pops a return address.
        const RETURN = 1 << 10;
        /// Squashes what was fetched after it.
        const SQUASH_AFTER = 1 << 11;
        /// Nothing after it may start before it is done.
        const SERIALIZE_AFTER = 1 << 12;
        /// It may not start before everything before it is done.
        const SERIALIZE_BEFORE = 1 << 13;
        /// Orders earlier reads.
        const READ_BARRIER = 1 << 14;
        /// Orders earlier writes.
        const WRITE_BARRIER = 1 << 15;
        /// May not execute speculatively.
        const NON_SPECULATIVE = 1 << 16;
        /// A micro-op of a macro instruction.
        const MICRO_OP = 1 << 17;
        /// The last micro-op of its macro instruction.
        const LAST_MICRO_OP = 1 << 18;
        /// A software prefetch.
        const PREFETCH = 1 << 19;
        /// A system call or environment call.
        const SYSCALL = 1 << 20;
        /// A vector instruction, classed by its major opcode only.
        const VECTOR = 1 << 21;
        /// An encoding the decoder does not know, classed by its major opcode only.
        const UNKNOWN = 1 << 22;
        /// A LOAD or STORE whose records have no data address (published text traces only: a
        /// store that faulted before its address was known).
        const NO_ADDRESS = 1 << 23;
        /// Marks the begin of a region of interest (`slti x0, x0, 0x501` on RISC-V).
        const REGION_BEGIN = 1 << 24;
        /// Marks the end of a region of interest (`slti x0, x0, 0x502` on RISC-V).
        const REGION_END = 1 << 25;
    }
}

impl InstFlags {
    /// Whether this is a control transfer of any kind.
    pub fn is_ctrl(self) -> bool {
        self.intersects(Self::COND_CTRL | Self::UNCOND_CTRL)
    }

    /// Whether this accesses data memory.
    pub fn is_mem(self) -> bool {
        self.intersects(Self::LOAD | Self::STORE)
    }
}

/// A static instruction: one encoding at one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StaticInst {
    /// Address of the instruction, in bytes.
    pub pc: u64,
    /// Operation class.
    pub op: OpClass,
    /// Length of the encoding in bytes (micro-ops: of the macro instruction).
    pub size: u8,
    /// Bytes read or written by a memory access, 0 where there is none.
    pub access_size: u8,
    /// Number of valid entries in `src`.
    pub num_src: u8,
    /// Number of valid entries in `dst`.
    pub num_dst: u8,
    /// Properties.
    pub flags: InstFlags,
    /// Source registers; a register that always reads zero is not listed.
    pub src: [Reg; MAX_SRC],
    /// Destination registers; a register that ignores writes is not listed.
    pub dst: [Reg; MAX_DST],
}

impl StaticInst {
    /// An instruction at `pc` with no registers and no properties.
    pub fn new(pc: u64, op: OpClass, size: u8) -> Self {
        Self {
            pc,
            op,
            size,
            access_size: 0,
            num_src: 0,
            num_dst: 0,
            flags: InstFlags::empty(),
            src: [Reg::default(); MAX_SRC],
            dst: [Reg::default(); MAX_DST],
        }
    }

    /// The valid source registers.
    pub fn sources(&self) -> &[Reg] {
        &self.src[..usize::from(self.num_src)]
    }

    /// The valid destination registers.
    pub fn destinations(&self) -> &[Reg] {
        &self.dst[..usize::from(self.num_dst)]
    }

    /// Adds a source register; ignored past [`MAX_SRC`].
    pub fn push_src(&mut self, class: RegClass, index: u16) {
        if usize::from(self.num_src) < MAX_SRC {
            self.src[usize::from(self.num_src)] = Reg { class, index };
            self.num_src += 1;
        }
    }

    /// Adds a destination register; ignored past [`MAX_DST`].
    pub fn push_dst(&mut self, class: RegClass, index: u16) {
        if usize::from(self.num_dst) < MAX_DST {
            self.dst[usize::from(self.num_dst)] = Reg { class, index };
            self.num_dst += 1;
        }
    }

    /// The same instruction with unused register slots cleared, so that equal means equal. It must
    /// be valid.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut out = *self;
        (out.src, out.dst) = Default::default();
        let (s, d) = (self.sources(), self.destinations());
        out.src[..s.len()].copy_from_slice(s);
        out.dst[..d.len()].copy_from_slice(d);
        out
    }

    /// Address of the next instruction in memory.
    pub fn fall_through(&self) -> u64 {
        self.pc.wrapping_add(u64::from(self.size))
    }

    /// Checks the counts that an outside caller supplies.
    pub fn validate(&self) -> Result<()> {
        if usize::from(self.num_src) > MAX_SRC || usize::from(self.num_dst) > MAX_DST {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "static instruction at {:#x}: {} sources and {} destinations, at most {MAX_SRC} and {MAX_DST} are allowed",
                    self.pc, self.num_src, self.num_dst
                ),
            ));
        }
        Ok(())
    }
}

/// The id of an interned static instruction; dense, in order of interning, from 0.
pub type InstId = u32;

/// One retirement as a host reports it (24 bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
pub struct Retirement {
    /// Which static instruction retired.
    pub inst: InstId,
    /// [`Retirement::TAKEN`], [`Retirement::NOT_TAKEN`] or 0 (unknown), and [`Retirement::FAULT`].
    /// What counts where flags and `next_pc` differ: [`crate::outcome`].
    pub flags: u32,
    /// Virtual data address of a memory access; 0 where there is none.
    pub address: u64,
    /// Address of the instruction that this one hands control to; 0 where the host does not know
    /// it yet.
    pub next_pc: u64,
}

impl Retirement {
    /// The conditional branch was taken.
    pub const TAKEN: u32 = 1 << 0;
    /// The conditional branch was not taken.
    pub const NOT_TAKEN: u32 = 1 << 1;
    /// The record is of a faulting instruction (published text traces only; hosts leave these out).
    pub const FAULT: u32 = 1 << 2;

    /// Whether it may follow `known` interned static instructions.
    #[inline]
    pub(crate) fn is_valid(&self, known: usize) -> bool {
        const BOTH: u32 = Retirement::TAKEN | Retirement::NOT_TAKEN;
        (self.inst as usize) < known && self.flags < (BOTH | Self::FAULT) && self.flags != BOTH
    }

    /// What stands in the way of one that is not valid.
    #[cold]
    pub(crate) fn refusal(&self, known: usize) -> Error {
        let text = if self.inst as usize >= known {
            format!(
                "retirement of static instruction {}, but only {known} are interned; intern it first",
                self.inst
            )
        } else {
            format!(
                "retirement flags {:#x}: give TAKEN or NOT_TAKEN or neither, and FAULT at most",
                self.flags
            )
        };
        Error::new(ErrorKind::InvalidArgument, text)
    }

    /// An error where one of `retirements` may not follow `known` interned static instructions.
    pub(crate) fn check_all(retirements: &[Self], known: usize) -> Result<()> {
        match retirements.iter().find(|r| !r.is_valid(known)) {
            None => Ok(()),
            Some(bad) => Err(bad.refusal(known)),
        }
    }
}

/// A retirement whose branch outcome is settled: what extractors see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resolved {
    /// Which static instruction retired.
    pub inst: InstId,
    /// Whether control left the fall-through path.
    pub taken: bool,
    /// Whether the record is of a faulting instruction.
    pub fault: bool,
    /// Virtual data address; 0 where there is none.
    pub address: u64,
    /// Target of a taken control transfer where known, else 0.
    pub target: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn op_classes_are_found_by_the_names_of_every_version() {
        for class in OpClass::ALL {
            assert_eq!(OpClass::from_name(class.name()), Some(*class));
        }
        // gem5 23.1, src/cpu/FuncUnit.py
        for (before, now) in [
            ("VectorUnitStrideLoad", OpClass::SimdUnitStrideLoad),
            ("VectorWholeRegisterStore", OpClass::SimdWholeRegisterStore),
            ("VectorConfig", OpClass::SimdConfig),
            ("VectorMisc", OpClass::SimdMisc),
            ("VectorIntegerArith", OpClass::SimdAlu),
            ("VectorIntegerReduce", OpClass::SimdReduceAlu),
            ("VectorIntegerExtension", OpClass::SimdExt),
            ("VectorFloatArith", OpClass::SimdFloatAlu),
            ("VectorFloatConvert", OpClass::SimdFloatCvt),
            ("VectorFloatReduce", OpClass::SimdFloatReduceAdd),
        ] {
            assert_eq!(OpClass::from_name(before), Some(now), "{before}");
        }
        assert_eq!(OpClass::from_name("Vector"), None);
    }
}
