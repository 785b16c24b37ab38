//! The pipeline, and what predicts its branches.

use super::tree::{Object, Tree};
use super::units::Units;
use super::Draft;
use crate::error::Result;

/// The parameters of a pipeline that are one field each.
const O3: &[(&str, &str)] = &[
    ("fetch_width", "fetchWidth"),
    ("fetch_bytes", "fetchBufferSize"),
    ("fetch_queue", "fetchQueueSize"),
    ("decode_width", "decodeWidth"),
    ("rename_width", "renameWidth"),
    ("issue_width", "issueWidth"),
    ("writeback_width", "wbWidth"),
    ("commit_width", "commitWidth"),
    ("fetch_to_decode", "fetchToDecodeDelay"),
    ("decode_to_rename", "decodeToRenameDelay"),
    ("rename_to_iew", "renameToIEWDelay"),
    ("issue_to_execute", "issueToExecuteDelay"),
    ("iew_to_commit", "iewToCommitDelay"),
    ("rob", "numROBEntries"),
    ("iq", "numIQEntries"),
    ("lq", "LQEntries"),
    ("sq", "SQEntries"),
    ("int_regs", "numPhysIntRegs"),
    ("fp_regs", "numPhysFloatRegs"),
];

const MINOR: &[(&str, &str)] = &[
    ("fetch_lines_in_flight", "fetch1FetchLimit"),
    ("fetch2_to_decode", "fetch2ToDecodeForwardDelay"),
    ("decode_to_execute", "decodeToExecuteForwardDelay"),
    ("branch_delay", "executeBranchDelay"),
    ("decode_width", "decodeInputWidth"),
    ("decode_buffer", "decodeInputBufferSize"),
    ("execute_buffer", "executeInputBufferSize"),
    ("issue_width", "executeIssueLimit"),
    ("commit_width", "executeCommitLimit"),
    ("mem_accesses", "executeMaxAccessesInMemory"),
    ("lsq_requests", "executeLSQRequestsQueueSize"),
    ("lsq_transfers", "executeLSQTransfersQueueSize"),
    ("store_buffer", "executeLSQStoreBufferSize"),
];

fn child<'a>(tree: &Tree<'a>, of: Object<'a>, field: &str) -> Result<Object<'a>> {
    tree.child(of, field)?.ok_or_else(|| of.lacks(field))
}

pub(super) fn o3(draft: &mut Draft, tree: &Tree<'_>, cpu: Object<'_>) -> Result<()> {
    for (name, field) in O3 {
        draft.take(name, cpu, field)?;
    }
    draft.take_log2("store_sets_log2", cpu, "SSITSize")?;
    let commit = draft.is("commit_width");
    draft.fixed(
        cpu,
        &[
            ("dispatchWidth", draft.is("rename_width")),
            ("squashWidth", if commit < 6 { 2 * commit } else { 12 }),
            ("LFSTSize", 1 << draft.is("store_sets_log2")),
            ("LSQCheckLoads", 1),
            ("LSQDepCheckShift", 4),
            ("commitToDecodeDelay", 1),
            ("commitToFetchDelay", 1),
            ("commitToIEWDelay", 1),
            ("commitToRenameDelay", 1),
            ("decodeToFetchDelay", 1),
            ("fetchTrapLatency", 1),
            ("iewToDecodeDelay", 1),
            ("iewToFetchDelay", 1),
            ("iewToRenameDelay", 1),
            ("needsTSO", 0),
            ("numRobs", 1),
            ("numThreads", 1),
            ("renameToDecodeDelay", 1),
            ("renameToFetchDelay", 1),
            ("renameToROBDelay", 1),
            ("store_set_clear_period", 250_000),
            ("trapLatency", 13),
        ],
    );

    let units = Units::of_o3(child(tree, cpu, "fuPool")?)?;
    units.arithmetic(draft);
    draft.set("int_muls", units.count("IntMult"), "units");
    draft.set(
        "int_div_pipelined",
        units.pipelined("IntDiv").into(),
        "units",
    );
    let fused = units
        .latency("FloatMultAcc")
        .saturating_sub(units.latency("FloatMult"));
    draft.set("fma_extra_latency", fused, "units");
    units.usual(draft, "IntAlu", 1, true);
    units.usual(draft, "MemRead", 1, true);
    units.usual(draft, "MemWrite", 1, true);
    if !units.shared("IntMult", "IntDiv") {
        draft.note(format!(
            "{}: integer division has units of its own; those for multiplication are used",
            cpu.path
        ));
    }
    if units.shared("MemRead", "MemWrite") {
        draft.note(format!(
            "{}: units execute loads and stores; as many of each are used",
            cpu.path
        ));
    }
    for (name, class, field) in [
        ("load_ports", "MemRead", "cacheLoadPorts"),
        ("store_ports", "MemWrite", "cacheStorePorts"),
    ] {
        // The units and the ports of the cache are two limits, and the lower one binds.
        let ports = units.count(class).min(cpu.number(field)?);
        draft.set(name, ports, &format!("{}.{field}", cpu.path));
    }
    Ok(())
}

