"""Microarchitecture vectors by regression: ridge with a prior learned from the other cores.

Observations are sums over pieces of a stream: P_w (sum of representations, [D]) and the observed
cycles y_w. A vector M minimises

    sum_w (P_w . M - y_w)^2 / s_w^2  +  (M - mu)' Sigma^-1 (M - mu)

that is, it is the mean of M given noise s_w and the prior N(mu, Sigma). For calibrating a new core
mu and Sigma are the mean and covariance of the vectors of the training cores, and s_w is `noise`
times the cycles of the piece, so that pieces count by their relative error. Everything is solved
in float64. The library's own calibration follows the same formulas.
"""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from perfvec_training.kinds import Array, Group, Json


@dataclasses.dataclass
class Prior:
    """N(mean, covariance) over microarchitecture vectors."""

    mean: Array  # [D]
    covariance: Array  # [D,D]

    @staticmethod
    def of(vectors: Array, ridge: float = 0.1) -> "Prior":
        """From vectors [K,D]: their covariance, plus `ridge` times its mean variance per column
        (and of all columns), without which K < D vectors would forbid most directions."""
        vectors = np.asarray(vectors, np.float64)
        mean = vectors.mean(0)
        centred = vectors - mean
        covariance = centred.T @ centred / max(1, len(vectors) - 1)
        own = np.diag(covariance)
        floor = ridge * (own + 1e-6 * own.mean() + 1e-12)
        return Prior(mean, covariance + np.diag(floor))


def solve(sums: Array, cycles: Array, prior: Prior, noise: float = 0.05,
          weights: Array | None = None) -> Array:
    """The vector [D] from sums [W,D] and cycles [W].

    @param noise relative error expected of a piece (standard deviation over its cycles).
    @param weights optional [W] scale s_w instead of cycles_w.
    """
    sums = np.asarray(sums, np.float64)
    cycles = np.asarray(cycles, np.float64)
    scale = noise * np.maximum(cycles if weights is None else weights, 1.0)
    a = sums / scale[:, None]
    b = (cycles - sums @ prior.mean) / scale
    # With L L' = Sigma and M = mu + L u the system is well scaled: (I + L'A'AL) u = L'A'b.
    factor = np.linalg.cholesky(prior.covariance)
    al = a @ factor
    normal = al.T @ al
    normal[np.diag_indices_from(normal)] += 1.0
    return prior.mean + factor @ np.linalg.solve(normal, al.T @ b)


# Pieces of one program err together, so a program says no more than this many independent ones.
INDEPENDENT = 3.0
# Relative error of an independent piece of 1000 retirements, chosen on the validation programs.
NOISE = 0.2


def normal_equations(groups: Iterable[Group], count: int, width: int,
                     noise: float) -> tuple[Array, Array]:
    """Per core (A'A [D,D], A'y [D]) with every program weighted as INDEPENDENT pieces."""
    gram, right = np.zeros((count, width, width)), np.zeros((count, width))
    for cores, sums, cycles, scale in groups:
        for k, core in enumerate(cores):
            use = np.isfinite(cycles[:, k])
            if use.any():
                weight = min(1.0, INDEPENDENT / use.sum()) / (noise * scale[k]) ** 2
                gram[core] += weight * (sums[use].T @ sums[use])
                right[core] += weight * (sums[use].T @ cycles[use, k])
    return gram, right


def describe(cores: Sequence[Json], floor: float = 0.3) -> Array:
    """Core parameters as regressors [K,P]: a one, then logarithms of numbers and flags of words,
    standardised; rare ones are held down so that a single core does not own a column."""
    columns: dict[str, Array] = {}
    for k, core in enumerate(cores):
        for key, value in core.items():
            if key in ("name", "split"):
                continue
            numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
            name, x = (key, np.log2(1.0 + value)) if numeric else (f"{key}={value}", 1.0)
            columns.setdefault(name, np.full(len(cores), np.nan))[k] = x
    out = [np.ones(len(cores))]
    for name, x in sorted(columns.items()):
        x = np.nan_to_num(x, nan=0.0 if "=" in name else float(np.nanmean(x)))
        if x.std() > 0:
            out.append((x - x.mean()) / max(x.std(), floor))
    return np.stack(out, 1)


def fit_cores(groups: Iterable[Group], count: int, width: int, noise: float = NOISE,
              rounds: int = 20, around: Array | None = None, design: Array | None = None,
              penalty: float = 10.0) -> Array:
    """Vectors [K,D] of all training cores, each with the others as its prior.

    A hierarchical linear model, fitted by expectation maximisation: M_k ~ N(B' phi_k, Sigma) with
    B and Sigma unknown. A core that was timed on few programs stays near what cores with similar
    parameters say.

    @param groups per program: (cores [K_p], sums [W,D], cycles [W,K_p], scale [K_p]); the scale
           is that of errors, usually the core's mean cycles of a piece of this program.
    @param noise relative error of an independent piece.
    @param around vectors [K,D] whose deviations are modelled instead of the vectors themselves.
    @param design phi [K,P] (see describe), the first column ones; None: the same mean for all.
    @param penalty of B, in cores: ridge regression of vectors on standardised parameters.
    """
    gram, right = normal_equations(groups, count, width, noise)
    if around is not None:
        right = right - np.einsum("kij,kj->ki", gram, around)
    # Columns scaled alike, so that one start suits all.
    size = np.sqrt(np.einsum("kii->i", gram) / count) * noise + 1e-12
    gram, right = gram / size[:, None] / size, right / size
    # Start: one vector for all cores, with every core's deviations as wide as a column's share.
    shared = np.linalg.solve(gram.sum(0) + np.eye(width) * gram.trace(axis1=1, axis2=2).sum()
                             / width * 1e-3, right.sum(0))
    phi = np.ones((count, 1)) if design is None else design
    ridge = np.eye(phi.shape[1]) * penalty
    ridge[0, 0] = 0.0
    project = phi @ np.linalg.solve(phi.T @ phi + ridge, phi.T)
    mean, covariance = np.tile(shared, (count, 1)), np.eye(width) * 0.1
    for _ in range(rounds):
        precision = np.linalg.inv(covariance)
        spread = np.linalg.inv(gram + precision)
        vectors = np.einsum("kij,kj->ki", spread, right + mean @ precision)
        mean = project @ vectors
        centred = vectors - mean
        # The weak inverse Wishart prior keeps directions that no program shows from blowing up.
        covariance = (centred.T @ centred + spread.sum(0) + np.eye(width) * 0.01) / (count + 1.0)
    vectors = vectors / size
    return vectors if around is None else vectors + around
