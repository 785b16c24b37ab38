//! The columns of the schema of the default model on a real program: `tests/data/columns.txt` holds
//! the sum, the sum of squares and the largest value of each, and its value at 16 retirements.
//! `support/src/golden.rs` says how to write it anew.

use perfvec::features::{extractor, refmachine};
use perfvec_test_support::golden::{golden, near};
use perfvec_test_support::root;
use perfvec_test_support::sequential::Stream;
use std::fmt::Write;

const RETIREMENTS: usize = 50_000;
/// A prime, so that the rows shown fall on all places of loops.
const SHOWN: usize = 3121;

struct Column {
    name: &'static str,
    numbers: Vec<f64>,
}

/// Sum, sum of squares, largest value, then the values shown.
fn columns() -> Vec<Column> {
    let schema = &refmachine::SCHEMA;
    let stream = Stream::read(&root("examples/lua.pvt"), RETIREMENTS).unwrap();
    assert_eq!(stream.retirements.len(), RETIREMENTS);
    let rows = stream
        .rows(extractor(schema.name).unwrap().as_mut(), schema.len())
        .unwrap();
    let column = |c: usize| {
        let values = || {
            rows.iter()
                .skip(c)
                .step_by(schema.len())
                .map(|v| f64::from(*v))
        };
        let mut numbers = vec![
            values().sum(),
            values().map(|v| v * v).sum(),
            values().fold(f64::NEG_INFINITY, f64::max),
        ];
        numbers.extend(values().step_by(SHOWN));
        Column {
            name: schema.features[c].name,
            numbers,
        }
    };
    (0..schema.len()).map(column).collect()
}

fn text(columns: &[Column]) -> String {
    let mut text = format!("{:016x}\n", refmachine::SCHEMA.hash());
    for c in columns {
        text.push_str(c.name);
        c.numbers
            .iter()
            .for_each(|n| write!(text, " {n:?}").unwrap());
        text.push('\n');
    }
    text
}

#[test]
fn every_column_of_the_shipped_schema_is_what_it_was() {
    let columns = columns();
    let golden = golden("columns.txt", &text(&columns));
    let mut lines = golden.lines();
    assert_eq!(
        lines.next().unwrap(),
        format!("{:016x}", refmachine::SCHEMA.hash()),
        "the schema is another; a model of the old one must not load"
    );
    assert_eq!(lines.clone().count(), columns.len());
    for (line, c) in lines.zip(&columns) {
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some(c.name));
        let want: Vec<f64> = words.map(|w| w.parse().unwrap()).collect();
        assert_eq!(want.len(), 3 + RETIREMENTS.div_ceil(SHOWN), "{}", c.name);
        for (i, (got, want)) in c.numbers.iter().zip(&want).enumerate() {
            assert!(near(*got, *want, 1e-6), "{} {i}: {got}, not {want}", c.name);
        }
    }
}

/// A column that never changes would pin nothing.
#[test]
fn the_golden_program_moves_nearly_every_column() {
    let still: Vec<&str> = columns()
        .iter()
        .filter(|c| {
            let (sum, squares, most) = (c.numbers[0], c.numbers[1], c.numbers[2]);
            let n = RETIREMENTS as f64;
            near(sum, most * n, 1e-9) && near(squares, most * most * n, 1e-9)
        })
        .map(|c| c.name)
        .collect();
    // Lua has next to no floating point, and neither vectors nor micro-ops.
    let known = ["one", "op_fadd", "op_fmul", "op_fdiv", "micro_op", "vector"];
    assert_eq!(still, known, "columns of one value throughout");
}
