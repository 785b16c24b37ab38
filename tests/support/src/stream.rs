//! Streams to record: arbitrary ones, and walks through a made-up program.
use perfvec::inst::{InstFlags, OpClass, RegClass, Retirement, StaticInst};
use perfvec::region::Region;
use perfvec::trace::{Block, Header, Reader, Summary, Writer};
use perfvec::Result;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// A sink that the test can look into.
#[derive(Clone, Default)]
pub struct Memory(pub Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a trace should give back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stream {
    pub statics: Vec<StaticInst>,
    pub retirements: Vec<(Retirement, Option<u32>)>,
}

pub fn header() -> Header {
    Header {
        isa: "riscv64".into(),
        host: "test".into(),
        program: "walk".into(),
        args: vec!["-n".into(), "3".into()],
        micro_ops: false,
        clock_period_ps: Some(500),
        metadata: [("key".to_string(), "välue".to_string())].into(),
    }
}

/// Records `stream`; each static instruction is interned before its first retirement.
pub fn record(stream: &Stream) -> (Vec<u8>, Summary) {
    record_region(stream, Region::default())
}

/// Records a region of `stream`.
pub fn record_region(stream: &Stream, region: Region) -> (Vec<u8>, Summary) {
    let memory = Memory::default();
    let mut writer = Writer::to_sink(Box::new(memory.clone()), header()).unwrap();
    writer.set_region(region).unwrap();
    let mut interned = 0;
    for (r, cycles) in &stream.retirements {
        while interned <= r.inst as usize {
            let id = writer.intern(&stream.statics[interned]).unwrap();
            assert_eq!(id as usize, interned);
            interned += 1;
        }
        match cycles {
            Some(c) => writer.retire_timed(r, *c).unwrap(),
            None => writer.retire(r).unwrap(),
        }
    }
    for inst in &stream.statics[interned..] {
        writer.intern(inst).unwrap();
    }
    let summary = writer.finish().unwrap();
    let bytes = memory.0.lock().unwrap().clone();
    assert_eq!(summary.bytes, bytes.len() as u64);
    (bytes, summary)
}

/// Reads as much as there is; the error if it does not end well.
pub fn replay(bytes: &[u8]) -> (Stream, Result<Summary>) {
    let mut stream = Stream::default();
    let mut reader = match Reader::from_source(bytes, "test.pvt") {
        Ok(reader) => reader,
        Err(e) => return (stream, Err(e)),
    };
    let mut block = Block::default();
    loop {
        match reader.next_block(&mut block) {
            Ok(true) => {}
            Ok(false) => return (stream, Ok(reader.summary())),
            Err(e) => {
                assert_eq!(block, Block::default());
                return (stream, Err(e));
            }
        }
        stream.statics.extend(&block.statics);
        let mut cycles = vec![None; block.retirements.len()];
        for window in &block.timed {
            for (i, c) in window.cycles.iter().enumerate() {
                assert!(cycles[window.start + i].replace(*c).is_none());
            }
        }
        stream
            .retirements
            .extend(block.retirements.iter().copied().zip(cycles));
    }
}

/// xorshift64*.
pub struct Rng(pub u64);

impl Rng {
    fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.draw() % n
    }
}