pub(super) fn minor(draft: &mut Draft, tree: &Tree<'_>, cpu: Object<'_>) -> Result<()> {
    for (name, field) in MINOR {
        draft.take(name, cpu, field)?;
    }
    // 0 stands for a line of the cache.
    let line = match cpu.number("fetch1LineWidth")? {
        0 => u64::from(crate::twin::parameters::LINE_BYTES),
        bytes => bytes,
    };
    draft.set(
        "fetch_bytes",
        line,
        &format!("{}.fetch1LineWidth", cpu.path),
    );
    let early = cpu.flag("executeAllowEarlyMemoryIssue")?;
    draft.set(
        "early_memory_issue",
        early.into(),
        "executeAllowEarlyMemoryIssue",
    );

    let units = Units::of_minor(child(tree, cpu, "executeFuncUnits")?)?;
    units.arithmetic(draft);
    draft.set("int_alu_latency", units.latency("IntAlu"), "units");
    draft.set("mem_units", units.count("MemRead"), "units");
    let memory = draft.is("mem_units");
    units.usual(draft, "IntDiv", units.latency("IntDiv"), false);
    units.usual(draft, "FloatMultAcc", units.latency("FloatMult"), true);
    units.usual(draft, "MemRead", 1, true);
    draft.fixed(
        cpu,
        &[
            ("decodeCycleInput", 1),
            ("executeCycleInput", 1),
            ("executeInputWidth", draft.is("decode_width")),
            ("executeLSQMaxStoreBufferStoresPerCycle", 2),
            (
                "executeMemoryCommitLimit",
                memory.min(draft.is("commit_width")),
            ),
            (
                "executeMemoryIssueLimit",
                memory.min(draft.is("issue_width")),
            ),
            ("executeMemoryWidth", 0),
            ("fetch1ToFetch2BackwardDelay", 1),
            ("fetch1ToFetch2ForwardDelay", 1),
            ("fetch2CycleInput", 1),
            ("fetch2InputBufferSize", 2),
            ("numThreads", 1),
        ],
    );
    if cpu.number("fetch1LineSnapWidth")? != cpu.number("fetch1LineWidth")? {
        draft.note(format!(
            "{}.fetch1LineSnapWidth has no parameter; fetch1LineWidth is used",
            cpu.path
        ));
    }
    Ok(())
}

/// Fields and their values.
type Fields = &'static [(&'static str, u64)];

