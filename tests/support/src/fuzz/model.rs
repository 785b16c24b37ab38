//! The ONNX reader: any bytes are a model that runs, or an error.
use super::{told, with_file};
use perfvec::model::{read_network, Backend, Model, Out, Rows};

/// Scratch of a model this wide takes seconds to fill, which is no finding.
const WIDEST: usize = 1024;

/// One input.
pub fn run(data: &[u8]) {
    with_file(data, |path| {
        if let Err(e) = read_network(path) {
            assert!(e.message().contains("input"), "no file name in: {e}");
        }
        for backend in [Backend::NativeF32, Backend::NativeInt8] {
            let Some(model) = told(Model::load(path, backend)) else {
                continue;
            };
            let info = model.info();
            let (f, d) = (info.features, info.representation);
            if f.max(d) > WIDEST {
                continue;
            }
            let Some(mut engine) = told(model.engine(2, 3)) else {
                continue;
            };
            let x: Vec<f32> = (0..2 * 3 * f).map(|i| (i % 7) as f32).collect();
            let mut out = vec![0.0; 2 * 3 * d];
            engine.reset();
            let rows = Rows {
                x: &x,
                features: f,
                stride: 3,
                lanes: 2,
                steps: 3,
            };
            told(engine.run(&rows, Out::Rows(&mut out)));
        }
    });
}
