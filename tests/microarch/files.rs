//! Microarch tables and program vectors as files: round trips, damage, foreign files, merges.

use perfvec::microarch::{Microarch, MicroarchTable, ProgramVector};
use perfvec::model::ModelInfo;
use perfvec::ErrorKind;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

const DIM: usize = 4;

fn entry(name: &str, vector: [f32; DIM]) -> Microarch {
    Microarch {
        name: name.into(),
        clock_hz: 2.5e9,
        kind: "out-of-order".into(),
        parameters: r#"{"rob":192,"l1d":{"kib":32}}"#.into(),
        trained: true,
        vector: vector.to_vec(),
    }
}

fn table() -> MicroarchTable {
    let mut t = MicroarchTable::new("lstm-2x128", DIM);
    t.add(entry("big", [1.0, 0.5, -0.25, 3.0])).unwrap();
    t.add(entry("LITTLE \"é\"", [2.0, 0.5, 0.25, -3.0]))
        .unwrap();
    t
}

fn vector() -> ProgramVector {
    ProgramVector {
        model_id: "lstm-2x128".into(),
        retired: 1 << 60,
        measured: 12_345,
        sum: vec![0.1, -2.0, 1e300, 5e-324],
        units: 3,
        second_moment: (0..10).map(f64::from).collect(),
    }
}

fn write(dir: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join("damaged.safetensors");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Writes a safetensors file without this library: header JSON and data as given.
fn raw(header: &str, data: &[u8]) -> Vec<u8> {
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header.as_bytes());
    out.extend(data);
    out
}

fn fails(path: &Path, kind: ErrorKind, words: &[&str]) {
    let e = MicroarchTable::load(path).unwrap_err();
    assert_eq!(e.kind(), kind, "{e}");
    for word in words.iter().chain(&[path.to_str().unwrap()]) {
        assert!(e.message().contains(word), "{word:?} is not in: {e}");
    }
}

#[test]
fn saved_files_come_back_equal_and_leave_no_temporary_file() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a.safetensors"), dir.path().join("b"));
    table().save(&a).unwrap();
    assert_eq!(MicroarchTable::load(&a).unwrap(), table());
    table().save(&a).unwrap(); // over an existing file
    vector().save(&b).unwrap();
    assert_eq!(ProgramVector::load(&b).unwrap(), vector());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);

    let empty = MicroarchTable::new("m", 7);
    empty.save(&b).unwrap();
    assert_eq!(MicroarchTable::load(&b).unwrap(), empty);
}

#[test]
fn every_flipped_bit_and_every_truncation_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good");
    table().save(&good).unwrap();
    let bytes = std::fs::read(&good).unwrap();
    for at in 0..bytes.len() {
        assert_eq!(
            MicroarchTable::from_bytes(&bytes[..at]).unwrap_err().kind(),
            ErrorKind::Corrupt
        );
        for bit in 0..8 {
            let mut bad = bytes.clone();
            bad[at] ^= 1 << bit;
            // A flip may leave the content as it was (the case of a hex digit in an escape).
            match MicroarchTable::from_bytes(&bad) {
                Ok(same) => assert_eq!(same, table(), "byte {at} bit {bit}"),
                Err(e) => assert!(
                    matches!(e.kind(), ErrorKind::Corrupt | ErrorKind::Version),
                    "byte {at} bit {bit}: {e}"
                ),
            }
        }
    }
    let mut long = bytes.clone();
    long.push(0);
    fails(&write(&dir, &long), ErrorKind::Corrupt, &["whole"]);
}

