#!/usr/bin/env python3
"""The cores that programs are timed on: a seeded sample of the design space, and named cores.

    microarchs.py            list all as JSON
    microarchs.py --names    list the names by split

A core is a flat dict of numbers and words (see AXES); system.py builds it in gem5. Every axis is
drawn independently of the others, but for the widths of one pipeline, which lie around a common
width, since a core that is wide at one stage and narrow at the next is only the narrow one.

Splits: "train" are the cores a foundation model is trained on, "unseen" are drawn from the same
space and kept apart, and "named" are the library's own named cores (cores.toml). The named ones
take part in training.

Needs no gem5.
"""

import argparse
import json
import random
import tomllib
from pathlib import Path

SEED = 20231
TRAIN_O3, TRAIN_MINOR = 48, 24
UNSEEN_O3, UNSEEN_MINOR = 11, 5

# Memories that start in gem5 24.0 (DRAM models without all timings do not), and SimpleMemory,
# whose latency is an axis of its own.
MEMORIES = [
    "DDR3_1600_8x8",
    "DDR3_2133_8x8",
    "DDR4_2400_16x4",
    "DDR4_2400_8x8",
    "DDR4_2400_4x16",
    "DDR5_6400_4x8",
    "LPDDR3_1600_1x32",
    "LPDDR5_5500_1x16_BG_BL32",
    "HBM_2000_4H_1x64",
    "SimpleMemory",
    "SimpleMemory",
    "SimpleMemory",
    "SimpleMemory",
]
# Weighted by repetition: no prefetcher is the commonest case.
L1D_PREFETCHERS = ["none", "none", "none", "tagged", "stride", "stride"]
L2_PREFETCHERS = ["none", "none", "none", "tagged", "stride", "bop", "ampm", "dcpt"]
O3_PREDICTORS = [
    "local", "tournament", "bimode", "tage", "ltage", "tage_sc_l_8k", "tage_sc_l_64k",
    "perceptron_8k", "perceptron_64k",
]
MINOR_PREDICTORS = ["local", "local", "tournament", "bimode", "tage", "ltage", "perceptron_8k"]

# name of the axis: how to draw it
COMMON_AXES = {
    "clock_ghz": lambda r: round(2.0 ** r.uniform(-0.32, 2.0), 2),
    "l1i_kib": lambda r: r.choice([8, 16, 32, 32, 64]),
    "l1i_assoc": lambda r: r.choice([1, 2, 4, 8]),
    "l1i_latency": lambda r: r.choice([1, 1, 2, 2, 3]),
    "l1i_mshrs": lambda r: r.choice([1, 2, 4, 8]),
    "l1d_kib": lambda r: r.choice([4, 8, 16, 32, 32, 48, 64, 128]),
    "l1d_latency": lambda r: r.choice([1, 2, 2, 3, 4]),
    "l1d_mshrs": lambda r: r.choice([1, 2, 4, 8, 16, 32]),
    "l1d_prefetcher": lambda r: r.choice(L1D_PREFETCHERS),
    "l1d_prefetch_degree": lambda r: r.choice([1, 2, 4]),
    "l2_kib": lambda r: r.choice([128, 256, 512, 1024, 2048, 4096]),
    "l2_assoc": lambda r: r.choice([4, 8, 16]),
    "l2_latency": lambda r: r.choice([5, 7, 9, 12, 16, 20]),
    "l2_mshrs": lambda r: r.choice([4, 8, 16, 32, 64]),
    "l2_prefetcher": lambda r: r.choice(L2_PREFETCHERS),
    "l2_prefetch_degree": lambda r: r.choice([1, 2, 4, 8]),
    "l3_kib": lambda r: r.choice([0, 0, 0, 2048, 8192]),
    "l3_latency": lambda r: r.choice([20, 28, 36]),
    "memory": lambda r: r.choice(MEMORIES),
    "memory_latency_ns": lambda r: r.choice([30, 45, 60, 80, 100, 150]),
    "memory_gib_s": lambda r: r.choice([3.2, 6.4, 12.8, 25.6]),
    "predictor_log2": lambda r: r.randint(8, 14),
    "btb_log2": lambda r: r.randint(6, 13),
    "ras": lambda r: r.choice([2, 4, 8, 16, 32]),
    "indirect_log2": lambda r: r.randint(3, 9),
    "int_mul_latency": lambda r: r.randint(2, 5),
    "int_div_latency": lambda r: r.choice([4, 9, 16, 24, 34]),
    "fp_add_latency": lambda r: r.randint(2, 6),
    "fp_mul_latency": lambda r: r.randint(3, 7),
    "fp_div_latency": lambda r: r.choice([8, 12, 16, 22, 30]),
}

