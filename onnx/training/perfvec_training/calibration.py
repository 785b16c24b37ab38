"""Vectors for cores that a model was not trained on, fitted to a given number of retirements."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from perfvec_training import ridge
from perfvec_training.kinds import Array, Part
from perfvec_training.shards import Data

T = TypeVar("T")


def observations(data: Data, sums: Mapping[str, Array], piece: int, stride: int = 1,
                 programs: int | None = None) -> dict[str, list[Part]]:
    """Calibration data of every core: {core: [(program, sums [W,D], cycles [W])]}; of `programs`
    programs at most, chosen evenly from all in the order of their names."""
    out: dict[str, list[Part]] = {c["name"]: [] for c in data.cores}
    for program in data.train + data.valid:
        if program.name not in sums:
            continue
        cycles = program.cycle_sums(piece, stride)
        for k, core in enumerate(program.cores):
            use = np.isfinite(cycles[:, k])
            if use.any():
                out[data.cores[core]["name"]].append(
                    (program.name, sums[program.name][use], cycles[use, k]))
    return {core: evenly(parts, programs or len(parts)) for core, parts in out.items() if parts}


def evenly(parts: list[T], count: int) -> list[T]:
    """At most `count` of `parts`."""
    count = min(count, len(parts))
    return [parts[(2 * i + 1) * len(parts) // (2 * count)] for i in range(count)]


def choose(parts: list[Part], budget: int, piece: int) -> list[Array]:
    """Which pieces make up at most `budget` retirements: a mask [W] per program, spread evenly
    over the programs and over each one's pieces. A budget of fewer pieces than programs takes a
    piece of every n-th program."""
    total = max(1, budget // piece)
    each, rest = divmod(total, len(parts))
    more = set(np.linspace(0, len(parts) - 1, rest).round().astype(int)) if rest else set()
    masks = []
    for i, (_, _, cycles) in enumerate(parts):
        mask = np.zeros(len(cycles), bool)
        count = min(each + (i in more), len(cycles))
        mask[((np.arange(count) + 0.5) * len(cycles) / max(1, count)).astype(int)] = True
        masks.append(mask)
    return masks


def take(parts: list[Part], budget: int, piece: int) -> tuple[Array, Array]:
    """The chosen pieces of all programs: sums [W,D], cycles [W]."""
    masks = choose(parts, budget, piece)
    return (np.concatenate([s[m] for (_, s, _), m in zip(parts, masks)]),
            np.concatenate([c[m] for (_, _, c), m in zip(parts, masks)]))


def calibrate(parts: list[Part], prior: ridge.Prior, budget: int, piece: int,
              noise: float) -> tuple[Array, int]:
    """The vector [D] of one core from at most `budget` retirements, and how many were used."""
    sums, cycles = take(parts, budget, piece)
    return ridge.solve(sums, cycles, prior, noise), len(cycles) * piece


def within(parts: list[Part], vector: Array, budget: int, piece: int) -> dict[str, float]:
    """Errors of the pieces of each program that the fit of `vector` to `budget` did not take."""
    errors = {}
    for (name, sums, cycles), mask in zip(parts, choose(parts, budget, piece)):
        if not mask.all():
            errors[name] = float((sums[~mask] @ vector).sum() / cycles[~mask].sum() - 1.0)
    return errors


def left_out(parts: list[Part], prior: ridge.Prior, budget: int, piece: int,
             noise: float) -> dict[str, float]:
    """Errors of each program's total when the vector is calibrated on the other programs."""
    errors = {}
    for i, (name, sums, cycles) in enumerate(parts):
        others = parts[:i] + parts[i + 1 :]
        if others:
            vector, _ = calibrate(others, prior, budget, piece, noise)
            errors[name] = float((sums @ vector).sum() / cycles.sum() - 1.0)
    return errors
