//! Model files that must not load, each made from one that does.

use super::proto::{Attribute, ModelProto, NodeProto, StringEntry};
use super::*;
use proptest::prelude::*;
use prost::Message;
use std::path::PathBuf;

const NAMES: [&str; 4] = ["odd", "two-layers", "passthrough", "exporter"];

fn bytes(name: &str) -> Vec<u8> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/engine");
    std::fs::read(dir.join(format!("{name}.onnx"))).unwrap()
}

/// Loads `bytes` from a file called `model.onnx`.
fn load(bytes: &[u8]) -> Result<Arc<Model>> {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("model.onnx");
    std::fs::write(&path, bytes).unwrap();
    Model::load(&path, Backend::NativeF32)
}

/// Changes the model called `name`, and expects an error of `kind` whose text has all of `parts`
/// and the file's name.
fn broken(name: &str, kind: ErrorKind, parts: &[&str], change: impl Fn(&mut ModelProto)) {
    let mut model = ModelProto::decode(bytes(name).as_slice()).unwrap();
    assert!(load(&model.encode_to_vec()).is_ok());
    change(&mut model);
    let e = load(&model.encode_to_vec())
        .err()
        .expect("it must not load");
    assert_eq!(e.kind(), kind, "{e}");
    for part in parts.iter().chain(&["model.onnx"]) {
        assert!(e.message().contains(part), "\"{part}\" is not in: {e}");
    }
}

fn graph(m: &mut ModelProto) -> &mut proto::GraphProto {
    m.graph.as_mut().unwrap()
}

fn node<'a>(m: &'a mut ModelProto, op: &str) -> &'a mut NodeProto {
    graph(m).node.iter_mut().find(|n| n.op_type == op).unwrap()
}

fn weight<'a>(m: &'a mut ModelProto, name: &str) -> &'a mut proto::TensorProto {
    let all = &mut graph(m).initializer;
    all.iter_mut().find(|t| t.name == name).unwrap()
}

fn dims<'a>(values: &'a mut [proto::ValueInfo], name: &str) -> &'a mut Vec<proto::Dim> {
    let value = values.iter_mut().find(|v| v.name == name).unwrap();
    let tensor = value.r#type.as_mut().unwrap().tensor_type.as_mut().unwrap();
    &mut tensor.shape.as_mut().unwrap().dim
}

#[test]
fn files_that_are_no_models() {
    for content in [
        &b""[..],
        b"#!/bin/sh\necho no model\n",
        &[0xff; 100],
        &[0; 64],
    ] {
        assert_eq!(load(content).err().unwrap().kind(), ErrorKind::Corrupt);
    }
    let e = Model::load(Path::new("/dev/zero"), Backend::Auto)
        .err()
        .unwrap();
    assert_eq!(e.kind(), ErrorKind::Io);
}

#[test]
fn truncated_files() {
    let whole = bytes("two-layers");
    for n in 0..40 {
        let e = load(&whole[..whole.len() * n / 40]).err().unwrap();
        assert!(
            matches!(e.kind(), ErrorKind::Corrupt | ErrorKind::Model),
            "{e}"
        );
    }
}

#[test]
fn states_that_are_missing_or_wrong() {
    use ErrorKind::Model;
    broken("odd", Model, &["\"c0\"", "not an input"], |m| {
        graph(m).input.retain(|v| v.name != "c0");
    });
    broken("odd", Model, &["\"h0\"", "\"hn0\""], |m| {
        graph(m).output.retain(|v| v.name != "hn0");
    });
    broken("odd", Model, &["0 state inputs"], |m| {
        graph(m).input.retain(|v| v.name == "features");
    });
    broken("odd", Model, &["lstm0", "new h", "\"hn0\""], |m| {
        node(m, "LSTM").output.swap(1, 2);
    });
    broken("odd", Model, &["lstm0", "input 5"], |m| {
        node(m, "LSTM").input[5].clear();
    });
    broken("odd", Model, &["\"h0\"", "[1,B,n]"], |m| {
        dims(&mut graph(m).input, "h0")[1].dim_value = Some(1);
    });
    broken("odd", Model, &["\"h0\"", "7 elements", "5"], |m| {
        dims(&mut graph(m).input, "h0")[2].dim_value = Some(7);
    });
}