O3_AXES = {
    "predictor": lambda r: r.choice(O3_PREDICTORS),
    "fetch_bytes": lambda r: r.choice([8, 16, 32, 64]),
    "fetch_queue": lambda r: r.choice([8, 16, 32, 64]),
    "fetch_to_decode": lambda r: r.randint(1, 5),
    "decode_to_rename": lambda r: r.randint(1, 3),
    "rename_to_iew": lambda r: r.randint(1, 3),
    "issue_to_execute": lambda r: r.randint(1, 2),
    "iew_to_commit": lambda r: r.randint(1, 3),
    "rob": lambda r: log_uniform(r, 16, 512),
    "iq": lambda r: log_uniform(r, 8, 160),
    "lq": lambda r: log_uniform(r, 6, 128),
    "sq": lambda r: log_uniform(r, 6, 96),
    "int_regs": lambda r: log_uniform(r, 44, 384),
    "fp_regs": lambda r: log_uniform(r, 44, 320),
    "int_alus": lambda r: r.randint(1, 6),
    "int_muls": lambda r: r.randint(1, 2),
    "fp_units": lambda r: r.randint(1, 4),
    "load_ports": lambda r: r.randint(1, 3),
    "store_ports": lambda r: r.randint(1, 2),
    "int_div_pipelined": lambda r: r.choice([0, 0, 0, 1]),
    "fma_extra_latency": lambda r: r.choice([0, 0, 1, 2]),
    "store_sets_log2": lambda r: r.randint(7, 11),
}

# Not an axis: fetch1ToFetch2ForwardDelay, since gem5 24.0 crashes where it exceeds 1.
MINOR_AXES = {
    "predictor": lambda r: r.choice(MINOR_PREDICTORS),
    "fetch_bytes": lambda r: r.choice([8, 16, 32, 64]),
    "fetch_lines_in_flight": lambda r: r.randint(1, 2),
    "fetch2_to_decode": lambda r: r.randint(1, 2),
    "decode_to_execute": lambda r: r.randint(1, 3),
    "branch_delay": lambda r: r.randint(1, 3),
    "decode_buffer": lambda r: r.randint(2, 4),
    "execute_buffer": lambda r: r.choice([3, 5, 7, 10]),
    "int_alu_latency": lambda r: r.randint(1, 3),
    "fp_units": lambda r: r.randint(1, 2),
    "mem_units": lambda r: r.choice([1, 1, 2]),
    "mem_accesses": lambda r: r.choice([1, 2, 4, 8]),
    "lsq_requests": lambda r: r.randint(1, 3),
    "lsq_transfers": lambda r: r.choice([2, 4, 8]),
    "store_buffer": lambda r: r.choice([2, 4, 5, 8, 12]),
    "early_memory_issue": lambda r: r.choice([0, 1, 1]),
}

AXES = {"o3": COMMON_AXES | O3_AXES, "minor": COMMON_AXES | MINOR_AXES}


def log_uniform(rng, low, high):
    """A whole number, its logarithm uniform over [low, high]."""
    return round(low * (high / low) ** rng.random())


def draw_widths(rng, kind):
    """Widths of the stages, around a common one."""

    def around(base, low, high, spread):
        return max(low, min(high, base + rng.choice(spread)))

    if kind == "minor":
        base = rng.choice([1, 1, 2, 2, 3])
        return {
            "decode_width": around(base, 1, 4, (0, 0, 1)),
            "issue_width": around(base, 1, 4, (0, 0, 0, 1)),
            "commit_width": around(base, 1, 4, (0, 0, 1)),
            "int_alus": around(base, 1, 4, (-1, 0, 0, 1)),
        }
    base = rng.choice([1, 2, 2, 3, 4, 4, 5, 6, 8])
    return {
        "fetch_width": around(base, 1, 10, (-1, 0, 0, 1, 2, 4)),
        "decode_width": around(base, 1, 8, (-1, 0, 0, 0, 1)),
        "rename_width": around(base, 1, 8, (-1, 0, 0, 0, 1)),
        "issue_width": around(base, 1, 12, (-1, 0, 0, 1, 2, 4)),
        "writeback_width": around(base, 1, 12, (0, 0, 1, 2, 4)),
        "commit_width": around(base, 1, 10, (-1, 0, 0, 1, 2)),
    }


def sample(kind, name, split, rng):
    """One core of the design space."""
    core = {"name": name, "kind": kind, "split": split}
    core.update({axis: draw(rng) for axis, draw in AXES[kind].items()})
    core.update(draw_widths(rng, kind))
    # Sets must be a power of two: 48 KiB is 12 ways or 3, as in the cores that have it.
    core["l1d_assoc"] = rng.choice([3, 12] if core["l1d_kib"] == 48 else [2, 4, 8])
    return core


