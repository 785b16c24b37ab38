//! SimPoint's files of points: `.simpts` has "interval cluster" on each line, `.weights` "weight
//! cluster". SimPoint 3.2 writes them, gem5's standard library and Spike's users read them.

use super::cluster::Point;
use perfvec::{file, Error, ErrorKind, Result};
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

/// Writes both. gem5 puts the lines of the two side by side, so their order is the same.
pub fn write(points: &[Point], simpts: &Path, weights: &Path) -> Result<()> {
    let (mut first, mut second) = (String::new(), String::new());
    for (cluster, point) in points.iter().enumerate() {
        let _ = writeln!(first, "{} {cluster}", point.interval);
        let _ = writeln!(second, "{} {cluster}", point.weight);
    }
    for (path, text) in [(simpts, first), (weights, second)] {
        file::write_atomic(path, text.as_bytes()).map_err(|e| e.context(path.display()))?;
    }
    Ok(())
}

/// Lines of "number cluster".
fn lines(path: &Path) -> Result<Vec<(f64, String, usize)>> {
    perfvec::file::check_regular(path).map_err(|e| e.context(path.display()))?;
    let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, &e))?;
    let mut all = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = words.first().and_then(|w| w.parse::<f64>().ok());
        match (number, &words[..]) {
            (_, []) => {}
            (Some(x), [_, cluster]) if x.is_finite() && x >= 0.0 => {
                all.push((x, cluster.to_string(), n + 1));
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    format!(
                        "{}: line {}: {line:?} is not a number and a cluster; give a file of SimPoint (.simpts or .weights)",
                        path.display(),
                        n + 1
                    ),
                ))
            }
        }
    }
    Ok(all)
}

/// Reads both, in stream order. `intervals` is how many the program has (kind `Mismatch` for a
/// point outside them).
pub fn read(simpts: &Path, weights: &Path, intervals: usize) -> Result<Vec<Point>> {
    let bad =
        |kind, path: &Path, what: String| Error::new(kind, format!("{}: {what}", path.display()));
    let mut by_cluster: HashMap<String, f64> = HashMap::new();
    for (weight, cluster, _) in lines(weights)? {
        by_cluster.insert(cluster, weight);
    }
    let mut points = Vec::new();
    for (interval, cluster, line) in lines(simpts)? {
        if interval.fract() != 0.0 {
            let what = format!(
                "line {line}: interval {interval} is not a whole number; give a file of SimPoint"
            );
            return Err(bad(ErrorKind::Corrupt, simpts, what));
        }
        if interval >= intervals as f64 {
            let what = format!(
                "line {line}: interval {interval}, but the program has only {intervals} of this length; the points are of another program, or another --interval"
            );
            return Err(bad(ErrorKind::Mismatch, simpts, what));
        }
        let Some(weight) = by_cluster.remove(&cluster) else {
            let what = format!(
                "no weight for cluster {cluster} of {} (line {line}); the two files are not of one run",
                simpts.display()
            );
            return Err(bad(ErrorKind::Mismatch, weights, what));
        };
        points.push(Point {
            interval: interval as usize,
            weight,
        });
    }
    if points.is_empty() {
        return Err(bad(ErrorKind::Corrupt, simpts, "no points".into()));
    }
    if let Some(cluster) = by_cluster.keys().next() {
        let what = format!(
            "cluster {cluster} has no point in {}; the two files are not of one run",
            simpts.display()
        );
        return Err(bad(ErrorKind::Mismatch, weights, what));
    }
    let sum: f64 = points.iter().map(|p| p.weight).sum();
    // SimPoint rounds, and may leave small clusters out (-coveragePct).
    if !(0.5..=1.01).contains(&sum) {
        let what = format!("the weights add up to {sum}, not to 1");
        return Err(bad(ErrorKind::Corrupt, weights, what));
    }
    if (sum - 1.0).abs() > 1e-9 {
        points.iter_mut().for_each(|p| p.weight /= sum);
    }
    points.sort_by_key(|p| p.interval);
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_as_they_were_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let points = [(3, 0.25), (8, 0.75)].map(|(interval, weight)| Point { interval, weight });
        let (simpts, weights) = (path("p.simpts"), path("p.weights"));
        write(&points, &simpts, &weights).unwrap();
        assert_eq!(read(&simpts, &weights, 9).unwrap(), points);
        // SimPoint's order is its own, and its weights are rounded.
        std::fs::write(&simpts, "8 1\n3 0\n").unwrap();
        std::fs::write(&weights, "0.2501 0\n0.75 1\n").unwrap();
        let read_back = read(&simpts, &weights, 9).unwrap();
        assert_eq!(read_back.len(), 2);
        assert!((read_back[0].weight - 0.2501 / 1.0001).abs() < 1e-12);
    }

    #[test]
    fn files_of_other_programs_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (simpts, weights) = (dir.path().join("s"), dir.path().join("w"));
        for (points, shares, says) in [
            (
                "9 0\n",
                "1 0\n",
                "line 1: interval 9, but the program has only 9",
            ),
            ("1 0\n", "1 5\n", "no weight for cluster 0"),
            ("1 0\n", "0.5 0\n0.5 1\n", "cluster 1 has no point"),
            ("1 0\n", "0.2 0\n", "add up to 0.2"),
            (
                "1\n",
                "1 0\n",
                "line 1: \"1\" is not a number and a cluster",
            ),
            ("x 0\n", "1 0\n", "line 1"),
            ("", "", "no points"),
        ] {
            std::fs::write(&simpts, points).unwrap();
            std::fs::write(&weights, shares).unwrap();
            let e = read(&simpts, &weights, 9).unwrap_err().to_string();
            assert!(e.contains(says), "{e}");
        }
    }
}
