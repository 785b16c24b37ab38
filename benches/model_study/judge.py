"""Errors of estimates over pairs of program and core, and whether one method beats another."""

import dataclasses
import zlib
from collections.abc import Sequence

import numpy as np

from pairs import Array, Pair

FOLDS = 5


def held_out(pair: Pair) -> bool:
    """Random cores whose pairs no fit sees: what they show is a core known by parameters alone."""
    return pair.name.startswith("unseen-")


def fold(source: str) -> int:
    """The fold that leaves a source out."""
    return zlib.crc32(source.encode()) % FOLDS


@dataclasses.dataclass
class Outcome:
    """A method's estimates: of each pair's total, and its mean error of single windows."""

    totals: Array  # estimate / cycles - 1
    windows: Array  # mean of |estimate - cycles| of windows / mean cycles of a window


def outcome(pairs: Sequence[Pair], estimates: Sequence[Array]) -> Outcome:
    """Judges estimates [W] of each pair's windows, none below zero."""
    totals, windows = [], []
    for pair, raw in zip(pairs, estimates, strict=True):
        estimate = np.maximum(raw, 0.0)
        totals.append(estimate.sum() / pair.cycles.sum() - 1.0)
        windows.append(np.abs(estimate - pair.cycles).mean() / pair.cycles.mean())
    return Outcome(np.array(totals), np.array(windows))


def gain(pairs: Sequence[Pair], ours: Outcome, base: Outcome, seed: int = 0) -> Array:
    """5 %, 50 % and 95 % of what `ours` takes off the mean error, resampling the sources."""
    less = np.abs(base.totals) - np.abs(ours.totals)
    sources = sorted({p.source for p in pairs})
    rows = [np.array([i for i, p in enumerate(pairs) if p.source == s]) for s in sources]
    sums = np.array([less[r].sum() for r in rows])
    counts = np.array([len(r) for r in rows])
    chosen = np.random.default_rng(seed).integers(len(rows), size=(4000, len(rows)))
    means = sums[chosen].sum(1) / counts[chosen].sum(1)
    return np.percentile(means, [5, 50, 95])


def shared(pairs: Sequence[Pair], ours: Outcome, clip: float = 0.1) -> tuple[float, float]:
    """Which part of the variance of errors, clipped, is the program's, and which the core's.

    Estimated from products of different pairs' errors, so that a pair's own part adds nothing.
    """
    errors = np.clip(ours.totals, -clip, clip)
    errors = errors - errors.mean()
    products = np.outer(errors, errors)
    parts = []
    for names in (np.array([p.program for p in pairs]), np.array([p.name for p in pairs])):
        same = (names[:, None] == names) & ~np.eye(len(pairs), dtype=bool)
        parts.append(float(products[same].mean() / errors.var()) if same.any() else 0.0)
    return parts[0], parts[1]


HEAD = (
    "| | mean | median | 90% | worst | held-out cores | of windows | mean error less by |\n"
    "|---|---|---|---|---|---|---|---|"
)


def line(name: str, pairs: Sequence[Pair], ours: Outcome, base: Outcome) -> str:
    """A row of the table under HEAD, in percent."""
    errors = 100 * np.abs(ours.totals)
    new = np.array([held_out(p) for p in pairs])
    low, middle, high = 100 * gain(pairs, ours, base)
    gained = "-" if ours is base else f"{middle:+.2f} ({low:+.2f} to {high:+.2f})"
    return (
        f"| {name} | {errors.mean():.2f} | {np.median(errors):.2f} "
        f"| {np.percentile(errors, 90):.1f} | {errors.max():.1f} "
        f"| {errors[new].mean() if new.any() else float('nan'):.2f} "
        f"| {100 * ours.windows.mean():.2f} | {gained} |"
    )
