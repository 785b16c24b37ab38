//! speedscope's own format (https://www.speedscope.app/file-format-schema.json): a sampled profile
//! for every thread and value.

use crate::profile::resolved::{Resolved, Rounding};
use crate::profile::tree::{path, tree, Functions};
use perfvec::{Error, ErrorKind, Result};
use serde_json::{json, Map, Value};

/// The profile as a speedscope file.
pub fn bytes(profile: &Resolved) -> Result<Vec<u8>> {
    let mut functions = Functions::default();
    let mut profiles = Vec::new();
    for thread in &profile.threads {
        let nodes = tree(profile, thread, &mut functions);
        let mut rounding = Rounding::default();
        let whole: Vec<Vec<u64>> = nodes.iter().map(|n| rounding.next(&n.values)).collect();
        // Cycles first: it is what opens.
        let order = (1..profile.values.len()).chain([0]);
        for v in order.filter(|v| *v < profile.values.len()) {
            let with = |n: &usize| whole[*n][v] > 0;
            let shown: Vec<usize> = (1..nodes.len()).filter(with).collect();
            let samples: Vec<Vec<usize>> = shown.iter().map(|n| path(&nodes, *n)).collect();
            let weights: Vec<u64> = shown.iter().map(|n| whole[*n][v]).collect();
            profiles.push(json!({
                "type": "sampled",
                "name": format!("{}: {}", thread.name, profile.values[v].name),
                "unit": "none",
                "startValue": 0,
                "endValue": weights.iter().sum::<u64>(),
                "samples": samples,
                "weights": weights,
            }));
        }
    }
    let frames: Vec<Value> = functions
        .all
        .iter()
        .map(|f| {
            let mut frame = Map::from_iter([("name".to_string(), f.name.clone().into())]);
            let module = f.module.map(|m| profile.modules[m].path.as_str());
            let file = if f.file.is_empty() {
                module.unwrap_or_default()
            } else {
                &f.file
            };
            if !file.is_empty() {
                frame.insert("file".into(), file.into());
            }
            frame.into()
        })
        .collect();
    let all = json!({
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": format!("perfvec {}", env!("CARGO_PKG_VERSION")),
        "name": profile.program,
        "activeProfileIndex": 0,
        "shared": {"frames": frames},
        "profiles": profiles,
    });
    serde_json::to_vec(&all)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("speedscope: {e}")))
}
