//! From points back to the whole program: by weights, and with the estimate of every interval as
//! control variate.

use super::cluster::Point;
use perfvec::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::path::Path;

/// The estimates of every interval.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Retirements of each interval.
    pub retirements: Vec<u64>,
    /// For each interval, its CPI on every core.
    pub cpi: Vec<Vec<f64>>,
}

impl Series {
    /// Retirements of all.
    pub fn total(&self) -> u64 {
        self.retirements.iter().sum()
    }

    /// Cycles of the whole on core `k`.
    pub fn cycles(&self, k: usize) -> f64 {
        let all = self.retirements.iter().zip(&self.cpi);
        all.map(|(n, cpi)| *n as f64 * cpi[k]).sum()
    }

    /// The same from `points` alone.
    pub fn weighted(&self, points: &[Point], k: usize) -> f64 {
        let cpi: f64 = points
            .iter()
            .map(|p| p.weight * self.cpi[p.interval][k])
            .sum();
        cpi * self.total() as f64
    }
}

/// What detailed simulation of the points says of the whole program.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Whole {
    /// Cycles by the points' weights.
    pub plain: f64,
    /// The estimate of every interval, corrected by the mean difference between what was simulated
    /// and what was estimated of the points.
    pub corrected: f64,
    /// Half width of the 95% interval of `corrected`, in cycles; infinite for a single point.
    pub half_width: f64,
}

/// The whole from `measured`, the CPI of each point in order, on core `k`.
pub fn whole(series: &Series, points: &[Point], measured: &[f64], k: usize) -> Whole {
    let n = series.total() as f64;
    let pairs = || points.iter().zip(measured);
    let plain: f64 = pairs().map(|(p, m)| p.weight * m).sum();
    let rest = |p: &Point, m: f64| m - series.cpi[p.interval][k];
    let mean: f64 = pairs().map(|(p, m)| p.weight * rest(p, *m)).sum();
    let squares: f64 = points.iter().map(|p| p.weight * p.weight).sum();
    // Points with more weight say more; as many points of equal weight would say as much as these.
    let spread: f64 = pairs()
        .map(|(p, m)| p.weight * (rest(p, *m) - mean).powi(2))
        .sum();
    let half_width = if points.len() > 1 {
        let error = (spread / (1.0 - squares) * squares).sqrt();
        student(1.0 / squares - 1.0) * error * n
    } else {
        f64::INFINITY
    };
    Whole {
        plain: plain * n,
        corrected: series.cycles(k) + mean * n,
        half_width,
    }
}

/// Student's quantile of a two-sided 95% interval, for any number of degrees of freedom: between
/// whole numbers of the table, a straight line in their reciprocals.
fn student(degrees: f64) -> f64 {
    const TABLE: [(f64, f64); 10] = [
        (1.0, 12.706),
        (2.0, 4.303),
        (3.0, 3.182),
        (4.0, 2.776),
        (5.0, 2.571),
        (7.0, 2.365),
        (10.0, 2.228),
        (15.0, 2.131),
        (30.0, 2.042),
        (120.0, 1.980),
    ];
    if degrees <= 1.0 {
        return TABLE[0].1;
    }
    let behind = TABLE.iter().position(|(d, _)| *d > degrees);
    let (low, high) = match behind {
        Some(n) => (TABLE[n - 1], TABLE[n]),
        None => return TABLE[9].1,
    };
    let at = (1.0 / low.0 - 1.0 / degrees) / (1.0 / low.0 - 1.0 / high.0);
    low.1 + at * (high.1 - low.1)
}

