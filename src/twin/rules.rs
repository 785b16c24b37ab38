//! Rules that are specific to one simulator. Each has a name and can be turned off.

/// Rules of gem5 24.0 that other simulators and silicon need not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A cache without a free miss register blocks hits, too.
    pub full_mshrs_block_hits: bool,
    /// RISC-V's program counter loses the compressed flag when it is copied, so that O3 treats
    /// compressed branches that are not taken as mispredicted (gem5 issue 1405).
    pub compressed_flag_lost: bool,
    /// A page of the heap, of a mapping or of a growing stack is mapped at its first access, which
    /// traps at commit: everything younger is squashed, and the access is executed again (gem5's
    /// system call emulation; an operating system takes longer).
    pub first_touch_traps: bool,
    /// A squash removes `squash_width` entries of the reorder buffer per cycle, and nothing commits
    /// meanwhile.
    pub squash_stalls_commit: bool,
    /// Of the answers of the data cache that come in one cycle, a core sees all but the first in the
    /// next.
    pub one_answer_a_cycle: bool,
}

impl Rules {
    /// gem5 24.0 with issue 1405 fixed.
    pub const GEM5: Rules = Rules {
        full_mshrs_block_hits: true,
        compressed_flag_lost: false,
        first_touch_traps: true,
        squash_stalls_commit: true,
        one_answer_a_cycle: true,
    };
    /// gem5 24.0 as released.
    pub const GEM5_STOCK: Rules = Rules {
        compressed_flag_lost: true,
        ..Rules::GEM5
    };
    /// Their name, as [`Rules::from_word`] takes it.
    pub fn word(&self) -> &'static str {
        match *self {
            Rules::GEM5 => "gem5",
            Rules::GEM5_STOCK => "gem5-stock",
            _ => "textbook",
        }
    }

    /// The rules named `word`: "gem5", "gem5-stock" or "textbook".
    pub fn from_word(word: &str) -> Option<Rules> {
        match word {
            "gem5" => Some(Rules::GEM5),
            "gem5-stock" => Some(Rules::GEM5_STOCK),
            "textbook" => Some(Rules::TEXTBOOK),
            _ => None,
        }
    }

    /// None of them.
    pub const TEXTBOOK: Rules = Rules {
        full_mshrs_block_hits: false,
        compressed_flag_lost: false,
        first_touch_traps: false,
        squash_stalls_commit: false,
        one_answer_a_cycle: false,
    };
}
