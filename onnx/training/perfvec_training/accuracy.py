"""Errors of programs' total cycles, and the sums that they and every fit are made of."""

import numpy as np

PIECE = 1000  # retirements that sums are taken over


def group(program, sums, size=PIECE, stride=1):
    """What ridge.fit_cores takes for one program: errors count by its mean cycles per piece."""
    cycles = program.cycle_sums(size, stride)
    mean = np.nanmean(cycles, 0)
    return program.cores, sums, cycles, mean


def totals(programs, sums, vectors, size=PIECE, stride=1):
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


def relative_errors(rows):
    """{program: signed relative errors [cores]} of totals()."""
    out = {}
    for name, _, predicted, observed in rows:
        out.setdefault(name, []).append(predicted / observed - 1.0)
    return {name: np.array(e) for name, e in out.items()}


def summary(rows):
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