/// Reads what a detailed simulator measured: a line "interval,cycles,retirements" per point, after
/// a heading of these words. The CPI of each of `points`, in their order; `sizes` are all intervals' retirements.
pub fn read_cycles(path: &Path, points: &[Point], sizes: &[u64]) -> Result<Vec<f64>> {
    perfvec::file::check_regular(path).map_err(|e| e.context(path.display()))?;
    let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, &e))?;
    let mut found: HashMap<usize, f64> = HashMap::new();
    for (n, line) in text.lines().enumerate() {
        let bad = |kind, what: String| {
            Err(Error::new(
                kind,
                format!("{}: line {}: {what}", path.display(), n + 1),
            ))
        };
        // Files that were put together have a heading each.
        if line.trim().is_empty() || line.trim() == "interval,cycles,retirements" {
            continue;
        }
        let words: Vec<&str> = line.split(',').map(str::trim).collect();
        let numbers = match words[..] {
            [a, b, c] => (a.parse::<usize>(), b.parse::<f64>(), c.parse::<u64>()),
            _ => {
                let what = "not \"interval,cycles,retirements\"".into();
                return bad(ErrorKind::Corrupt, what);
            }
        };
        let (Ok(at), Ok(cycles), Ok(retired)) = numbers else {
            let what = format!("{line:?} is not three numbers: interval,cycles,retirements");
            return bad(ErrorKind::Corrupt, what);
        };
        if !points.iter().any(|p| p.interval == at) {
            let what = format!(
                "interval {at} is not one of the points; measure the points of this choice"
            );
            return bad(ErrorKind::Mismatch, what);
        }
        let interval = sizes[at];
        // Cores commit several at once, so pieces overshoot a little.
        if retired.abs_diff(interval) > interval / 100 + 64
            || retired == 0
            || cycles.is_nan()
            || cycles <= 0.0
        {
            let what = format!(
                "{cycles} cycles for {retired} retirements, but the interval has {interval}"
            );
            return bad(ErrorKind::Mismatch, what);
        }
        if found.insert(at, cycles / retired as f64).is_some() {
            return bad(ErrorKind::Corrupt, format!("interval {at} is there twice"));
        }
    }
    let cpi = |p: &Point| {
        found.get(&p.interval).copied().ok_or_else(|| {
            Error::new(
                ErrorKind::Mismatch,
                format!(
                    "{}: no line for interval {}, which is one of the points",
                    path.display(),
                    p.interval
                ),
            )
        })
    };
    points.iter().map(cpi).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series() -> Series {
        Series {
            retirements: vec![100; 10],
            cpi: (0..10).map(|i| vec![1.0 + f64::from(i)]).collect(),
        }
    }

    fn points(all: &[(usize, f64)]) -> Vec<Point> {
        let point = |&(interval, weight)| Point { interval, weight };
        all.iter().map(point).collect()
    }

    #[test]
    fn a_constant_difference_is_found_whatever_the_points() {
        let (series, points) = (series(), points(&[(0, 0.5), (1, 0.3), (4, 0.2)]));
        assert_eq!(series.cycles(0), 5500.0);
        // The estimate is 0.25 too low everywhere.
        let measured: Vec<f64> = points
            .iter()
            .map(|p| series.cpi[p.interval][0] + 0.25)
            .collect();
        let whole = whole(&series, &points, &measured, 0);
        assert!((whole.corrected - 5750.0).abs() < 1e-9);
        assert!(whole.half_width < 1e-9);
        // The weights alone take these points for the program.
        assert!((whole.plain - 1000.0 * (0.5 + 0.6 + 1.0 + 0.25)).abs() < 1e-9);
    }

    #[test]
    fn equal_weights_give_the_interval_of_the_mean() {
        let (series, points) = (
            series(),
            points(&[(2, 0.25), (4, 0.25), (6, 0.25), (8, 0.25)]),
        );
        let rest = [0.1, -0.1, 0.3, 0.1];
        let measured: Vec<f64> = points
            .iter()
            .zip(rest)
            .map(|(p, r)| series.cpi[p.interval][0] + r)
            .collect();
        let whole = whole(&series, &points, &measured, 0);
        // Mean 0.1, sample variance 0.08 / 3, three degrees of freedom.
        assert!((whole.corrected - 5600.0).abs() < 1e-9);
        let want = 3.182 * (0.08f64 / 3.0 / 4.0).sqrt() * 1000.0;
        assert!(
            (whole.half_width / want - 1.0).abs() < 1e-9,
            "{whole:?} {want}"
        );
        let single = super::whole(&series, &points[..1], &measured[..1], 0);
        assert!(single.half_width.is_infinite());
    }

    #[test]
    fn quantiles_fall_with_the_degrees_of_freedom() {
        assert_eq!(
            (student(1.0), student(3.0), student(1e9)),
            (12.706, 3.182, 1.980)
        );
        // 20 degrees have 2.086.
        assert!((student(20.0) - 2.086).abs() < 0.002, "{}", student(20.0));
        assert!(student(2.5) < student(2.0) && student(2.5) > student(3.0));
    }

    #[test]
    fn cycles_that_do_not_match_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cycles.csv");
        let points = points(&[(2, 0.5), (4, 0.25), (5, 0.25)]);
        // The last interval is short.
        let sizes = [1000, 1000, 1000, 1000, 1000, 70];
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_cycles(&path, &points, &sizes)
        };
        let heading = "interval,cycles,retirements\n";
        let good = format!("{heading}4,3000,1000\n2,1004,1004\n{heading}5,140,70\n");
        assert_eq!(read(&good).unwrap(), [1.0, 3.0, 2.0]);
        for (text, says) in [
            ("2,1000,1000\n", "no line for interval 4"),
            (
                "2,1000,1000\n3,1,1000\n",
                "line 2: interval 3 is not one of the points",
            ),
            ("2,1000,500\n", "the interval has 1000"),
            ("2,0,1000\n", "0 cycles"),
            ("2,1000\n", "line 1: not \"interval,cycles,retirements\""),
            ("2,x,1\n", "not three numbers"),
            ("2,1000,1000\n2,1000,1000\n", "is there twice"),
        ] {
            let e = read(text).unwrap_err().to_string();
            assert!(e.contains(says), "{e}");
        }
    }
}
