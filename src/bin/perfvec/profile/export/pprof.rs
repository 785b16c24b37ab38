//! pprof's profile.proto, compressed with gzip as its tools want it.

use crate::profile::resolved::{Resolved, Rounding};
use crate::profile::tree::Functions;
use flate2::{write::GzEncoder, Compression};
use perfvec::{Error, ErrorKind, Result};
use prost::Message;
use std::collections::HashMap;
use std::io::Write;

// Field numbers from github.com/google/pprof/proto/profile.proto.

#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    mapping: Vec<Mapping>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, repeated, tag = "13")]
    comment: Vec<i64>,
    #[prost(int64, tag = "14")]
    default_sample_type: i64,
}

#[derive(Clone, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    label: Vec<Label>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(int64, tag = "1")]
    key: i64,
    #[prost(int64, tag = "2")]
    str: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Mapping {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "2")]
    memory_start: u64,
    #[prost(uint64, tag = "3")]
    memory_limit: u64,
    #[prost(uint64, tag = "4")]
    file_offset: u64,
    #[prost(int64, tag = "5")]
    filename: i64,
    #[prost(int64, tag = "6")]
    build_id: i64,
    #[prost(bool, tag = "7")]
    has_functions: bool,
    #[prost(bool, tag = "8")]
    has_filenames: bool,
    #[prost(bool, tag = "9")]
    has_line_numbers: bool,
    #[prost(bool, tag = "10")]
    has_inline_frames: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "2")]
    mapping_id: u64,
    #[prost(uint64, tag = "3")]
    address: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

/// Each text once; the first is empty.
struct Strings {
    all: Vec<String>,
    ids: HashMap<String, i64>,
}

impl Strings {
    fn id(&mut self, text: &str) -> i64 {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = self.all.len() as i64;
        self.all.push(text.into());
        self.ids.insert(text.into(), id);
        id
    }
}

/// The profile as a gzipped pprof protocol buffer.
pub fn bytes(profile: &Resolved) -> Result<Vec<u8>> {
    let failed = |e: std::io::Error| Error::new(ErrorKind::Internal, format!("gzip: {e}"));
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(&message(profile).encode_to_vec())
        .map_err(failed)?;
    out.finish().map_err(failed)
}

fn message(profile: &Resolved) -> Profile {
    let mut strings = Strings {
        all: Vec::new(),
        ids: HashMap::new(),
    };
    strings.id("");
    let (mut functions, mut out) = (Functions::default(), Profile::default());
    for value in &profile.values {
        let (kind, unit) = (strings.id(&value.name), strings.id(value.unit));
        out.sample_type.push(ValueType { kind, unit });
    }
    out.default_sample_type = out.sample_type.get(1).map_or(0, |v| v.kind);
    for (n, m) in profile.modules.iter().enumerate() {
        let build_id = m.id.strip_prefix("build-id:").unwrap_or_default();
        let name = if m.path.is_empty() { "[JIT]" } else { &m.path };
        out.mapping.push(Mapping {
            id: n as u64 + 1,
            memory_start: m.start,
            memory_limit: m.end,
            file_offset: m.offset,
            filename: strings.id(name),
            build_id: strings.id(build_id),
            // The names are here: nothing has to be looked up in the files again.
            has_functions: true,
            has_filenames: true,
            has_line_numbers: true,
            has_inline_frames: true,
        });
    }
    // pprof takes the first for the program.
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_string();
    let program = name(profile.program.split(' ').next().unwrap_or_default());
    let found = profile
        .modules
        .iter()
        .position(|m| name(&m.path) == program);
    if let Some(n) = found {
        out.mapping.swap(0, n);
    }
    for (n, location) in profile.locations.iter().enumerate() {
        let ids = functions.of(location);
        let lines = ids.iter().zip(&location.frames);
        out.location.push(Location {
            id: n as u64 + 1,
            mapping_id: location.module.map_or(0, |m| m as u64 + 1),
            address: location.pc,
            line: lines
                .map(|(f, frame)| Line {
                    function_id: *f as u64 + 1,
                    line: frame.line.into(),
                })
                .collect(),
        });
    }
    for (n, f) in functions.all.iter().enumerate() {
        let name = strings.id(&f.name);
        out.function.push(Function {
            id: n as u64 + 1,
            name,
            system_name: name,
            filename: strings.id(&f.file),
        });
    }
    let key = strings.id("thread");
    for thread in &profile.threads {
        let label = Label {
            key,
            str: strings.id(&thread.name),
        };
        let mut rounding = Rounding::default();
        for sample in &thread.samples {
            let value = rounding.next(&sample.values);
            let mut location_id = vec![sample.location as u64 + 1];
            let mut at = sample.stack as usize;
            while at != 0 {
                location_id.push(thread.stacks[at].site as u64 + 1);
                at = thread.stacks[at].parent as usize;
            }
            out.sample.push(Sample {
                location_id,
                value: value.into_iter().map(|v| v as i64).collect(),
                label: vec![label.clone()],
            });
        }
    }
    out.comment.push(strings.id(&profile.program));
    out.comment
        .push(strings.id(&format!("model {}", profile.model)));
    out.string_table = strings.all;
    out
}
