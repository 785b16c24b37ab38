"""Vectors for cores that a model was not trained on, from a stated number of retirements."""

import numpy as np

import ridge


def observations(data, sums, piece, stride=1):
    """Calibration data of every core: {core: [(program, sums [W,D], cycles [W])]}."""
    out = {c["name"]: [] for c in data.cores}
    for program in data.train + data.valid:
        if program.name not in sums:
            continue
        cycles = program.cycle_sums(piece, stride)
        for k, core in enumerate(program.cores):
            use = np.isfinite(cycles[:, k])
            if use.any():
                out[data.cores[core]["name"]].append(
                    (program.name, sums[program.name][use], cycles[use, k]))
    return {core: parts for core, parts in out.items() if parts}


def take(parts, budget, piece):
    """About `budget` retirements, spread evenly over the programs and over each one's pieces."""
    each = max(1, round(budget / piece / len(parts)))
    chosen = []
    for _, sums, cycles in parts:
        pick = np.unique(np.linspace(0, len(cycles) - 1, min(each, len(cycles))).round().astype(int))
        chosen.append((sums[pick], cycles[pick]))
    return np.concatenate([s for s, _ in chosen]), np.concatenate([c for _, c in chosen])


def calibrate(parts, prior, budget, piece, noise):
    """The vector [D] of one core from at most `budget` retirements, and how many were used."""
    sums, cycles = take(parts, budget, piece)
    return ridge.solve(sums, cycles, prior, noise), len(cycles) * piece


def left_out(parts, prior, budget, piece, noise):
    """Errors of each program's total when the vector is calibrated on the other programs."""
    errors = {}
    for i, (name, sums, cycles) in enumerate(parts):
        others = parts[:i] + parts[i + 1 :]
        if others:
            vector, _ = calibrate(others, prior, budget, piece, noise)
            errors[name] = float((sums @ vector).sum() / cycles.sum() - 1.0)
    return errors
