//! Choosing intervals that stand for all: k-means, and the number of clusters by the Bayesian
//! information criterion, as SimPoint 3.2 does (Sherwood et al. 2002; Pelleg, Moore 2000); and
//! systematic sampling, as SMARTS does (Wunderlich et al. 2003).

/// A cluster's representative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Its interval.
    pub interval: usize,
    /// The share of the program's instructions that it stands for.
    pub weight: f64,
}

/// Random starts for each number of clusters.
const STARTS: u64 = 5;

/// How to cluster.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Most clusters to try.
    pub max: usize,
    /// The smallest number of clusters is taken whose score is this far from the lowest to the
    /// highest.
    pub threshold: f64,
    /// Of the random starts.
    pub seed: u64,
}

const ROUNDS: usize = 100;

struct Clustering {
    centers: Vec<Vec<f64>>,
    of: Vec<usize>,
    /// Sum of the squared distances to the centers.
    spread: f64,
}

/// Representatives of `points`, intervals of `sizes` instructions, in stream order.
pub fn choose(points: &[Vec<f64>], sizes: &[u64], settings: &Settings) -> Vec<Point> {
    let most = settings.max.min(points.len()).max(1);
    let all: Vec<Clustering> = (1..=most).map(|k| best(points, k, settings)).collect();
    let scores: Vec<f64> = all.iter().map(|c| score(points, c)).collect();
    let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let enough = low + settings.threshold * (high - low);
    let chosen = scores.iter().position(|s| *s >= enough).unwrap_or(most - 1);
    representatives(points, sizes, &all[chosen])
}

/// `count` intervals at equal distances, the first at random, of equal weight: systematic sampling.
/// The short last interval is none of them unless it is the only one.
pub fn systematic(sizes: &[u64], count: usize, seed: u64) -> Vec<Point> {
    let whole = sizes.iter().copied().max().unwrap_or(0);
    let full = sizes.iter().filter(|n| **n == whole).count();
    let count = count.clamp(1, full.max(1));
    let offset = Random(seed).next();
    let place = |j: usize| ((j as f64 + offset) * full as f64 / count as f64) as usize;
    (0..count)
        .map(|j| Point {
            interval: place(j),
            weight: 1.0 / count as f64,
        })
        .collect()
}

