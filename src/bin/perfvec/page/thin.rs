//! Series short enough for a page: no screen shows a million intervals.

use serde_json::{json, Value};

/// Intervals of a series at the most.
const POINTS: usize = 400;

/// Threads whose series a page holds at the most: those with the most instructions.
const SERIES: usize = 8;

/// What was left out.
pub struct Thinned {
    /// Intervals that became one, at the most.
    pub merged: usize,
    /// Threads whose series was dropped.
    pub dropped: usize,
}

/// Shortens all series of a result.
pub fn result(result: &mut Value) -> Thinned {
    let mut thinned = Thinned {
        merged: 1,
        dropped: 0,
    };
    thinned.merged = series(&mut result["intervals"], POINTS);
    let Some(threads) = result.get_mut("threads").and_then(Value::as_array_mut) else {
        return thinned;
    };
    let mut with: Vec<&mut Value> = threads
        .iter_mut()
        .filter(|t| t["intervals"].as_array().is_some_and(|i| !i.is_empty()))
        .collect();
    with.sort_by_key(|t| std::cmp::Reverse(t["retired"].as_u64()));
    for (n, thread) in with.into_iter().enumerate() {
        if n < SERIES {
            thinned.merged = thinned.merged.max(series(&mut thread["intervals"], POINTS));
        } else {
            thread["intervals"] = json!([]);
            thinned.dropped += 1;
        }
    }
    thinned
}

/// Makes of a choice's `retirements` and `cpi` of every interval a short series, `intervals`; every
/// point keeps its own. Answers how many intervals became one, at the most.
pub fn points(found: &mut Value) -> usize {
    let take = |found: &mut Value, key: &str| match found[key].take() {
        Value::Array(all) => all,
        _ => Vec::new(),
    };
    let (retirements, cpi) = (take(found, "retirements"), take(found, "cpi"));
    for choice in found["choices"].as_array_mut().into_iter().flatten() {
        for point in choice["points"].as_array_mut().into_iter().flatten() {
            let at = point["interval"].as_u64().unwrap_or(0) as usize;
            point["retirements"] = retirements.get(at).cloned().unwrap_or_default();
            point["cpi"] = cpi.get(at).cloned().unwrap_or_default();
        }
    }
    let mut first = 0;
    let intervals = retirements.into_iter().zip(cpi).enumerate();
    let mut intervals: Value = intervals
        .map(|(index, (n, cpi))| {
            let at = first;
            first += n.as_u64().unwrap_or(0);
            json!({"index": index, "first": at, "retirements": n, "cpi": cpi})
        })
        .collect();
    let merged = series(&mut intervals, POINTS);
    found["intervals"] = intervals;
    merged
}

/// Makes one interval of so many neighbours that `most` are left; answers how many.
fn series(intervals: &mut Value, most: usize) -> usize {
    let Some(all) = intervals.as_array() else {
        return 1;
    };
    let each = all.len().div_ceil(most).max(1);
    if each > 1 {
        *intervals = all.chunks(each).map(merged).collect();
    }
    each
}

/// Neighbours as one interval: the mean CPI by instructions, the sums of the causes.
fn merged(all: &[Value]) -> Value {
    let number = |i: &Value, key: &str| i[key].as_u64().unwrap_or(0);
    let sum = |key: &str| -> u64 { all.iter().map(|i| number(i, key)).sum() };
    let total = sum("retirements").max(1) as f64;
    let cores = all[0]["cpi"].as_array().map_or(0, Vec::len);
    let cpi = (0..cores).map(|k| -> f64 {
        let cycles = all
            .iter()
            .map(|i| i["cpi"][k].as_f64().unwrap_or(0.0) * number(i, "retirements") as f64);
        cycles.sum::<f64>() / total
    });
    let mut out = json!({
        "index": all[0]["index"], "first": all[0]["first"],
        "retirements": sum("retirements"), "measured": sum("measured"),
        "cpi": cpi.collect::<Vec<f64>>(),
    });
    if let Some(first) = all[0]["stacks"].as_array() {
        let part = |k: usize, p: usize| -> f64 {
            let parts = all.iter().map(|i| i["stacks"][k][p].as_f64());
            parts.map(|x| x.unwrap_or(0.0)).sum()
        };
        let stacks = first.iter().enumerate().map(|(k, stack)| {
            let parts = stack.as_array().map_or(0, Vec::len);
            (0..parts).map(|p| part(k, p)).collect::<Vec<f64>>()
        });
        out["stacks"] = json!(stacks.collect::<Vec<_>>());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intervals(n: u64) -> Value {
        (0..n)
            .map(|i| {
                let retirements = if i + 1 == n { 50 } else { 100 };
                json!({
                    "index": i, "first": i * 100, "retirements": retirements,
                    "measured": retirements, "cpi": [1.0 + i as f64, 2.0],
                    "stacks": [[i, 1], [0, 2]],
                })
            })
            .collect()
    }

    #[test]
    fn a_long_series_keeps_its_sums() {
        let mut short = intervals(7);
        assert_eq!(series(&mut short, 7), 1);
        assert_eq!(short, intervals(7));
        assert_eq!(series(&mut short, 3), 3);
        let all = short.as_array().unwrap();
        assert_eq!(all.len(), 3);
        let cycles = |all: &[Value]| -> f64 {
            let one = |i: &Value| {
                i["cpi"][0].as_f64().unwrap() * i["retirements"].as_u64().unwrap() as f64
            };
            all.iter().map(one).sum()
        };
        assert_eq!(cycles(all), cycles(intervals(7).as_array().unwrap()));
        assert_eq!(
            (&all[1]["first"], &all[2]["retirements"]),
            (&json!(300), &json!(50))
        );
        assert_eq!(all[0]["stacks"], json!([[3.0, 3.0], [0.0, 6.0]]));
        assert_eq!(series(&mut Value::Null, 3), 1);
    }

    #[test]
    fn points_keep_their_own_where_intervals_are_merged() {
        let n = POINTS + 1;
        let mut found = json!({
            "retirements": vec![10; n],
            "cpi": (0..n).map(|i| vec![i as f64, 1.0]).collect::<Vec<_>>(),
            "choices": [{"points": [{"interval": 7, "weight": 0.5}, {"interval": 400, "weight": 0.5}]}],
        });
        assert_eq!(points(&mut found), 2);
        let all = found["intervals"].as_array().unwrap();
        assert_eq!(all.len(), n.div_ceil(2));
        assert_eq!(
            (&all[1]["first"], &all[1]["cpi"][0]),
            (&json!(20), &json!(2.5))
        );
        let kept = &found["choices"][0]["points"];
        assert_eq!(kept[1]["cpi"], json!([400.0, 1.0]));
        assert_eq!(kept[0]["retirements"], 10);
        assert!(found["cpi"].is_null());
    }

    #[test]
    fn series_of_the_longest_threads_are_kept() {
        let threads: Vec<Value> = (0..SERIES as u64 + 2)
            .map(|n| json!({"retired": n, "intervals": intervals(2)}))
            .collect();
        let mut report = json!({"intervals": [], "threads": threads});
        let thinned = result(&mut report);
        assert_eq!((thinned.merged, thinned.dropped), (1, 2));
        let kept = |n: usize| report["threads"][n]["intervals"].as_array().unwrap().len();
        assert_eq!((kept(0), kept(1), kept(2), kept(SERIES + 1)), (0, 0, 2, 2));
    }
}
