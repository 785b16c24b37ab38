#!/usr/bin/env python3
"""What regression adds to twins: factors of their parts, column sums, coefficients by core.

    corrections.py DATA [--judge OTHER] [--curve]

DATA and OTHER are folders that pairs.py wrote. Errors are those of sources (programs) that were
left out of the fit, five folds; pairs on `unseen-` cores are never fitted. Strengths of the ridge
are chosen within the fit, on sources left out again. `--judge` fits all of DATA and prices OTHER;
`--curve` also fits a quarter and a half of the sources, if coefficients do not follow cores.
"""

import argparse
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from perfvec_training import ridge

from judge import FOLDS, HEAD, Outcome, fold, held_out, line, outcome, shared
from pairs import Array, Pair, read

# Columns of perfvec-rm-2 that need no reference machine.
COLUMNS = 68
# A window of the fit: that many windows of pairs.py.
JOIN = 10
# An error from which on a pair counts less, as a robust fit wants it.
KNEE = 0.02


def joined(values: Array) -> Array:
    """Sums of JOIN windows; of all of them, if there are fewer."""
    if len(values) < JOIN:
        return values.sum(0, keepdims=True)
    count = len(values) // JOIN
    return values[: count * JOIN].reshape(count, JOIN, *values.shape[1:]).sum(1)


class Problem:
    """Pairs as quadratic forms: of coefficients of parts and columns, by relative errors."""

    def __init__(self, pairs: Sequence[Pair], sums: dict[str, Array], design: Array) -> None:
        self.pairs = pairs
        self.design = design  # [pairs, 1 + parameters]
        self.rows, grams, rights, totals = [], [], [], []
        for pair in pairs:
            columns = sums[pair.program][: len(pair.parts), :COLUMNS]
            both = np.concatenate([pair.parts, columns], 1)
            self.rows.append(both)
            x, y = joined(both), joined(pair.cycles)
            x, y = x / y.mean(), y / y.mean()
            # The error of the total counts as much as those of windows.
            mean = x.mean(0)
            grams.append(x.T @ x / len(x) + np.outer(mean, mean))
            rest = y - x[:, : self.parts()].sum(1)
            rights.append(x.T @ rest / len(x) + mean * rest.mean())
            totals.append((mean, rest.mean()))
        self.grams, self.rights = np.array(grams), np.array(rights)
        self.means = np.array([m for m, _ in totals])
        self.left = np.array([r for _, r in totals])

    @staticmethod
    def parts() -> int:
        """How many of the columns are parts of the twin."""
        return 11

    def fit(self, use: Array, kept: Array, degree: int, strength: tuple[float, float]) -> Array:
        """Coefficients [1 + degree, D] as deviations from the twin, for `use` of the pairs.

        @param kept which of D columns take part.
        @param degree how many parameters of the core coefficients follow (linearly).
        @param strength of the ridge: of coefficients that cores share, of what follows parameters.
        """
        phi = self.design[use, : 1 + degree]
        grams = self.grams[use][:, kept][:, :, kept]
        rights, means = self.rights[use][:, kept], self.means[use][:, kept]
        left, count = self.left[use], int(kept.sum())
        # A column's size is what it is beside a pair's cycles.
        size = np.sqrt(np.einsum("pii->i", grams) / len(grams)) + 1e-9
        penalty = np.full((1 + degree, count), strength[1])
        penalty[0] = strength[0]
        flat = (penalty * size**2).ravel() * len(grams)
        weights = np.ones(len(grams))
        out = np.zeros((1 + degree, count))
        for _ in range(4):
            outer = np.einsum("p,pa,pb->pab", weights, phi, phi)
            gram = np.einsum("pab,pij->aibj", outer, grams, optimize=True)
            gram = gram.reshape(len(flat), len(flat))
            right = np.einsum("p,pa,pi->ai", weights, phi, rights, optimize=True).ravel()
            solved = np.linalg.solve(gram + np.diag(flat), right)
            if not degree:
                solved = self.positive(gram + np.diag(flat), right, solved, kept)
            out = solved.reshape(1 + degree, count)
            off = left - np.einsum("pi,pi->p", means, phi @ out)
            weights = 1.0 / np.sqrt(1.0 + (off / KNEE) ** 2)
        whole = np.zeros((1 + degree, len(kept)))
        whole[:, kept] = out
        return whole

    def positive(self, gram: Array, right: Array, solved: Array, kept: Array) -> Array:
        """The same with no factor of a part below zero (a deviation below -1)."""
        parts = np.flatnonzero(kept) < self.parts()
        fixed = np.zeros(len(solved), bool)
        while (fresh := parts & (solved < -1.0 - 1e-9) & ~fixed).any():
            fixed |= fresh
            free = ~fixed
            solved = np.where(fixed, -1.0, 0.0)
            rest = right[free] - gram[np.ix_(free, fixed)] @ solved[fixed]
            solved[free] = np.linalg.solve(gram[np.ix_(free, free)], rest)
        return solved

    def estimate(self, index: int, coefficients: Array) -> Array:
        """Cycles of each window of a pair."""
        vector = self.design[index, : len(coefficients)] @ coefficients
        return self.rows[index] @ vector + self.pairs[index].parts.sum(1)

    def error(self, index: int, coefficients: Array) -> float:
        """|error| of a pair's total."""
        vector = self.design[index, : len(coefficients)] @ coefficients
        return float(abs(self.means[index] @ vector - self.left[index]))


STRENGTHS = (1e-2, 1e-1, 1.0, 10.0, 100.0)