fn representatives(points: &[Vec<f64>], sizes: &[u64], c: &Clustering) -> Vec<Point> {
    let total: u64 = sizes.iter().sum();
    let whole = sizes.iter().copied().max().unwrap_or(0);
    let mut out = Vec::new();
    for (k, center) in c.centers.iter().enumerate() {
        let members = || (0..points.len()).filter(move |i| c.of[*i] == k);
        let weight: u64 = members().map(|i| sizes[i]).sum();
        let nearest = |whole_only: bool| {
            members()
                .filter(|i| !whole_only || sizes[*i] == whole)
                .min_by(|a, b| {
                    distance(&points[*a], center).total_cmp(&distance(&points[*b], center))
                })
        };
        // The short last interval stands for others only where there is nothing else.
        if let Some(interval) = nearest(true).or_else(|| nearest(false)) {
            let weight = weight as f64 / total as f64;
            out.push(Point { interval, weight });
        }
    }
    out.sort_by_key(|p| p.interval);
    out
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

fn best(points: &[Vec<f64>], k: usize, settings: &Settings) -> Clustering {
    let start = |n: u64| {
        let mut random = Random(settings.seed ^ ((k as u64) << 32) ^ n);
        lloyd(points, starts(points, k, &mut random))
    };
    let mut best = start(0);
    for n in 1..STARTS {
        let other = start(n);
        if other.spread < best.spread {
            best = other;
        }
    }
    best
}

/// The first centers: each with a probability that grows with the squared distance to those before
/// it (k-means++).
fn starts(points: &[Vec<f64>], k: usize, random: &mut Random) -> Vec<Vec<f64>> {
    let first = (random.next() * points.len() as f64) as usize;
    let mut centers = vec![points[first.min(points.len() - 1)].clone()];
    let mut far: Vec<f64> = points.iter().map(|p| distance(p, &centers[0])).collect();
    while centers.len() < k {
        let mut left = random.next() * far.iter().sum::<f64>();
        let hit = far.iter().position(|d| {
            left -= d;
            left < 0.0
        });
        let Some(hit) = hit else {
            break; // every point is a center already
        };
        centers.push(points[hit].clone());
        for (d, p) in far.iter_mut().zip(points) {
            *d = d.min(distance(p, &points[hit]));
        }
    }
    centers
}

fn lloyd(points: &[Vec<f64>], mut centers: Vec<Vec<f64>>) -> Clustering {
    let mut of = vec![usize::MAX; points.len()];
    let mut spread = 0.0;
    for _ in 0..ROUNDS {
        let mut moved = false;
        spread = 0.0;
        for (p, slot) in points.iter().zip(&mut of) {
            let mut nearest = (f64::INFINITY, 0);
            for (k, center) in centers.iter().enumerate() {
                let d = distance(p, center);
                if d < nearest.0 {
                    nearest = (d, k);
                }
            }
            spread += nearest.0;
            moved |= *slot != nearest.1;
            *slot = nearest.1;
        }
        if !moved {
            break;
        }
        let mut counts = vec![0usize; centers.len()];
        let mut sums = vec![vec![0.0; points[0].len()]; centers.len()];
        for (p, k) in points.iter().zip(&of) {
            counts[*k] += 1;
            sums[*k].iter_mut().zip(p).for_each(|(s, x)| *s += x);
        }
        for ((center, sum), n) in centers.iter_mut().zip(sums).zip(counts) {
            // A center that lost its points stays; it may get others.
            if n > 0 {
                *center = sum.into_iter().map(|s| s / n as f64).collect();
            }
        }
    }
    Clustering {
        centers,
        of,
        spread,
    }
}

/// The Bayesian information criterion of spherical clusters of one variance; more is better.
fn score(points: &[Vec<f64>], c: &Clustering) -> f64 {
    let (n, d, k) = (
        points.len() as f64,
        points[0].len() as f64,
        c.centers.len() as f64,
    );
    // Equal points have none: what rounding leaves of the distance must not decide.
    let scale: f64 = points.iter().flatten().map(|x| x * x).sum::<f64>() / n;
    let variance = (c.spread / (n - k).max(1.0)).max(1e-12 * scale).max(1e-300);
    let mut counts = vec![0.0f64; c.centers.len()];
    c.of.iter().for_each(|k| counts[*k] += 1.0);
    let likelihood: f64 = counts
        .iter()
        .filter(|r| **r > 0.0)
        .map(|r| {
            r * r.ln()
                - r * n.ln()
                - r / 2.0 * (2.0 * std::f64::consts::PI).ln()
                - r * d / 2.0 * variance.ln()
                - (r - 1.0) / 2.0
        })
        .sum();
    likelihood - (k - 1.0 + d * k + 1.0) / 2.0 * n.ln()
}

/// SplitMix64: as good as k-means asks for, and the same everywhere.
struct Random(u64);

impl Random {
    /// Even in 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        max: 10,
        threshold: 0.9,
        seed: 1,
    };

    /// Points around `centers`, in turn, so many of each.
    fn around(centers: &[[f64; 3]], each: usize, width: f64) -> Vec<Vec<f64>> {
        let mut random = Random(7);
        let mut all = Vec::new();
        for _ in 0..each {
            for c in centers {
                all.push(
                    c.iter()
                        .map(|x| x + width * (random.next() - 0.5))
                        .collect(),
                );
            }
        }
        all
    }

    #[test]
    fn systematic_points_lie_evenly_and_everywhere_in_turn() {
        let mut sizes = vec![1000; 100];
        sizes.push(7);
        let mut seen = [0; 101];
        for seed in 0..400 {
            let points = systematic(&sizes, 8, seed);
            assert_eq!(points.len(), 8);
            let gaps = points.windows(2).map(|p| p[1].interval - p[0].interval);
            assert!(gaps.into_iter().all(|gap| (12..=13).contains(&gap)));
            points.iter().for_each(|p| seen[p.interval] += 1);
            assert!((points.iter().map(|p| p.weight).sum::<f64>() - 1.0).abs() < 1e-12);
        }
        // Each interval with the same chance: 32 times of 400.
        assert!(seen[..100].iter().all(|n| (10..64).contains(n)), "{seen:?}");
        assert_eq!(seen[100], 0);
        assert_eq!(systematic(&[1000; 3], 30, 1).len(), 3);
        assert_eq!(systematic(&[7], 30, 1)[0].interval, 0);
    }

    #[test]
    fn clusters_that_are_there_are_found() {
        let centers = [
            [0.0, 0.0, 1.0],
            [0.0, 5.0, 0.0],
            [9.0, 0.0, 0.0],
            [4.0, 4.0, 4.0],
        ];
        let points = around(&centers, 30, 0.5);
        let mut sizes = vec![1000; points.len()];
        sizes[119] = 10;
        let chosen = choose(&points, &sizes, &SETTINGS);
        assert_eq!(chosen.len(), 4, "{chosen:?}");
        let mut kinds: Vec<usize> = chosen.iter().map(|p| p.interval % 4).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, [0, 1, 2, 3]);
        let total: f64 = chosen.iter().map(|p| p.weight).sum();
        assert!((total - 1.0).abs() < 1e-12);
        let short = chosen.iter().find(|p| p.interval % 4 == 3).unwrap();
        assert!(short.interval != 119 && (short.weight - 29_010.0 / 119_010.0).abs() < 1e-12);
        assert!(chosen.is_sorted_by_key(|p| p.interval));
    }

    #[test]
    fn one_phase_needs_one_point() {
        let points = vec![vec![0.3; 3]; 50];
        let chosen = choose(&points, &[100; 50], &SETTINGS);
        assert_eq!((chosen.len(), chosen[0].weight), (1, 1.0));
        let single = choose(&points[..1], &[7], &SETTINGS);
        assert_eq!(
            single,
            [Point {
                interval: 0,
                weight: 1.0
            }]
        );
    }

    #[test]
    fn lloyd_ends_where_every_point_is_at_its_nearest_center() {
        let points = around(&[[0.0; 3], [1.0; 3]], 40, 3.0);
        let c = best(&points, 6, &SETTINGS);
        let mut spread = 0.0;
        for (p, k) in points.iter().zip(&c.of) {
            let nearest = c
                .centers
                .iter()
                .map(|m| distance(p, m))
                .fold(f64::MAX, f64::min);
            assert_eq!(distance(p, &c.centers[*k]), nearest);
            spread += nearest;
        }
        assert!((spread - c.spread).abs() <= 1e-9 * spread);
        let single = best(&points, 1, &SETTINGS);
        assert!(c.spread < single.spread);
    }
}
