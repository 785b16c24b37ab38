//! A made-up program with the habits of real ones: loops over arrays, a hash table, a linked
//! list, calls through a stack, and an interpreter with many handlers.

use perfvec::inst::{InstFlags, OpClass, RegClass, Resolved, StaticInst};

/// A stream: static instructions by id and their settled retirements.
pub struct Stream {
    pub insts: Vec<StaticInst>,
    pub retirements: Vec<Resolved>,
}

const ARRAYS: u64 = 0x1000_0000;
const TABLE: u64 = 0x2000_0000;
const LIST: u64 = 0x3000_0000;
const STACK: u64 = 0x7fff_0000;
const HANDLERS: u64 = 150;

struct Builder {
    stream: Stream,
    pc: u64,
    random: u64,
}

/// One block of code: the ids of its instructions.
struct Code(u32);

impl Builder {
    fn below(&mut self, n: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % n
    }

    /// Lays out code: `a`lu, `m`ultiply, `l`oad, `s`tore, `b`ranch, `j`ump.
    fn code(&mut self, text: &str) -> Code {
        let first = self.stream.insts.len() as u32;
        for (i, c) in text.chars().enumerate() {
            let (op, flags) = match c {
                'm' => (OpClass::IntMult, InstFlags::empty()),
                'l' => (OpClass::MemRead, InstFlags::LOAD),
                's' => (OpClass::MemWrite, InstFlags::STORE),
                'b' => (
                    OpClass::IntAlu,
                    InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL,
                ),
                'j' => (
                    OpClass::IntAlu,
                    InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL,
                ),
                _ => (OpClass::IntAlu, InstFlags::empty()),
            };
            let mut inst = StaticInst::new(self.pc, op, 4);
            inst.flags = flags;
            inst.push_src(RegClass::Int, i as u16 % 30 + 1);
            inst.push_dst(RegClass::Int, i as u16 % 29 + 2);
            self.stream.insts.push(inst);
            self.pc += 4;
        }
        Code(first)
    }

    /// Retires the code once: addresses in order of its memory accesses, `taken` for its branches.
    fn run(&mut self, code: &Code, addresses: &[u64], taken: bool) {
        let mut addresses = addresses.iter();
        let mut id = code.0;
        while let Some(inst) = self.stream.insts.get(id as usize) {
            let address = if inst.flags.is_mem() {
                match addresses.next() {
                    Some(&a) => a,
                    None => break,
                }
            } else {
                0
            };
            let jumps = inst.flags.contains(InstFlags::UNCOND_CTRL);
            let ends = inst.flags.is_ctrl();
            self.stream.retirements.push(Resolved {
                inst: id,
                taken: jumps || ends && taken,
                address,
                ..Resolved::default()
            });
            if ends {
                break;
            }
            id += 1;
        }
    }
}

/// At least `len` retirements.
pub fn stream(len: usize) -> Stream {
    let mut b = Builder {
        stream: Stream {
            insts: Vec::new(),
            retirements: Vec::with_capacity(len + 10_000),
        },
        pc: 0x40_0000,
        random: 0x9e37_79b9_7f4a_7c15,
    };
    let multiply = b.code("laalamaab");
    let hash = b.code("amaaalaaalaasaab");
    let follow = b.code("lab");
    let call = b.code("asssaaaj");
    let back = b.code("allaalaj");
    let handlers: Vec<Code> = (0..HANDLERS)
        .map(|_| {
            b.pc += 256;
            b.code("alaalaabaaslaaaalaaj")
        })
        .collect();
    let (mut node, mut round) = (0u64, 0u64);
    while b.stream.retirements.len() < len {
        round += 1;
        // A dot product of a row and a column of 300 x 300 doubles.
        let (row, column) = (round % 300, b.below(300));
        for k in 0..300 {
            let a = ARRAYS + (row * 300 + k) * 8;
            let c = ARRAYS + (90_000 + k * 300 + column) * 8;
            b.run(&multiply, &[a, c], k < 299);
        }
        // Updates of a table of 16 MiB, a tenth of its buckets being hot.
        for _ in 0..40 {
            let range = if b.below(4) == 0 { 1 << 18 } else { 1 << 13 };
            let bucket = TABLE + b.below(range) * 64;
            let taken = b.below(3) == 0;
            b.run(&hash, &[bucket, bucket + 8, bucket + 16], taken);
        }
        for _ in 0..60 {
            node = (node * 1_103_515_245 + 12_345) % (1 << 15);
            b.run(&follow, &[LIST + node * 48], true);
        }
        for step in 0..100u64 {
            let frame = STACK - (step % 7) * 96;
            let which = (b.below(HANDLERS) * b.below(HANDLERS) / HANDLERS) as usize;
            b.run(&call, &[frame, frame + 8, frame + 16], true);
            let data = LIST + b.below(500) * 48;
            let taken = b.below(8) == 0;
            b.run(
                &handlers[which],
                &[frame, data, frame + 24, data + 8, frame + 32],
                taken,
            );
            b.run(&back, &[frame, frame + 8, frame + 16], true);
        }
    }
    b.stream
}