/// A walk through a made-up program: `functions` of loops with biased branches, calls and returns,
/// and accesses to the stack, to arrays in strides, and to a table at random.
pub fn walk(seed: u64, functions: u64, retirements: usize) -> Stream {
    let mut rng = Rng(seed | 1);
    let mut stream = Stream::default();
    let mut program = Vec::new();
    for f in 0..functions {
        program.push(function(&mut rng, 0x10000 + f * 0x400));
    }
    let mut ids = std::collections::HashMap::new();
    let (mut stack, mut f, mut i, mut sp) = (Vec::new(), 0usize, 0usize, 0x7fff_f000u64);
    let mut visits = std::collections::HashMap::<u64, u64>::new();
    while stream.retirements.len() < retirements {
        let op = &program[f][i];
        let id = *ids.entry(op.inst.pc).or_insert_with(|| {
            stream.statics.push(op.inst);
            stream.statics.len() as u32 - 1
        });
        let visit = visits.entry(op.inst.pc).or_default();
        *visit += 1;
        let address = match op.kind {
            Kind::Stack(offset) => sp + offset,
            Kind::Stride(base, stride, wrap) => base + (*visit % wrap) * stride,
            Kind::Random(base, size) => base + rng.below(size / 8) * 8,
            _ => 0,
        };
        let mut flags = 0;
        (f, i) = match op.kind {
            Kind::Loop(back, count) => {
                let taken = !visit.is_multiple_of(count);
                flags = if taken {
                    Retirement::TAKEN
                } else {
                    Retirement::NOT_TAKEN
                };
                (f, if taken { i - back } else { i + 1 })
            }
            Kind::Skip(ahead, percent) => {
                let taken = rng.below(100) < percent;
                flags = if taken {
                    Retirement::TAKEN
                } else {
                    Retirement::NOT_TAKEN
                };
                (f, if taken { i + ahead } else { i + 1 })
            }
            Kind::Call if stack.len() < 8 => {
                stack.push((f, i + 1));
                sp -= 64;
                (rng.below(functions) as usize, 0)
            }
            Kind::Return => {
                sp = 0x7fff_f000 - 64 * stack.len().saturating_sub(1) as u64;
                stack.pop().unwrap_or((rng.below(functions) as usize, 0))
            }
            _ => (f, i + 1),
        };
        let next_pc = program[f][i].inst.pc;
        let r = Retirement {
            inst: id,
            flags,
            address,
            next_pc,
        };
        stream.retirements.push((r, None));
    }
    stream
}

enum Kind {
    Plain,
    Stack(u64),
    Stride(u64, u64, u64),
    Random(u64, u64),
    Loop(usize, u64),
    Skip(usize, u64),
    Call,
    Return,
}

struct Op {
    inst: StaticInst,
    kind: Kind,
}

fn function(rng: &mut Rng, mut pc: u64) -> Vec<Op> {
    let mut ops = Vec::new();
    let length = 40 + rng.below(60) as usize;
    let mut branch_after = 0;
    while ops.len() < length {
        let size = if rng.below(2) == 0 { 2 } else { 4 };
        let mut inst = StaticInst::new(pc, OpClass::IntAlu, size);
        inst.push_src(RegClass::Int, 1 + rng.below(31) as u16);
        let array = 0x20_0000 + rng.below(16) * 0x1_0000;
        let (kind, flags) = match rng.below(20) {
            0..=3 => (Kind::Stack(rng.below(8) * 8), InstFlags::LOAD),
            4 => (Kind::Stack(rng.below(8) * 8), InstFlags::STORE),
            5 => (Kind::Stride(array, 8, 1 + rng.below(2000)), InstFlags::LOAD),
            6 => (
                Kind::Random(array, 1 << (6 + rng.below(14))),
                InstFlags::LOAD,
            ),
            7 if ops.len() > branch_after + 8 => {
                let back = 3 + rng.below(5) as usize;
                branch_after = ops.len();
                (Kind::Loop(back, 2 + rng.below(40)), InstFlags::COND_CTRL)
            }
            8 | 9 if ops.len() + 8 < length => {
                let percent = [2, 50, 90, 98][rng.below(4) as usize];
                (
                    Kind::Skip(2 + rng.below(4) as usize, percent),
                    InstFlags::COND_CTRL,
                )
            }
            10 if rng.below(4) == 0 => (Kind::Call, InstFlags::UNCOND_CTRL | InstFlags::CALL),
            _ => (Kind::Plain, InstFlags::empty()),
        };
        if flags.is_mem() {
            inst.op = if flags == InstFlags::LOAD {
                OpClass::MemRead
            } else {
                OpClass::MemWrite
            };
            inst.access_size = 8;
        } else {
            inst.push_dst(RegClass::Int, 1 + rng.below(31) as u16);
        }
        inst.flags = flags;
        pc += u64::from(size);
        ops.push(Op { inst, kind });
    }
    let mut inst = StaticInst::new(pc, OpClass::IntAlu, 2);
    inst.flags = InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL | InstFlags::RETURN;
    ops.push(Op {
        inst,
        kind: Kind::Return,
    });
    ops
}
