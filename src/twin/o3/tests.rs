use crate::inst::{InstFlags, OpClass};
use crate::twin::parameters::{CoreParameters, PrefetcherKind};
use crate::twin::tests::{inst, wide, Program};

/// Two loads of a round, of lines that nobody has touched before but in pages that are mapped.
fn line(round: usize, which: usize) -> u64 {
    0x11000 + 64 * ((2 * round + which) as u64 * 1037 % 4000)
}

fn core() -> CoreParameters {
    CoreParameters {
        l1d_prefetcher: PrefetcherKind::None,
        l2_prefetcher: PrefetcherKind::None,
        ..wide()
    }
}

fn load(dst: u16, src: &[u16]) -> crate::inst::StaticInst {
    inst(OpClass::MemRead, Some(dst), src, InstFlags::LOAD)
}

/// Cycles of a miss: of a chain of them.
fn miss(p: &CoreParameters) -> f64 {
    let chain = vec![load(5, &[5])];
    Program::looped(chain, 1000, |round, _| line(round, 0)).per_round(p)
}

#[test]
fn what_is_behind_a_trap_has_brought_its_lines() {
    let p = core();
    // The first access to a page, and a load behind it.
    let took = |misses: bool| {
        let address = |round: usize, n: usize| match n {
            0 => (1 << 40) + 4096 * round as u64,
            _ if misses => line(round, 0),
            _ => line(0, 0),
        };
        Program::looped(vec![load(5, &[]), load(6, &[])], 1000, address).per_round(&p)
    };
    let (hit, missed) = (took(false), took(true));
    assert!(missed < hit + 0.1 * miss(&p), "{hit} {missed} {}", miss(&p));
}

#[test]
fn the_wrong_path_brings_what_comes_behind_the_instructions_that_were_jumped_over() {
    let p = core();
    let branch = inst(
        OpClass::IntAlu,
        None,
        &[5],
        InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL,
    );
    let alu = || inst(OpClass::IntAlu, Some(7), &[], InstFlags::empty());
    // A load, a branch on it that cannot be foretold and leaves out an instruction, and a load whose
    // address depends on the last round's branch, so that rounds do not overlap.
    let took = |source: u16| {
        let body = vec![load(5, &[6]), branch, alu(), load(6, &[source])];
        let mut program = Program::looped(body, 1000, |round, n| line(round, n / 2));
        let (mut state, mut skip) = (1u32, false);
        program.stream.retain_mut(|r| {
            if r.inst == 1 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (r.taken, r.target) = (state >> 31 == 1, 0x1000c);
                skip = r.taken;
            }
            r.inst != 2 || !skip
        });
        program.per_round(&p)
    };
    // Where the second load needs the first, each takes its time.
    let (apart, chained) = (took(9), took(5));
    assert!(chained > 1.8 * miss(&p), "{chained} {}", miss(&p));
    assert!(apart < 0.6 * miss(&p), "{apart} {}", miss(&p));
}