#[test]
fn shapes_that_do_not_fit() {
    use ErrorKind::{Corrupt, Model};
    broken("odd", Model, &["\"features\"", "features_"], |m| {
        graph(m).input[0].name = "features_".into();
    });
    broken("odd", Model, &["\"features\"", "T and B free"], |m| {
        dims(&mut graph(m).input, "features")[0].dim_value = Some(64);
    });
    broken("odd", Model, &["LSTM layer 0", "7 inputs of 8"], |m| {
        dims(&mut graph(m).input, "features")[2].dim_value = Some(8);
    });
    broken(
        "odd",
        Model,
        &["\"representation\"", "6 columns", "makes 5"],
        |m| {
            dims(&mut graph(m).output, "representation")[2].dim_value = Some(6);
        },
    );
    broken("odd", Model, &["lstm0", "[1,4H,I]"], |m| {
        weight(m, "lstm0.w").dims = vec![1, 7, 20];
    });
    for dims in [vec![1, 20, 8], vec![1, i64::MAX, i64::MAX], vec![1, -20, 7]] {
        broken("odd", Corrupt, &["\"lstm0.w\"", "140 elements"], |m| {
            weight(m, "lstm0.w").dims = dims.clone();
        });
    }
    broken("two-layers", Model, &["centred_node", "[3]"], |m| {
        let mean = weight(m, "mean");
        mean.dims = vec![3];
        mean.raw_data.truncate(12);
    });
    broken("passthrough", Model, &["gathered_node", "column 12"], |m| {
        weight(m, "columns").raw_data[0] = 12;
    });
}

#[test]
fn weights_that_cannot_be_right() {
    use ErrorKind::{Corrupt, Model};
    for bad in [f32::NAN, f32::INFINITY] {
        broken("two-layers", Model, &["\"lstm1.r\"", "element 2"], |m| {
            weight(m, "lstm1.r").raw_data[8..12].copy_from_slice(&bad.to_le_bytes());
        });
    }
    broken(
        "two-layers",
        Model,
        &["scaled_node", "deviation is zero"],
        |m| {
            weight(m, "std").raw_data.fill(0);
        },
    );
    broken("odd", Model, &["\"lstm0.w\"", "another file"], |m| {
        weight(m, "lstm0.w").data_location = 1;
    });
    broken("odd", Model, &["\"lstm0.w\"", "type 11"], |m| {
        weight(m, "lstm0.w").data_type = 11;
    });
    broken("odd", Corrupt, &["\"lstm0.w\"", "multiple of 4"], |m| {
        weight(m, "lstm0.w").raw_data.push(0);
    });
}

#[test]
fn metadata_that_is_missing_or_wrong() {
    for key in ["model_id", "schema", "schema_hash", "isa", "warmup"] {
        let key = format!("perfvec.{key}");
        broken("odd", ErrorKind::Model, &[&key, "missing"], |m| {
            m.metadata_props.retain(|p| p.key != key);
        });
    }
    let set = |m: &mut ModelProto, key: &str, value: &str| {
        m.metadata_props.retain(|p| p.key != key);
        m.metadata_props.push(StringEntry {
            key: key.into(),
            value: value.into(),
        });
    };
    for (key, value) in [
        ("perfvec.schema_hash", "12ab"),
        ("perfvec.schema_hash", "+23456789abcdef0"),
        ("perfvec.schema_hash", "zzzzzzzzzzzzzzzz"),
        ("perfvec.warmup", "-1"),
        ("perfvec.warmup", "many"),
    ] {
        broken("odd", ErrorKind::Model, &[key, value], |m| {
            set(m, key, value)
        });
    }
    broken(
        "odd",
        ErrorKind::Mismatch,
        &["perfvec.isa", "sparc64", "riscv64"],
        |m| {
            set(m, "perfvec.isa", "sparc64");
        },
    );
    let known = crate::features::perfvec51::NAME;
    broken(
        "odd",
        ErrorKind::Mismatch,
        &[known, "hash", "train it again"],
        |m| {
            set(m, "perfvec.schema", known);
        },
    );
}

