//! Whose merit a difference is: Shapley values of the parameters in which two cores differ.
//!
//! A parameter's value is the mean of what changing it adds, over all orders in which the parameters
//! can be changed one after the other; together they are the whole difference (Shapley 1953).

use perfvec::twin::parameters::CoreParameters;
use perfvec::Result;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Most changes of which every combination is priced.
pub const EXACT: usize = 8;
/// Orders that are drawn where there are more; each is taken backwards, too.
const ORDERS: usize = 32;

/// Parameters that change together.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Their names.
    pub names: Vec<String>,
    values: Map<String, Value>,
}

/// The changes that lead from one core to another.
pub fn changes(from: &CoreParameters, to: &CoreParameters) -> Vec<Change> {
    let (before, after) = (from.to_map(), to.to_map());
    let mut changes: Vec<Change> = Vec::new();
    for (name, value) in after {
        if before.get(&name) == Some(&value) {
            continue;
        }
        // The number of sets of a cache must stay a power of two.
        let cache = |name: &str| {
            let level = name.strip_suffix("_kib").or(name.strip_suffix("_assoc"));
            level.map(str::to_owned)
        };
        let level = cache(&name);
        let same = changes
            .iter_mut()
            .find(|c| level.is_some() && c.names.iter().any(|n| cache(n) == level));
        match same {
            Some(change) => {
                change.names.push(name.clone());
                change.values.insert(name, value);
            }
            None => changes.push(Change {
                names: vec![name.clone()],
                values: [(name, value)].into_iter().collect(),
            }),
        }
    }
    changes
}

/// Which combinations of `count` changes must be priced, as bits, and the orders that lead through
/// them.
pub struct Plan {
    orders: Option<Vec<Vec<usize>>>,
    count: usize,
}

impl Plan {
    /// For so many changes: all combinations, or drawn orders with `seed`.
    pub fn new(count: usize, seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let orders = (count > EXACT).then(|| {
            let mut orders = Vec::new();
            for _ in 0..ORDERS {
                let mut order: Vec<usize> = (0..count).collect();
                rng.shuffle(&mut order);
                orders.push(order.iter().rev().copied().collect());
                orders.push(order);
            }
            orders
        });
        Self { orders, count }
    }

    /// Orders that were drawn; `None` where all combinations count.
    pub fn drawn(&self) -> Option<usize> {
        self.orders.as_ref().map(Vec::len)
    }

    /// The combinations to price.
    pub fn combinations(&self) -> BTreeSet<u128> {
        let Some(orders) = &self.orders else {
            return (0..1 << self.count).collect();
        };
        let mut all = BTreeSet::from([0]);
        for order in orders {
            let mut set = 0;
            for i in order {
                set |= 1 << i;
                all.insert(set);
            }
        }
        all
    }

    /// The values of the changes, where `worth` says what a combination is worth.
    pub fn values(&self, worth: impl Fn(u128) -> f64) -> Vec<f64> {
        let mut values = vec![0.0; self.count];
        match &self.orders {
            Some(orders) => {
                for order in orders {
                    let mut set = 0;
                    for i in order {
                        let next = set | 1 << i;
                        values[*i] += (worth(next) - worth(set)) / orders.len() as f64;
                        set = next;
                    }
                }
            }
            None => {
                // The share of orders in which `size` given others come before.
                let n = self.count;
                let share = |size: u32| {
                    let before: f64 = (1..=size).map(f64::from).product();
                    let after: f64 = (1..=n as u32 - 1 - size).map(f64::from).product();
                    before * after / (1..=n as u32).map(f64::from).product::<f64>()
                };
                for (i, value) in values.iter_mut().enumerate() {
                    for set in (0u128..1 << n).filter(|set| set >> i & 1 == 0) {
                        *value += share(set.count_ones()) * (worth(set | 1 << i) - worth(set));
                    }
                }
            }
        }
        values
    }
}

/// `from` with the changes whose bits are set.
pub fn changed(from: &CoreParameters, changes: &[Change], set: u128) -> Result<CoreParameters> {
    let mut map = Map::new();
    for (i, change) in changes.iter().enumerate() {
        if set >> i & 1 == 1 {
            map.extend(change.values.clone());
        }
    }
    CoreParameters::from_map("design", from, &map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use perfvec::twin::cores::find;
    use proptest::prelude::*;

    #[test]
    fn sizes_and_ways_of_a_cache_change_together() {
        let from = find("boom-small-like").unwrap().parameters.clone();
        let to = find("skylake-like").unwrap().parameters.clone();
        let changes = changes(&from, &to);
        let l2: Vec<&Change> = changes
            .iter()
            .filter(|c| c.names[0].starts_with("l2_"))
            .collect();
        assert!(
            l2.iter().any(|c| c.names == ["l2_assoc", "l2_kib"]),
            "{l2:?}"
        );
        assert!(changes.iter().any(|c| c.names == ["rob"]));
        assert!(changes.len() > EXACT);
        for set in Plan::new(changes.len(), 1).combinations() {
            changed(&from, &changes, set).unwrap();
        }
        let all = (1 << changes.len()) - 1;
        assert_eq!(changed(&from, &changes, all).unwrap().to_map(), to.to_map());
        assert_eq!(changed(&from, &changes, 0).unwrap(), from);
    }

    /// Mean over all orders, by the definition.
    fn naive(count: usize, worth: &dyn Fn(u128) -> f64) -> Vec<f64> {
        fn orders(rest: Vec<usize>) -> Vec<Vec<usize>> {
            if rest.is_empty() {
                return vec![Vec::new()];
            }
            let mut all = Vec::new();
            for (k, i) in rest.iter().enumerate() {
                let mut others = rest.clone();
                others.remove(k);
                for mut order in orders(others) {
                    order.insert(0, *i);
                    all.push(order);
                }
            }
            all
        }
        let all = orders((0..count).collect());
        let mut values = vec![0.0; count];
        for order in &all {
            let mut set = 0;
            for i in order {
                values[*i] += (worth(set | 1 << i) - worth(set)) / all.len() as f64;
                set |= 1 << i;
            }
        }
        values
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn all_combinations_give_the_mean_over_all_orders(
            count in 1usize..6, worths in prop::collection::vec(-1.0f64..1.0, 32)
        ) {
            let worth = |set: u128| worths[set as usize];
            let found = Plan::new(count, 0).values(worth);
            for (a, b) in found.iter().zip(naive(count, &worth)) {
                prop_assert!((a - b).abs() < 1e-12, "{a} {b}");
            }
            let all = worth((1 << count) - 1) - worth(0);
            prop_assert!((found.iter().sum::<f64>() - all).abs() < 1e-12);
        }
    }

    #[test]
    fn drawn_orders_add_up_and_give_each_its_own_where_nothing_interacts() {
        let plan = Plan::new(12, 5);
        assert_eq!(plan.drawn(), Some(64));
        let worth = |set: u128| {
            (0..12)
                .filter(|i| set >> i & 1 == 1)
                .map(f64::from)
                .sum::<f64>()
        };
        for (i, value) in plan.values(worth).into_iter().enumerate() {
            assert!((value - i as f64).abs() < 1e-9);
        }
    }
}
