//! Branch predictors, shared by cores whose predictors have equal shapes: direction and target
//! predictors separately, since they do not influence each other.

use super::super::predictors::branch_unit::{Control, Parameters};
use super::super::predictors::{Branch, Direction, Kind};
use crate::inst::InstFlags;

/// What makes two predictors of directions equal.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct DirectionShape {
    kind: Kind,
    log2: u32,
}

impl DirectionShape {
    /// That of a core.
    pub fn of(p: &Parameters) -> Self {
        let sized = matches!(p.predictor, Kind::Local | Kind::Tournament | Kind::BiMode);
        Self {
            kind: p.predictor,
            log2: if sized { p.predictor_log2 } else { 0 },
        }
    }

    /// It, at the start of a stream.
    pub fn build(&self) -> Direction {
        Direction::new(self.kind, self.log2)
    }
}

/// The transfers of a block.
pub fn run_direction(direction: &mut Direction, controls: &[Control]) {
    direction.warm(controls.iter().map(|c| Branch {
        pc: c.pc,
        conditional: c.flags.contains(InstFlags::COND_CTRL),
        indirect: !c.flags.contains(InstFlags::DIRECT_CTRL),
        taken: c.taken,
        next: c.next(),
    }));
}

/// What makes two predictors of targets equal.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct TargetsShape {
    btb_log2: u32,
    ras: usize,
    indirect_log2: u32,
}

impl TargetsShape {
    /// That of a core.
    pub fn of(p: &Parameters) -> Self {
        Self {
            btb_log2: p.btb_log2,
            ras: p.ras,
            indirect_log2: p.indirect_log2,
        }
    }
}