MID_O3 = {
    "clock_ghz": 2.0, "fetch_bytes": 16, "fetch_queue": 16, "fetch_to_decode": 3,
    "decode_to_rename": 1, "rename_to_iew": 2, "issue_to_execute": 1, "iew_to_commit": 1,
    "int_div_pipelined": 0, "fma_extra_latency": 1, "store_sets_log2": 10,
    "int_mul_latency": 3, "int_div_latency": 16, "fp_add_latency": 3, "fp_mul_latency": 4,
    "fp_div_latency": 14, "int_muls": 1, "indirect_log2": 7, "ras": 16, "predictor_log2": 12,
    "l1i_kib": 32, "l1i_assoc": 4, "l1i_latency": 1, "l1i_mshrs": 4,
    "l1d_kib": 32, "l1d_assoc": 8, "l1d_latency": 2, "l1d_mshrs": 8,
    "l1d_prefetcher": "none", "l1d_prefetch_degree": 1,
    "l2_kib": 512, "l2_assoc": 8, "l2_latency": 12, "l2_mshrs": 16,
    "l2_prefetcher": "none", "l2_prefetch_degree": 1, "l3_kib": 0, "l3_latency": 28,
    "memory": "DDR4_2400_8x8", "memory_latency_ns": 60, "memory_gib_s": 12.8,
}
MID_MINOR = {
    **{k: v for k, v in MID_O3.items() if k in COMMON_AXES or k == "l1d_assoc"},
    "fetch_bytes": 16, "fetch_lines_in_flight": 1, "fetch2_to_decode": 1,
    "decode_to_execute": 1, "branch_delay": 1, "decode_buffer": 3, "execute_buffer": 5,
    "int_alu_latency": 1, "fp_units": 1, "mem_units": 1, "mem_accesses": 2, "lsq_requests": 1,
    "lsq_transfers": 2, "store_buffer": 5, "early_memory_issue": 1,
}


def named_cores():
    """The library's own named cores: cores.toml says what distinguishes each from the middle ones
    above, or from the core that it is like."""
    middle = {"o3": MID_O3, "minor": MID_MINOR}
    cores = {}
    for name, own in tomllib.loads(Path(__file__).with_name("cores.toml").read_text()).items():
        like = cores[own["like"]] if "like" in own else middle[own["kind"]]
        own = {key: value for key, value in own.items() if key != "like"}
        cores[name] = like | own | {"name": name, "split": "named"}
    return list(cores.values())


def all_cores(seed=SEED):
    """Every core: trained on, named, unseen. The order and the values depend on the seed alone."""
    plan = (
        ("train", "o3", TRAIN_O3), ("train", "minor", TRAIN_MINOR),
        ("unseen", "o3", UNSEEN_O3), ("unseen", "minor", UNSEEN_MINOR),
    )
    short = {"o3": "o3", "minor": "io"}
    cores = []
    for split, kind, count in plan:
        prefix = short[kind] if split == "train" else f"unseen-{short[kind]}"
        for i in range(count):
            name = f"{prefix}-{i:02}"
            # A generator per core: to replace one that does not start leaves the others alone.
            cores.append(sample(kind, name, split, random.Random(f"{seed}/{name}")))
        if (split, kind) == ("train", "minor"):
            cores += named_cores()
    return cores


def check(core):
    """Complains about an axis that is missing or unknown, or a cache that cannot be built."""
    kind = core["kind"]
    expected = set(AXES[kind]) | {"name", "kind", "split", "l1d_assoc"}
    expected |= set(draw_widths(random.Random(0), kind))
    wrong = expected ^ set(core)
    if wrong:
        raise ValueError(f"{core['name']}: missing or unknown: {', '.join(sorted(wrong))}")
    for level in ("l1i", "l1d", "l2"):
        sets = core[f"{level}_kib"] * 1024 / 64 / core[f"{level}_assoc"]
        if sets != int(sets) or int(sets) & (int(sets) - 1):
            raise ValueError(f"{core['name']}: {level} has {sets} sets, not a power of two")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--names", action="store_true", help="names by split only")
    options = parser.parse_args()
    cores = all_cores(options.seed)
    for core in cores:
        check(core)
    if options.names:
        for split in ("train", "named", "unseen"):
            print(f"{split}:", *(c["name"] for c in cores if c["split"] == split))
    else:
        print(json.dumps(cores, indent=1))


if __name__ == "__main__":
    main()