#[test]
fn foreign_files_are_refused_by_name_and_field() {
    let dir = tempfile::tempdir().unwrap();
    fails(&dir.path().join("none"), ErrorKind::Io, &[]);
    fails(dir.path(), ErrorKind::Io, &["regular file"]);
    fails(&write(&dir, b""), ErrorKind::Corrupt, &["safetensors"]);
    fails(
        &write(&dir, &[0xff; 64]),
        ErrorKind::Corrupt,
        &["safetensors"],
    );
    fails(
        &write(&dir, &raw("{}", b"")),
        ErrorKind::Corrupt,
        &["perfvec.format", "microarchs-1"],
    );
    let newer = r#"{"__metadata__":{"perfvec.format":"microarchs-2"}}"#;
    fails(
        &write(&dir, &raw(newer, b"")),
        ErrorKind::Version,
        &["microarchs-2"],
    );
    let unsealed = r#"{"__metadata__":{"perfvec.format":"microarchs-1"}}"#;
    fails(
        &write(&dir, &raw(unsealed, b"")),
        ErrorKind::Corrupt,
        &["perfvec.checksum"],
    );
    let huge =
        r#"{"vectors":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#;
    fails(
        &write(&dir, &raw(huge, &[0; 8])),
        ErrorKind::Corrupt,
        &["safetensors"],
    );
    let nan = r#"{"__metadata__":{"perfvec.format":"microarchs-1","perfvec.checksum":""},"vectors":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#;
    fails(
        &write(&dir, &raw(nan, &f32::NAN.to_le_bytes())),
        ErrorKind::Corrupt,
        &["vectors", "NaN"],
    );

    let path = dir.path().join("pv");
    vector().save(&path).unwrap();
    fails(&path, ErrorKind::Corrupt, &["program-vector-1"]);
    table().save(&path).unwrap();
    let e = ProgramVector::load(&path).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Corrupt);
}

/// A table of one entry, x, as another program would write it, by the recipe in `container.rs`.
fn sealed(tensors: &[(&str, &[usize], Vec<f32>)]) -> Vec<u8> {
    let entries = r#"[{"name":"x","clock_hz":1e9}]"#;
    let mut text = [
        "note",
        "kept",
        "perfvec.entries",
        entries,
        "perfvec.format",
        "microarchs-1",
        "perfvec.model_id",
        "m",
        "",
    ]
    .join("\n")
    .into_bytes();
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, shape, values) in tensors {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
        text.extend(format!("{name}\nF32\n{}\n", sizes.join(",")).bytes());
        text.extend(&bytes);
        let offsets = [data.len(), data.len() + bytes.len()];
        let tensor = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": offsets});
        header.insert(name.to_string(), tensor);
        data.extend(bytes);
    }
    let sum = format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&text));
    let metadata = serde_json::json!({
        "perfvec.format": "microarchs-1", "perfvec.model_id": "m", "note": "kept",
        "perfvec.entries": entries, "perfvec.checksum": sum,
    });
    header.insert("__metadata__".into(), metadata);
    raw(&serde_json::Value::Object(header).to_string(), &data)
}

#[test]
fn a_file_made_by_the_documented_recipe_loads() {
    let bytes = sealed(&[("vectors", &[1, 2], vec![1.5, -2.0])]);
    let dir = tempfile::tempdir().unwrap();
    let path = write(&dir, &bytes);
    let t = MicroarchTable::load(&path).unwrap();
    assert_eq!(t.model_id(), "m");
    assert_eq!(t.entries()[0].vector, [1.5, -2.0]);
    assert_eq!(t.entries()[0].parameters, "{}");
    t.save(&path).unwrap();
    let again = std::fs::read(&path).unwrap();
    let kept = again.windows(6).any(|w| w == b"\"note\"");
    assert!(kept, "foreign metadata is lost by load and save");
}

#[test]
fn a_table_with_a_distribution_says_how_far_a_program_is_from_it() {
    let bytes = sealed(&[
        ("ood.mean", &[2], vec![1.0, -1.0]),
        ("ood.whiten", &[3, 2], vec![1.0, 0.0, 0.0, 2.0, 0.5, 0.5]),
        ("vectors", &[1, 2], vec![1.5, -2.0]),
    ]);
    let t = MicroarchTable::from_bytes(&bytes).unwrap();
    let mut program = ProgramVector {
        model_id: "m".into(),
        retired: 30,
        measured: 10,
        sum: vec![40.0, 10.0],
        units: 1,
        second_moment: vec![0.0; 3],
    };
    // The mean is (4, 1), which is (3, 2) from the centre: whitened, (3, 4, 2.5).
    let want = (9.0f64 + 16.0 + 6.25).sqrt();
    assert_eq!(t.ood_score(&program).unwrap(), Some(want));
    (program.measured, program.sum) = (0, vec![0.0; 2]);
    assert_eq!(t.ood_score(&program).unwrap(), None);
}

