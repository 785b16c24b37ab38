"""Errors of programs' total cycles, and the sums that errors and fits are computed from."""

from collections.abc import Iterable, Sequence

import numpy as np

from perfvec_training.kinds import Array, Group, Json, Total
from perfvec_training.shards import Program

PIECE = 1000  # retirements that sums are taken over


def group(program: Program, sums: Array, size: int = PIECE, stride: int = 1) -> Group:
    """The input of ridge.fit_cores for one program; errors are scaled by its mean cycles per piece."""
    cycles = program.cycle_sums(size, stride)
    mean = np.nanmean(cycles, 0)
    return program.cores, sums, cycles, mean


def totals(programs: Sequence[Program], sums: Sequence[Array], vectors: Array, size: int = PIECE,
           stride: int = 1) -> list[Total]:
    """[(program, core, predicted, observed)] of every program total on every core with cycles."""
    rows = []
    for program, s in zip(programs, sums):
        cycles = program.cycle_sums(size, stride)
        for k, core in enumerate(program.cores):
            use = np.isfinite(cycles[:, k])
            if use.any():
                rows.append((program.name, int(core), float(s[use].sum(0) @ vectors[core]),
                             float(cycles[use, k].sum())))
    return rows


def relative_errors(rows: Iterable[Total]) -> dict[str, Array]:
    """{program: signed relative errors [cores]} of totals()."""
    out: dict[str, list[float]] = {}
    for name, _, predicted, observed in rows:
        out.setdefault(name, []).append(predicted / observed - 1.0)
    return {name: np.array(e) for name, e in out.items()}


def summary(rows: Iterable[Total]) -> Json:
    """Mean over programs of the mean absolute error, and the worst single one."""
    errors = relative_errors(rows)
    return {
        "mean": float(np.mean([np.abs(e).mean() for e in errors.values()])),
        "worst": float(max(np.abs(e).max() for e in errors.values())),
        "programs": {
            name: {"mean": float(np.abs(e).mean()), "bias": float(e.mean()),
                   "worst": float(np.abs(e).max())}
            for name, e in sorted(errors.items())
        },
    }