/// Of a schema that this library has, hash and number of columns must both be its own.
#[test]
fn a_known_schema_must_be_this_librarys_to_the_hash() {
    use crate::features::perfvec51::SCHEMA;
    let info = |hash: u64, columns: usize| {
        let hash = format!("{hash:016x}");
        let metadata = [
            ("perfvec.model_id", "m"),
            ("perfvec.schema", SCHEMA.name),
            ("perfvec.schema_hash", &hash),
            ("perfvec.isa", "riscv64"),
            ("perfvec.warmup", "4"),
        ];
        let metadata = metadata.map(|(k, v)| (k.to_string(), v.to_string()));
        manifest::info(metadata.to_vec(), columns, 8)
    };
    let (hash, columns) = (SCHEMA.hash(), SCHEMA.len());
    assert_eq!(info(hash, columns).unwrap().schema_hash, hash);
    for (hash, columns) in [(hash ^ 1, columns), (hash, columns + 1)] {
        let e = info(hash, columns).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Mismatch, "{e}");
        assert!(e.message().contains(SCHEMA.name), "{e}");
    }
}

#[test]
fn graphs_of_another_family() {
    use ErrorKind::Model;
    let can = "ONNX Runtime can";
    broken("two-layers", Model, &["positive_node", "Tanh", can], |m| {
        node(m, "Relu").op_type = "Tanh".into();
    });
    broken("two-layers", Model, &["centred_node", "Pow", can], |m| {
        node(m, "Sub").op_type = "Pow".into();
    });
    broken(
        "passthrough",
        Model,
        &["gathered_node", "directly", can],
        |m| {
            node(m, "Gather").input[0] = "clipped".into();
        },
    );
    broken("odd", Model, &["lstm0", "sequence_lens", can], |m| {
        node(m, "LSTM").input[4] = "lengths".into();
    });
    let attribute = |name: &str, i: i64, s: &str| Attribute {
        name: name.into(),
        i,
        s: s.into(),
        ..Default::default()
    };
    for (a, part) in [
        (attribute("direction", 0, "reverse"), "forward"),
        (attribute("clip", 0, ""), "clip"),
        (attribute("layout", 1, ""), "layout"),
    ] {
        broken("odd", Model, &["lstm0", part, can], |m| {
            node(m, "LSTM").attribute.push(a.clone());
        });
    }
    broken("exporter", Model, &["part of a cycle"], |m| {
        let last = node(m, "Identity");
        last.input[0] = last.output[0].clone();
    });
}

/// Two bytes make an empty node of a hundred; a file of them must not fill the memory.
#[test]
fn a_file_that_would_grow_when_decoded() {
    let nodes: Vec<u8> = [0x0a, 0x00].repeat(5 << 20);
    let mut file = vec![0x08, 0x08, 0x3a];
    prost::encoding::encode_varint(nodes.len() as u64, &mut file);
    file.extend(nodes);
    let e = load(&file).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Corrupt);
    assert!(e.message().contains("outside its weights"), "{e}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Damage never panics, and what still loads still runs.
    #[test]
    fn damaged_files(
        name in prop::sample::select(NAMES.to_vec()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = bytes(name);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(model) = load(&bytes) {
            let mut engine = model.engine(1, 2).unwrap();
            let features = model.info().features;
            let x = vec![1.0; 2 * features];
            let mut out = vec![0.0; 2 * model.info().representation];
            let rows = Rows {
                x: &x,
                features,
                stride: 2,
                lanes: 1,
                steps: 2,
            };
            engine.run(&rows, Out::Rows(&mut out)).unwrap();
        }
    }
}