#[test]
fn tensors_of_another_shape_are_refused_by_name() {
    type Tensors<'a> = &'a [(&'a str, &'a [usize], Vec<f32>)];
    let vectors = ("vectors", &[1, 2][..], vec![1.5, -2.0]);
    let mean = ("ood.mean", &[2][..], vec![0.0; 2]);
    let whiten = ("ood.whiten", &[1, 2][..], vec![1.0; 2]);
    let kind_of = |tensors: Tensors, word: &str| {
        let e = MicroarchTable::from_bytes(&sealed(tensors)).unwrap_err();
        assert!(e.message().contains(word), "{word:?} is not in: {e}");
        e.kind()
    };
    let refuse = |tensors: Tensors, word| assert_eq!(kind_of(tensors, word), ErrorKind::Corrupt);
    refuse(&[], "vectors is missing");
    refuse(&[("vectors", &[2], vec![0.0; 2])], "vectors");
    refuse(&[("vectors", &[1, 2, 1], vec![0.0; 2])], "vectors");
    refuse(&[("vectors", &[2, 1], vec![0.0; 2])], "2 rows");
    refuse(&[("vectors", &[1, 0], vec![])], "D from 1 to 4096");
    refuse(
        &[("vectors", &[1, 4097], vec![0.0; 4097])],
        "D from 1 to 4096",
    );
    refuse(&[mean.clone(), vectors.clone()], "write both");
    refuse(&[whiten.clone(), vectors.clone()], "write both");
    let long = ("ood.mean", &[3][..], vec![0.0; 3]);
    refuse(&[long, whiten.clone(), vectors.clone()], "ood.mean");
    for shape in [&[2][..], &[2, 1], &[1, 2, 1]] {
        let whiten = ("ood.whiten", shape, vec![1.0; 2]);
        refuse(&[mean.clone(), whiten, vectors.clone()], "ood.whiten");
    }
    let more = ("more", &[1][..], vec![0.0]);
    // A newer version may have written that.
    assert_eq!(
        kind_of(&[more, vectors.clone()], "more"),
        ErrorKind::Version
    );
    let widest = ("vectors", &[1, 4096][..], vec![0.0; 4096]);
    MicroarchTable::from_bytes(&sealed(&[widest])).unwrap();
    MicroarchTable::from_bytes(&sealed(&[mean, whiten, vectors])).unwrap();
}

#[test]
fn entries_are_checked_one_by_one() {
    let mut t = table();
    let mut refuse = |change: &dyn Fn(&mut Microarch), word: &str| {
        let mut e = entry("new", [1.0; DIM]);
        change(&mut e);
        let error = t.add(e).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(word), "{error}");
    };
    refuse(&|e| e.name = "big".into(), "big");
    refuse(&|e| e.name.clear(), "name");
    refuse(&|e| e.name = "a\nb".into(), "control");
    refuse(&|e| e.name = "x".repeat(257), "256");
    refuse(&|e| e.clock_hz = 0.0, "clock_hz");
    refuse(&|e| e.clock_hz = f64::NAN, "clock_hz");
    refuse(&|e| e.parameters = "[]".into(), "parameters");
    refuse(&|e| e.vector[2] = f32::INFINITY, "element 2");
    refuse(&|e| e.vector.push(0.0), "5 elements");
    assert_eq!(t, table());
    assert_eq!(t.remove("none").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(t.remove("big").unwrap().vector, [1.0, 0.5, -0.25, 3.0]);
    assert_eq!(t.position("big"), None);
}

