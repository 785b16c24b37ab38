//! `perfvec-51` against its definition and against the published extractor's own output.

use perfvec::features::perfvec51::{PerfVec51, SCHEMA};
use perfvec::features::Extractor;
use perfvec::inst::{Resolved, StaticInst};
use perfvec::trace::perfvec_txt::TextReader;
use perfvec_test_support::text_trace::{by_definition, text_trace, Text};
use proptest::prelude::*;

/// The trace behind the golden file.
const GOLDEN_SEED: u64 = 51;
const GOLDEN_STATICS: u64 = 120;
const GOLDEN_RECORDS: u64 = 300;

fn read(text: &Text) -> (Vec<StaticInst>, Vec<Resolved>) {
    let mut reader = TextReader::from_sources(
        text.main.as_bytes(),
        "t.txt",
        text.stores.as_bytes(),
        "t.sq.txt",
    );
    let (mut statics, mut records) = (Vec::new(), Vec::new());
    while let Some(record) = reader.next().unwrap() {
        if let Some(inst) = record.interned {
            assert_eq!(record.retirement.inst as usize, statics.len());
            statics.push(inst);
        }
        records.push(record.retirement);
    }
    assert_eq!(reader.statics(), statics.len());
    (statics, records)
}

fn extractor(statics: &[StaticInst]) -> PerfVec51 {
    let mut extractor = PerfVec51::new();
    for (id, inst) in (0..).zip(statics) {
        extractor.intern(id, inst);
    }
    extractor
}

fn row(extractor: &mut PerfVec51, r: &Resolved) -> Vec<f32> {
    let mut row = vec![f32::NAN; SCHEMA.len()];
    extractor.step(r, Some(&mut row));
    row
}

fn rows(text: &Text) -> Vec<Vec<f32>> {
    let (statics, records) = read(text);
    let mut extractor = extractor(&statics);
    records.iter().map(|r| row(&mut extractor, r)).collect()
}

/// Compares every value and says which column differs first.
fn assert_rows(actual: &[Vec<f32>], expected: &[Vec<f64>]) {
    assert_eq!(actual.len(), expected.len());
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert_eq!((a.len(), e.len()), (SCHEMA.len(), SCHEMA.len()));
        for (c, f) in SCHEMA.features.iter().enumerate() {
            assert_eq!(a[c], e[c] as f32, "record {i}, column {}", f.name);
            assert!((f.min..=f.max).contains(&a[c]), "{} is {}", f.name, a[c]);
        }
    }
}

#[test]
fn the_schema_has_the_published_columns() {
    assert_eq!(SCHEMA.len(), 51);
    let at = |name| SCHEMA.features.iter().position(|f| f.name == name);
    // Places that the published source asserts or names.
    assert_eq!(at("fault"), Some(0));
    assert_eq!(at("op"), Some(1));
    assert_eq!(at("taken"), Some(15));
    assert_eq!(at("fetch_distance"), Some(18));
    assert_eq!(at("memory"), Some(19));
    assert_eq!(at("src0_class"), Some(23));
    assert_eq!(at("dst0_class"), Some(39));
    let names: std::collections::HashSet<_> = SCHEMA.features.iter().map(|f| f.name).collect();
    assert_eq!(names.len(), SCHEMA.len(), "a name is there twice");
}

/// `tests/data/perfvec51.txt` is what the published extractor (compiled with its values printed
/// to 17 digits) wrote for this trace.
#[test]
fn equals_the_published_extractor() {
    let text = text_trace(GOLDEN_SEED, GOLDEN_STATICS, GOLDEN_RECORDS);
    let golden: Vec<Vec<f64>> = include_str!("../data/perfvec51.txt")
        .lines()
        .map(|l| l.split_whitespace().map(|t| t.parse().unwrap()).collect())
        .collect();
    assert_eq!(golden.len() as u64, GOLDEN_RECORDS);
    assert_rows(&rows(&text), &golden);
}

/// Writes traces for the published extractor to read: the golden file's with the numbers above.
/// `PERFVEC_TEXT_TRACE=out.txt:51:120:300 cargo test --test features text_trace -- --ignored`
#[test]
#[ignore = "writes files, for making the golden file anew"]
fn write_text_trace() {
    let spec =
        std::env::var("PERFVEC_TEXT_TRACE").expect("PERFVEC_TEXT_TRACE=path:seed:statics:records");
    let part: Vec<&str> = spec.split(':').collect();
    let number = |i: usize| part[i].parse::<u64>().unwrap();
    let text = text_trace(number(1), number(2), number(3));
    std::fs::write(part[0], text.main).unwrap();
    std::fs::write(part[0].replace(".txt", ".sq.txt"), text.stores).unwrap();
}

#[test]
fn equals_the_definition_on_a_long_trace() {
    let text = text_trace(7, 3000, 40_000);
    assert_rows(&rows(&text), &by_definition(&text));
}

#[test]
fn a_reset_starts_the_stream_anew() {
    let (statics, records) = read(&text_trace(3, 60, 2000));
    let mut extractor = extractor(&statics);
    let first: Vec<_> = records.iter().map(|r| row(&mut extractor, r)).collect();
    extractor.reset();
    let again: Vec<_> = records.iter().map(|r| row(&mut extractor, r)).collect();
    assert_eq!(first, again);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn equals_the_definition(seed: u64, statics in 1u64..300, records in 0u64..1500) {
        let text = text_trace(seed, statics, records);
        assert_rows(&rows(&text), &by_definition(&text));
    }

    /// Rows that are not asked for change nothing in those that are, and a state that was saved
    /// and taken back by another extractor goes on with the same bits.
    #[test]
    fn saved_and_unwritten_rows_leave_no_mark(seed: u64, statics in 1u64..200, cut in 0usize..3000, every in 1usize..9) {
        let (statics, records) = read(&text_trace(seed, statics, 3000));
        let mut whole = extractor(&statics);
        let mut cuts = extractor(&statics);
        for (i, r) in records.iter().enumerate() {
            if i == cut {
                let mut saved = Vec::new();
                cuts.save(&mut saved).unwrap();
                saved.push(9);
                cuts = extractor(&statics);
                let mut rest = &saved[..];
                cuts.restore(&mut rest).unwrap();
                prop_assert_eq!(rest, &[9]);
            }
            let expected = row(&mut whole, r);
            if i % every == 0 {
                prop_assert_eq!(expected, row(&mut cuts, r));
            } else {
                cuts.step(r, None);
            }
        }
    }

    /// A damaged state is an error or another valid state, and the extractor works afterwards.
    #[test]
    fn restore_never_panics(seed: u64, at: prop::sample::Index, value: u8, cut: prop::sample::Index) {
        let (statics, records) = read(&text_trace(seed, 30, 300));
        let mut extractor = extractor(&statics);
        for r in &records {
            extractor.step(r, None);
        }
        let mut saved = Vec::new();
        extractor.save(&mut saved).unwrap();
        let truncated = &saved[..cut.index(saved.len())];
        prop_assert!(extractor.restore(&mut &truncated[..]).is_err());
        let i = at.index(saved.len());
        saved[i] = value;
        let _ = extractor.restore(&mut &saved[..]);
        for r in &records {
            row(&mut extractor, r);
        }
    }
}
