//! Text traces of made-up programs, and their features by definition.
use std::collections::HashMap;
use std::fmt::Write;

/// A deterministic stream of numbers (SplitMix64).
pub struct Rng(pub u64);

impl Rng {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// A text trace: the main file and the store file.
#[derive(Debug, Default)]
pub struct Text {
    pub main: String,
    pub stores: String,
}

/// Kinds of made-up static instructions.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Alu,
    Load,
    FloatLoad,
    Store,
    Conditional,
    Atomic,
    Branch,
    Jump,
}

struct Static {
    pc: u64,
    kind: Kind,
    op: u64,
    flags: [u64; 12],
    size: u64,
    region: u64,
    registers: String,
}

fn program(rng: &mut Rng, len: u64) -> Vec<Static> {
    let mut pc = 0x40_0000 + rng.below(1 << 20) * 4;
    (0..len)
        .map(|_| {
            let kind = match rng.below(20) {
                0..=7 => Kind::Alu,
                8..=10 => Kind::Load,
                11 => Kind::FloatLoad,
                12..=13 => Kind::Store,
                14 => [Kind::Conditional, Kind::Atomic][rng.below(2) as usize],
                15..=18 => Kind::Branch,
                _ => Kind::Jump,
            };
            let mut flags = [0; 12];
            // A micro-op often shares its pc with the instruction before.
            flags[0] = u64::from(rng.one_in(8));
            if flags[0] == 0 || rng.one_in(3) {
                pc += if rng.one_in(30) { 4096 } else { 4 };
            }
            let op = match kind {
                Kind::Load => 47,
                Kind::FloatLoad => 49,
                Kind::Store | Kind::Conditional | Kind::Atomic => 48,
                Kind::Alu => rng.below(47),
                Kind::Branch | Kind::Jump => 1,
            };
            flags[1] = u64::from(kind == Kind::Branch);
            flags[2] = u64::from(kind == Kind::Jump);
            flags[3] = u64::from(flags[1] + flags[2] > 0 && rng.one_in(2));
            for i in [4, 5, 6, 9, 10, 11] {
                flags[i] = u64::from(rng.one_in(15));
            }
            flags[7] = u64::from(kind == Kind::Atomic);
            flags[8] = u64::from(kind == Kind::Conditional);
            let (sources, destinations) = (rng.below(9), rng.below(7));
            let mut registers = format!("{sources} {destinations} ");
            for _ in 0..sources + destinations {
                let class = rng.below(7);
                let index = rng.below(if class == 6 { 1000 } else { 50 });
                write!(registers, " {class} {index}").unwrap();
            }
            Static {
                pc,
                kind,
                op,
                flags,
                size: 1 << rng.below(4),
                region: [4, 40, 600, 20_000][rng.below(4) as usize],
                registers,
            }
        })
        .collect()
}

/// `records` records of a program of `statics` instructions; all of it follows from `seed`.
pub fn text_trace(seed: u64, statics: u64, records: u64) -> Text {
    let mut rng = Rng(seed);
    let program = program(&mut rng, statics);
    let (mut text, mut at, mut tick, mut queue) = (Text::default(), 0usize, 80_000, 0u64);
    for _ in 0..records {
        let s = &program[at];
        let fault = rng.one_in(40);
        let memory = !matches!(s.kind, Kind::Alu | Kind::Branch | Kind::Jump);
        let has_address = memory && !(fault && rng.one_in(2));
        let in_queue = matches!(s.kind, Kind::Store | Kind::Conditional | Kind::Atomic);
        let address = if has_address || rng.one_in(50) {
            0x7f_0000_0000 + s.region * 4096 + rng.below(s.region) * 8
        } else {
            0
        };
        let leaves = match s.kind {
            Kind::Jump => true,
            Kind::Branch => rng.below(statics) < s.region % statics || rng.one_in(6),
            _ => false,
        };
        let index = if in_queue {
            queue += 1;
            queue as i64
        } else {
            -1
        };
        let head = format!(
            "{} {index} {tick} 4000 {} 1500 2500 3000 3500",
            u8::from(fault),
            4500 + rng.below(9) * 500
        );
        let f = s.flags;
        let body =
            format!(
            "{} {} {} {} {} {} {} {}  {} {} {} {} 0 {}  {} {address} {} {} -1 -1 -1 0 0 0 0 0 0  \
             {} {} 0 -1 -1 -1 -1 0 0 0 0 0  {}",
            s.op, f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11],
            u8::from(has_address), if has_address { s.size } else { 0 },
            rng.below(4) as i64 - 1, s.pc, u8::from(leaves), s.registers
        );
        let inline = !in_queue || fault || (s.kind != Kind::Store && rng.one_in(2));
        let late = if in_queue && !fault {
            " 99000 99500"
        } else {
            ""
        };
        if inline {
            writeln!(text.main, "{head}{late} {body}").unwrap();
        } else {
            writeln!(text.main, "{head}").unwrap();
            writeln!(text.stores, "{head}{late} {body} ").unwrap();
        }
        tick += rng.below(3) * 500;
        at = if leaves || at + 1 == program.len() {
            rng.below(statics) as usize
        } else {
            at + 1
        };
    }
    text
}