#[test]
fn tables_merge_without_losing_or_doubling() {
    let mut t = table();
    t.merge(&table()).unwrap();
    assert_eq!(t, table());
    let mut other = MicroarchTable::new("lstm-2x128", DIM);
    other.add(entry("third", [0.0; DIM])).unwrap();
    t.merge(&other).unwrap();
    assert_eq!(t.entries().len(), 3);
    let mut clash = MicroarchTable::new("lstm-2x128", DIM);
    clash.add(entry("fourth", [0.0; DIM])).unwrap();
    clash.add(entry("big", [9.0; DIM])).unwrap();
    let before = t.clone();
    assert_eq!(
        t.merge(&clash).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    assert_eq!(t, before);
    let foreign = MicroarchTable::new("another", DIM);
    assert_eq!(t.merge(&foreign).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn shards_of_other_models_are_not_merged() {
    let mut v = ProgramVector {
        model_id: "m".into(),
        retired: 100,
        measured: 100,
        sum: vec![1.0],
        ..ProgramVector::default()
    };
    let before = v.clone();
    let mut foreign = v.clone();
    foreign.model_id = "n".into();
    assert_eq!(v.merge(&foreign).unwrap_err().kind(), ErrorKind::Mismatch);
    let mut many = v.clone();
    many.retired = u64::MAX;
    assert_eq!(v.merge(&many).unwrap_err().kind(), ErrorKind::OutOfMemory);
    assert_eq!(v, before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Integers in f64 add without rounding, so the merge must equal the whole to the bit.
    #[test]
    fn merged_shards_equal_the_whole(
        units in prop::collection::vec(prop::array::uniform3(-1000i32..1000), 2..40),
        cut in 0usize..40,
    ) {
        let cut = cut % (units.len() + 1);
        let make = |units: &[[i32; 3]]| {
            let mut v = ProgramVector {
                model_id: "m".into(),
                retired: units.len() as u64 * 100,
                measured: units.len() as u64 * 10,
                sum: vec![0.0; 3],
                units: units.len() as u64,
                second_moment: if units.is_empty() { vec![] } else { vec![0.0; 6] },
            };
            for u in units {
                let u = u.map(f64::from);
                let mut at = 0;
                for i in 0..3 {
                    v.sum[i] += u[i];
                    for j in i..3 {
                        v.second_moment[at] += u[i] * u[j];
                        at += 1;
                    }
                }
            }
            v
        };
        let dir = tempfile::tempdir().unwrap();
        let mut merged = make(&units[..cut]);
        let path = dir.path().join("shard");
        make(&units[cut..]).save(&path).unwrap();
        merged.merge(&ProgramVector::load(&path).unwrap()).unwrap();
        prop_assert_eq!(merged, make(&units));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), header in ".{0,100}") {
        for content in [bytes.clone(), raw(&header, &bytes)] {
            prop_assert!(MicroarchTable::from_bytes(&content).is_err());
            prop_assert!(ProgramVector::from_bytes(&content).is_err());
        }
    }
}

/// Model, width and schema: one that differs is enough.
#[test]
fn a_table_serves_its_own_model_and_no_other() {
    let own = ModelInfo {
        id: "lstm".into(),
        schema: "s".into(),
        schema_hash: 7,
        isa: "riscv64".into(),
        features: 3,
        representation: DIM,
        warmup: 0,
        metadata: Vec::new(),
    };
    let mut table = MicroarchTable::for_model(&own);
    table.add(entry("a", [1.0; DIM])).unwrap();
    table.check_model(&own).unwrap();
    let others = [
        ModelInfo {
            id: "gru".into(),
            ..own.clone()
        },
        ModelInfo {
            representation: DIM + 1,
            ..own.clone()
        },
        ModelInfo {
            schema_hash: 8,
            ..own.clone()
        },
    ];
    for other in &others {
        let e = table.check_model(other).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Mismatch, "{e}");
        let e = table.merge(&MicroarchTable::for_model(other)).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Mismatch, "{e}");
    }
    assert_eq!(table.entries().len(), 1);
    // Its file says the schema, too.
    let file = tempfile::NamedTempFile::new().unwrap();
    table.save(file.path()).unwrap();
    assert_eq!(MicroarchTable::load(file.path()).unwrap(), table);
    // A table that names no schema takes the other's.
    let mut bare = MicroarchTable::new("lstm", DIM);
    bare.merge(&table).unwrap();
    assert_eq!((bare.schema_hash(), bare.entries().len()), (Some(7), 1));
}