/// gem5's predictors, what they are here, and how gem5 has the larger ones by default.
const LEARNING: &[(&str, &str, Fields)] = &[
    (
        "TAGE",
        "tage",
        &[
            ("nHistoryTables", 7),
            ("minHist", 5),
            ("maxHist", 130),
            ("logUResetPeriod", 18),
        ],
    ),
    (
        "LTAGE",
        "ltage",
        &[
            ("nHistoryTables", 12),
            ("minHist", 4),
            ("maxHist", 640),
            ("logUResetPeriod", 19),
        ],
    ),
    (
        "TAGE_SC_L_8KB",
        "tage_sc_l_8k",
        &[
            ("nHistoryTables", 30),
            ("minHist", 4),
            ("maxHist", 1000),
            ("logTagTableSize", 7),
        ],
    ),
    (
        "TAGE_SC_L_64KB",
        "tage_sc_l_64k",
        &[
            ("nHistoryTables", 36),
            ("minHist", 6),
            ("maxHist", 3000),
            ("logTagTableSize", 10),
        ],
    ),
    (
        "MultiperspectivePerceptron8KB",
        "perceptron_8k",
        &[("budgetbits", 67584), ("num_local_histories", 48)],
    ),
    (
        "MultiperspectivePerceptron64KB",
        "perceptron_64k",
        &[("budgetbits", 526_336), ("num_local_histories", 510)],
    ),
];

pub(super) fn branches(draft: &mut Draft, tree: &Tree<'_>, cpu: Object<'_>) -> Result<()> {
    let unit = child(tree, cpu, "branchPred")?;
    // Compressed instructions lie at even addresses.
    draft.fixed(unit, &[("instShiftAmt", 1), ("requiresBTBHit", 0)]);
    match unit.kind() {
        "LocalBP" => {
            draft.word("predictor", "local");
            draft.take_log2("predictor_log2", unit, "localPredictorSize")?;
            draft.fixed(unit, &[("localCtrBits", 2)]);
        }
        "TournamentBP" => {
            draft.word("predictor", "tournament");
            draft.take_log2("predictor_log2", unit, "globalPredictorSize")?;
            let size = 1 << draft.is("predictor_log2");
            let local = (size / 4).max(64);
            draft.fixed(
                unit,
                &[
                    ("choicePredictorSize", size),
                    ("localPredictorSize", local),
                    ("localHistoryTableSize", local),
                    ("localCtrBits", 2),
                    ("globalCtrBits", 2),
                    ("choiceCtrBits", 2),
                ],
            );
        }
        "BiModeBP" => {
            draft.word("predictor", "bimode");
            draft.take_log2("predictor_log2", unit, "globalPredictorSize")?;
            let size = 1 << draft.is("predictor_log2");
            let bits = [
                ("choicePredictorSize", size),
                ("globalCtrBits", 2),
                ("choiceCtrBits", 2),
            ];
            draft.fixed(unit, &bits);
        }
        kind => match LEARNING.iter().find(|(gem5, ..)| *gem5 == kind) {
            Some((_, word, usual)) => {
                draft.word("predictor", word);
                let tables = match unit.map.contains_key("tage") {
                    true => child(tree, unit, "tage")?,
                    false => unit,
                };
                draft.fixed(tables, usual);
            }
            None => {
                draft.word("predictor", "ltage");
                draft.note(format!(
                    "{}: {kind} has no counterpart; ltage is used",
                    unit.path
                ));
            }
        },
    }
    let buffer = child(tree, unit, "btb")?;
    draft.take_log2("btb_log2", buffer, "numEntries")?;
    draft.fixed(buffer, &[("tagBits", 16), ("instShiftAmt", 1)]);
    draft.take("ras", child(tree, unit, "ras")?, "numEntries")?;
    match tree.child(unit, "indirectBranchPred")? {
        Some(indirect) => {
            let entries = indirect.number("indirectSets")? * 2;
            draft.log2(
                "indirect_log2",
                entries,
                &format!("{}.indirectSets x 2", indirect.path),
            );
            draft.fixed(
                indirect,
                &[
                    ("indirectWays", 2),
                    ("indirectTagSize", 16),
                    ("indirectPathLength", 3),
                    ("instShiftAmt", 1),
                ],
            );
        }
        None => {
            draft.set("indirect_log2", 1, "indirectBranchPred");
            draft.note(format!(
                "{}.indirectBranchPred is NULL; one of 2 entries is used",
                unit.path
            ));
        }
    }
    Ok(())
}