/// The features of `text` by their definitions: lists and maps, nothing forgotten, all in f64.
pub fn by_definition(text: &Text) -> Vec<Vec<f64>> {
    let mut stores = text.stores.lines();
    let mut state = Definition::default();
    text.main
        .lines()
        .map(|line| {
            let mut n = numbers(line);
            if n.len() == 9 {
                n = numbers(stores.next().expect("a record in the store file"));
            }
            if n[1] != -1 && n[0] == 0 {
                n.drain(9..11);
            }
            state.row(&n)
        })
        .collect()
}

fn numbers(line: &str) -> Vec<i64> {
    line.split_whitespace()
        .map(|t| t.parse().unwrap())
        .collect()
}

#[derive(Default)]
struct Definition {
    outcomes: HashMap<i64, Vec<bool>>,
    fetched: Vec<i64>,
    loaded: Vec<i64>,
    stored: Vec<i64>,
    accessed: HashMap<i64, usize>,
    count: usize,
}

fn place(stack: &[i64], line: i64) -> f64 {
    match stack.iter().rev().position(|&l| l == line) {
        Some(i) => i as f64 + 1.0,
        None => 1e8,
    }
}

fn touch(stack: &mut Vec<i64>, line: i64) {
    if let Some(i) = stack.iter().rposition(|&l| l == line) {
        stack.remove(i);
    }
    stack.push(line);
}

fn entropy(outcomes: &[bool]) -> f64 {
    let recent = &outcomes[outcomes.len().saturating_sub(8)..];
    let taken = recent.iter().filter(|&&t| t).count() as f64;
    let p = (taken + 0.5 * (8 - recent.len()) as f64) / 8.0;
    if p == 0.0 || p == 1.0 {
        return 0.0;
    }
    -p * p.ln() - (1.0 - p) * (1.0 - p).ln()
}

impl Definition {
    fn row(&mut self, n: &[i64]) -> Vec<f64> {
        let (op, conditional, pc, taken) = (n[9], n[11], n[36], n[37]);
        let (atomic, sc) = (n[17], n[18]);
        let load = op == 47;
        let store = n[1] != -1 && sc == 0 && atomic == 0;
        let mut row: Vec<f64> = vec![n[0], op + 1, i64::from(store), i64::from(load)]
            .into_iter()
            .chain(n[10..17].iter().copied())
            .chain([sc + 2 * atomic, n[19], n[20], n[22], taken])
            .map(|v| v as f64)
            .collect();
        if conditional == 1 {
            let outcomes = self.outcomes.entry(pc).or_default();
            row.push(entropy(outcomes));
            outcomes.push(taken == 1);
            row.push(entropy(outcomes));
        } else {
            row.extend([0.0, 0.0]);
        }
        row.push(place(&self.fetched, pc >> 6));
        touch(&mut self.fetched, pc >> 6);
        if n[23] == 1 {
            let (address, line) = (n[24], n[24] >> 6);
            let since = self
                .accessed
                .insert(address, self.count)
                .map_or(1000, |last| (self.count - last).min(1000));
            row.extend([
                1.0,
                place(&self.loaded, line),
                place(&self.stored, line),
                since as f64,
            ]);
            touch(
                if load {
                    &mut self.loaded
                } else {
                    &mut self.stored
                },
                line,
            );
        } else {
            row.extend([0.0; 4]);
        }
        self.count += 1;
        let (sources, destinations) = (n[48] as usize, n[49] as usize);
        let registers = &n[50..];
        assert_eq!(registers.len(), 2 * (sources + destinations));
        for (slots, pairs) in [
            (8, &registers[..2 * sources]),
            (6, &registers[2 * sources..]),
        ] {
            row.extend(pairs.iter().map(|&v| v as f64 + 1.0));
            row.resize(row.len() + 2 * slots - pairs.len(), 0.0);
        }
        row
    }
}
