//! Arguments of the benchmarks over recorded streams.

use perfvec::model::locate;
use perfvec::Result;
use std::path::PathBuf;

/// The model (`--model FILE`, else the default one) and the traces (else examples/lua.pvt), with
/// each of the `numbers` replaced where its option is given.
pub fn read(numbers: &mut [(&str, &mut u64)]) -> Result<(PathBuf, Vec<PathBuf>)> {
    let (mut model, mut traces) = (None, Vec::new());
    let mut words = std::env::args().skip(1).filter(|a| a != "--bench");
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_default();
        if word == "--model" {
            model = Some(PathBuf::from(value()));
        } else if let Some((name, number)) = numbers.iter_mut().find(|(name, _)| *name == word) {
            let text = value();
            **number = text
                .parse()
                .unwrap_or_else(|_| panic!("{name} takes a number"));
        } else {
            traces.push(PathBuf::from(word));
        }
    }
    if traces.is_empty() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        traces.push(root.join("examples/lua.pvt"));
    }
    let model = model.map_or_else(locate::default_model, Ok)?;
    Ok((model, traces))
}
