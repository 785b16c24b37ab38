use super::super::dram::dram;
use super::super::parameters::MemoryKind;
use super::*;
use proptest::prelude::*;

fn controller(kind: MemoryKind) -> Controller {
    Controller::new(dram(kind).expect("a device"))
}

/// When the last burst is over of a read that leaves the controller at `done`.
fn over(done: u64) -> u64 {
    done - FRONT_END - BACK_END
}

#[test]
fn reads_take_as_long_as_in_gem5() {
    // Most of them to the ps. Others were overtaken by what came later.
    let text = include_str!("../../../tests/data/dram-reads.txt");
    let devices = text.split('[').skip(1);
    let mut seen = 0;
    for device in devices {
        let (name, reads) = device.split_once(']').expect("a name");
        let kind = MemoryKind::ALL.iter().find(|(word, _)| *word == name);
        let mut c = controller(kind.expect("a known device").1);
        let (mut same, mut all) = (0, 0);
        for read in reads.lines().filter(|l| !l.is_empty()) {
            let mut fields = read.split(' ');
            let address = u64::from_str_radix(fields.next().unwrap(), 16).unwrap();
            let mut time = || fields.next().unwrap().parse::<u64>().unwrap();
            let (came, ready) = (time(), time());
            same += u32::from(over(c.read(address, came)) == ready);
            all += 1;
        }
        assert!(
            all >= 100 && same * 100 >= all * 80,
            "{name}: {same} of {all}"
        );
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn a_hit_in_an_open_row_goes_before_an_earlier_burst_that_opens_another() {
    let row = 8192 * 16;
    let last = |address: u64| {
        let mut c = controller(MemoryKind::Ddr3_1600);
        c.read(0, 200_000);
        // They wait while another bank keeps the bus busy.
        (0..8).for_each(|n| {
            c.read(8192 + 64 * n, 400_000);
        });
        (c.read(row, 401_000), c.read(address, 402_000))
    };
    let ((opens, hit), (_, opens_too)) = (last(64), last(2 * row));
    assert!(
        hit <= opens && hit + 20_000 < opens_too,
        "{opens} {hit} {opens_too}"
    );
}

fn kinds() -> impl Strategy<Value = MemoryKind> {
    use MemoryKind::*;
    prop::sample::select(vec![
        Ddr3_1600, Ddr4_8x8, Ddr4_4x16, Ddr5, Lpddr3, Lpddr5, Hbm,
    ])
}

proptest! {
    #[test]
    fn what_was_looked_ahead_at_changes_nothing(
        kind in kinds(),
        // How much later than the one before, or earlier; line; whether it is written.
        accesses in prop::collection::vec((0u64..60, 0u64..40, 0u64..64, 0u32..3), 1..500),
    ) {
        let (mut fast, mut naive) = (controller(kind), controller(kind));
        let mut now = 100_000;
        for (later, earlier, line, write) in accesses {
            now += later * 1000;
            let at = now - (earlier * 1000).min(now / 2).saturating_sub(20_000);
            // Few rows of few banks.
            let address = line % 8 * 64 + line / 8 * 8192 * 8;
            if write == 0 {
                fast.write(address, at);
                naive.write(address, at);
            } else {
                // From what did happen, each time.
                naive.follows = false;
                prop_assert_eq!(fast.read(address, at), naive.read(address, at));
            }
        }
    }
}
