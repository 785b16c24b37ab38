//! Functional units: which instructions they take, and how long.

use super::tree::Object;
use super::Draft;
use crate::error::Result;

/// What a group of equal units does with one class of operation.
struct Operation<'a> {
    class: &'a str,
    /// Which group it is.
    group: usize,
    /// How many units it has.
    count: u64,
    latency: u64,
    pipelined: bool,
}

/// The units of a core.
pub(super) struct Units<'a> {
    path: &'a str,
    all: Vec<Operation<'a>>,
}

impl<'a> Units<'a> {
    /// O3's, an `FUPool`.
    pub fn of_o3(pool: Object<'a>) -> Result<Self> {
        let mut all = Vec::new();
        for (group, unit) in pool.list("FUList")?.into_iter().enumerate() {
            for op in unit.list("opList")? {
                all.push(Operation {
                    class: class(op)?,
                    group,
                    count: unit.number("count")?,
                    latency: op.number("opLat")?,
                    pipelined: op.flag("pipelined")?,
                });
            }
        }
        Ok(Self {
            path: pool.path,
            all,
        })
    }

    /// Minor's, a `MinorFUPool`.
    pub fn of_minor(pool: Object<'a>) -> Result<Self> {
        let mut all = Vec::new();
        for (group, unit) in pool.list("funcUnits")?.into_iter().enumerate() {
            let set = unit.map.get("opClasses").and_then(|set| set.as_object());
            let map = set.ok_or_else(|| unit.lacks("opClasses"))?;
            let set = Object {
                path: unit.path,
                map,
            };
            for op in set.list("opClasses")? {
                all.push(Operation {
                    class: class(op)?,
                    group,
                    count: 1,
                    latency: unit.number("opLat")?,
                    pipelined: unit.number("issueLat")? <= 1,
                });
            }
        }
        Ok(Self {
            path: pool.path,
            all,
        })
    }

    fn first(&self, class: &str) -> Option<&Operation<'a>> {
        self.all.iter().find(|op| op.class == class)
    }

    /// How many units take `class`.
    pub fn count(&self, class: &str) -> u64 {
        let of_class = self.all.iter().filter(|op| op.class == class);
        of_class.map(|op| op.count).sum()
    }

    /// How long `class` takes.
    pub fn latency(&self, class: &str) -> u64 {
        self.first(class).map_or(1, |op| op.latency)
    }

    /// Whether `class` leaves its unit at once.
    pub fn pipelined(&self, class: &str) -> bool {
        self.first(class).is_none_or(|op| op.pipelined)
    }

    /// Whether some unit takes both.
    pub fn shared(&self, a: &str, b: &str) -> bool {
        let takes = |class, group| {
            self.all
                .iter()
                .any(|op| op.class == class && op.group == group)
        };
        self.all
            .iter()
            .any(|op| op.class == a && takes(b, op.group))
    }

    /// Notes where `class` does not take `latency`, or is not `pipelined`, as every core has it.
    pub fn usual(&self, draft: &mut Draft, class: &str, latency: u64, pipelined: bool) {
        let Some(op) = self.first(class) else { return };
        if op.latency != latency {
            draft.note(format!(
                "{}: {class} takes {} cycles; {latency} is used",
                self.path, op.latency
            ));
        }
        if op.pipelined != pipelined {
            let is = if pipelined { "is" } else { "is not" };
            draft.note(format!(
                "{}: modelled as if {class} {is} pipelined",
                self.path
            ));
        }
    }

    /// What both kinds of core have: everything but memory and what an integer operation takes.
    pub fn arithmetic(&self, draft: &mut Draft) {
        let path = self.path;
        draft.set("int_alus", self.count("IntAlu"), path);
        draft.set("int_mul_latency", self.latency("IntMult"), path);
        draft.set("int_div_latency", self.latency("IntDiv"), path);
        draft.set("fp_units", self.count("FloatAdd"), path);
        let (add, mul) = (self.latency("FloatAdd"), self.latency("FloatMult"));
        let div = self.latency("FloatDiv");
        draft.set("fp_add_latency", add, path);
        draft.set("fp_mul_latency", mul, path);
        draft.set("fp_div_latency", div, path);
        self.usual(draft, "IntMult", self.latency("IntMult"), true);
        for class in ["FloatAdd", "FloatCmp", "FloatCvt"] {
            self.usual(draft, class, add, true);
        }
        for class in ["FloatMult", "FloatMisc"] {
            self.usual(draft, class, mul, true);
        }
        self.usual(draft, "FloatDiv", div, false);
        self.usual(draft, "FloatSqrt", div + div / 2, false);
        self.usual(draft, "SimdAdd", 3, true);
        if self.count("FloatMult") != self.count("FloatAdd") {
            draft.note(format!(
                "{path}: {} units for floating-point multiplication; as many as for addition are used",
                self.count("FloatMult")
            ));
        }
        for class in ["FloatDiv", "SimdAdd"] {
            if self.count(class) > 1 {
                draft.note(format!(
                    "{path}: {} units for {class}; one is used",
                    self.count(class)
                ));
            }
        }
    }
}

fn class(op: Object<'_>) -> Result<&str> {
    let class = op.map.get("opClass").and_then(|v| v.as_str());
    class.ok_or_else(|| op.lacks("opClass"))
}
