//! The reader of published text traces; a NUL parts the main file from the store file.
use super::told;
use perfvec::features::{extractor, perfvec51};
use perfvec::trace::perfvec_txt::TextReader;

/// One input.
pub fn run(data: &[u8]) {
    let at = data.iter().position(|b| *b == 0).unwrap_or(data.len());
    let (main, stores) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    let mut reader = TextReader::from_sources(main, "x.txt", stores, "x.sq.txt");
    let mut features = extractor(perfvec51::NAME).expect("a schema of this library");
    let mut row = vec![0.0; perfvec51::SCHEMA.len()];
    let mut statics = 0;
    while let Some(Some(record)) = told(reader.next()) {
        if let Some(inst) = &record.interned {
            assert_eq!(record.retirement.inst, statics);
            features.intern(statics, inst);
            statics += 1;
        }
        features.step(&record.retirement, Some(&mut row));
        for (x, f) in row.iter().zip(perfvec51::SCHEMA.features) {
            assert!((f.min..=f.max).contains(x), "{} is {x}", f.name);
        }
    }
}
