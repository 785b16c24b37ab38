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

import numpy as np


@dataclasses.dataclass
class Prior:
    """N(mean, covariance) over microarchitecture vectors."""

    mean: np.ndarray  # [D]
    covariance: np.ndarray  # [D,D]

    @staticmethod
    def of(vectors, ridge=1e-3):
        """From vectors [K,D]: their covariance, plus `ridge` times its mean variance per column
        (and of all columns), without which K < D vectors would forbid most directions."""
        vectors = np.asarray(vectors, np.float64)
        mean = vectors.mean(0)
        centred = vectors - mean
        covariance = centred.T @ centred / max(1, len(vectors) - 1)
        own = np.diag(covariance)
        floor = ridge * (own + 1e-6 * own.mean() + 1e-12)
        return Prior(mean, covariance + np.diag(floor))


def solve(sums, cycles, prior, noise=0.05, weights=None):
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


def fit_cores(groups, count, width, penalty=1e-3, rounds=3, noise=0.1):
    """Vectors [K,D] of all training cores, each with the others as its prior.

    @param groups per program: (cores [K_p], sums [W,D], cycles [W,K_p], scale [K_p]); the scale
           is that of errors, usually the core's mean cycles of a piece of this program.
    @param penalty of the first round: plain ridge around the vector that all cores share.
    """
    per_core = [[] for _ in range(count)]
    for cores, sums, cycles, scale in groups:
        for k, core in enumerate(cores):
            use = np.isfinite(cycles[:, k])
            if use.any():
                # Every program counts alike, whatever its number of pieces.
                s = np.broadcast_to(scale[k], use.shape)[use] * np.sqrt(use.sum() / 100.0)
                per_core[core].append((sums[use], cycles[use, k], s))
    data = []
    for parts in per_core:
        if parts:
            data.append(tuple(np.concatenate([p[i] for p in parts]) for i in range(3)))
        else:
            data.append((np.zeros((0, width)), np.zeros(0), np.zeros(0)))
    # Start: one vector for all cores, each core's cycles divided by its mean.
    norm = np.sqrt(np.mean([np.mean((d[0] / np.maximum(d[2], 1e-9)[:, None]) ** 2, 0)
                            for d in data if len(d[0])], 0)) + 1e-12
    scale0 = penalty**-0.5 * noise / norm
    prior = Prior(np.zeros(width), np.diag(scale0**2))
    vectors = np.zeros((count, width))
    for _ in range(rounds):
        for k, (sums, cycles, s) in enumerate(data):
            vectors[k] = solve(sums, cycles, prior, noise, s) if len(sums) else prior.mean
        prior = Prior.of(vectors)
    return vectors
