//! Microarch tables and program vectors: as they come, and with the checksum put right.
use super::{told, with_file};
use perfvec::microarch::{MicroarchTable, ProgramVector};
use safetensors::tensor::SafeTensors;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::Xxh3;

const CHECKSUM: &str = "perfvec.checksum";

/// One input.
pub fn run(data: &[u8]) {
    read(data);
    if let Some(sealed) = seal(data) {
        read(&sealed);
    }
}

fn read(bytes: &[u8]) {
    let table = told(MicroarchTable::from_bytes(bytes));
    let vector = told(ProgramVector::from_bytes(bytes));
    if let Some(table) = &table {
        let program = ProgramVector {
            model_id: table.model_id().into(),
            retired: 4,
            measured: 2,
            sum: vec![1.0; table.dim()],
            ..ProgramVector::default()
        };
        let estimates = table
            .estimate(&program)
            .expect("a vector of the table's model");
        assert_eq!(estimates.len(), table.entries().len());
        told(table.ood_score(&program));
        with_file(b"", |path| {
            table
                .save(path)
                .expect("a table that was read can be written");
            assert_eq!(&MicroarchTable::load(path).expect("and read again"), table);
        });
    }
    if let Some(vector) = &vector {
        vector.validate().expect("what was read is valid");
        told(vector.clone().merge(vector));
    }
}

/// The same file with the checksum that its content asks for; `None` where it is no safetensors
/// file at all.
fn seal(data: &[u8]) -> Option<Vec<u8>> {
    let (size, header) = SafeTensors::read_metadata(data).ok()?;
    let file = SafeTensors::deserialize(data).ok()?;
    let mut metadata: BTreeMap<String, String> = header.metadata().clone()?.into_iter().collect();
    metadata.remove(CHECKSUM);
    let mut hash = Xxh3::new();
    for (key, value) in &metadata {
        hash.update(format!("{key}\n{value}\n").as_bytes());
    }
    let tensors: BTreeMap<&str, _> = file.iter().collect();
    for (name, view) in &tensors {
        let shape: Vec<String> = view.shape().iter().map(usize::to_string).collect();
        let line = format!("{name}\n{}\n{}\n", view.dtype(), shape.join(","));
        hash.update(line.as_bytes());
        hash.update(view.data());
    }
    metadata.insert(CHECKSUM.into(), format!("{:016x}", hash.digest()));

    let mut json: serde_json::Value = serde_json::from_slice(data.get(8..8 + size)?).ok()?;
    json["__metadata__"] = serde_json::to_value(metadata).ok()?;
    let json = json.to_string();
    let mut out = (json.len() as u64).to_le_bytes().to_vec();
    out.extend_from_slice(json.as_bytes());
    out.extend_from_slice(&data[8 + size..]);
    Some(out)
}