def choose(problem: Problem, use: Array, kept: Array, degree: int) -> Array:
    """Coefficients for pairs `use`, with the strengths that do best on sources left out of it."""
    pairs = problem.pairs
    inner = np.array([fold(pairs[i].source + "'") for i in use])
    wide = STRENGTHS if degree else (1.0,)
    best, chosen = np.inf, (1.0, 1.0)
    for strength in itertools.product(STRENGTHS, wide):
        if degree and strength[1] not in (strength[0], 10 * strength[0]):
            continue
        off = 0.0
        for f in range(FOLDS):
            mine = use[inner == f]
            if len(mine) and (inner != f).any():
                found = problem.fit(use[inner != f], kept, degree, strength)
                off += sum(problem.error(i, found) for i in mine)
        if off < best:
            best, chosen = off, strength
    return problem.fit(use, kept, degree, chosen)


def methods(width: int, degree: int) -> list[tuple[str, Array, int]]:
    """Name, columns in use, parameters that coefficients follow."""
    parts = np.arange(width) < Problem.parts()
    every = np.ones(width, bool)
    return [
        ("twin x factors of its parts", parts, 0),
        ("the same, factors linear in the core's parameters", parts, degree),
        ("twin x factors + linear in 68 columns", every, 0),
        ("the same, coefficients linear in the core's parameters", every, degree),
    ]


def principal(cores: Sequence[dict[str, object]], count: int) -> Array:
    """A one and the first principal components of cores' parameters, [K, 1 + count]."""
    table = ridge.describe(cores)[:, 1:]
    left, _, _ = np.linalg.svd(table - table.mean(0), full_matrices=False)
    found = left[:, :count] * np.sqrt(len(cores))
    return np.concatenate([np.ones((len(cores), 1)), found], 1)


def kinds(pairs: Sequence[Pair]) -> list[Array]:
    """Indices of pairs on out-of-order and on in-order cores: each kind has its own fit."""
    names = np.array([p.core["kind"] for p in pairs])
    return [np.flatnonzero(names == kind) for kind in sorted(set(names))]


def cross(problem: Problem, kept: Array, degree: int, keep: float = 1.0, seed: int = 0) -> Outcome:
    """Errors of sources left out, of fits to a share of the other sources."""
    pairs = problem.pairs
    found: list[Array] = [np.zeros(0)] * len(pairs)
    rng = np.random.default_rng(seed)
    for f in range(FOLDS):
        rest = sorted({p.source for p in pairs if fold(p.source) != f})
        few = set(rng.permutation(rest)[: round(keep * len(rest))])
        for kind in kinds(pairs):
            use = np.array([i for i in kind if pairs[i].source in few and not held_out(pairs[i])])
            coefficients = choose(problem, use, kept, degree)
            for i in kind:
                if fold(pairs[i].source) == f:
                    found[i] = problem.estimate(i, coefficients)
    return outcome(pairs, found)


def judged(problem: Problem, count: int, kept: Array, degree: int) -> Outcome:
    """Errors of the pairs from `count` on, of a fit to those before."""
    pairs = problem.pairs
    found: dict[int, Array] = {}
    for kind in kinds(pairs):
        use = np.array([i for i in kind if i < count and not held_out(pairs[i])])
        coefficients = choose(problem, use, kept, degree)
        found |= {int(i): problem.estimate(i, coefficients) for i in kind if i >= count}
    return outcome(pairs[count:], [found[i] for i in range(count, len(pairs))])


def load(folders: Sequence[Path]) -> tuple[list[Pair], dict[str, Array]]:
    """Pairs and column sums of folders."""
    pairs: list[Pair] = []
    sums: dict[str, Array] = {}
    for folder in folders:
        pairs += read(folder)
        sums |= {p.stem: np.load(p).astype(float) for p in (folder / "sums").glob("*.npy")}
    for pair in pairs:
        # gem5 stops a few retirements later on some cores, which can make a window more.
        count = min(len(pair.cycles), len(sums[pair.program]))
        pair.cycles, pair.parts = pair.cycles[:count], pair.parts[:count]
    return pairs, sums


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--degree", type=int, default=8, help="components of parameters")
    args = parser.parse_args()
    pairs, sums = load([args.data, *([args.judge] if args.judge else [])])
    count = sum(1 for _ in (args.data / "pairs").glob("*.npz"))
    cores = {json.dumps(p.core, sort_keys=True): p.core for p in pairs}
    place = {key: i for i, key in enumerate(cores)}
    table = principal(list(cores.values()), args.degree)
    design = table[[place[json.dumps(p.core, sort_keys=True)] for p in pairs]]
    problem = Problem(pairs, sums, design)
    mine = pairs[count:] if args.judge else pairs
    base = outcome(mine, [p.parts.sum(1) for p in mine])
    print(f"{len(mine)} pairs of {len({p.source for p in mine})} sources")
    program, core = shared(mine, base)
    print(f"of the variance of the twin's errors, clipped at 10 %: {100 * program:.0f} % are the")
    print(f"program's, {100 * core:.0f} % the core's, the rest the pair's own")
    print(HEAD)
    print(line("twin", mine, base, base), flush=True)
    for name, kept, degree in methods(problem.grams.shape[1], args.degree):
        if args.judge:
            print(line(name, mine, judged(problem, count, kept, degree), base), flush=True)
            continue
        print(line(name, mine, cross(problem, kept, degree), base), flush=True)
        for keep in (0.25, 0.5) if args.curve and not degree else ():
            means = [
                100 * np.abs(cross(problem, kept, degree, keep, seed).totals).mean()
                for seed in range(3)
            ]
            told = ", ".join(f"{m:.2f}" for m in means)
            print(f"    with {keep} of the sources: mean {told}", flush=True)


if __name__ == "__main__":
    main()
