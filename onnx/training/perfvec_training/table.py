"""Microarch table files, as src/microarch/table_file.rs reads them, and the distance from training.

Out of distribution: the score of a program is the length of `whiten @ (P/n - mean)`, with P/n its
mean representation. Mean and whitening come from the training programs' pieces, with every
program counting alike; the scale is such that 95 of 100 training programs score under 1 when they
are judged by the others (those of other sources).
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import safetensors.numpy
import xxhash

from perfvec_training.kinds import Array, ArrayLike, Json

# Least standard deviation of a column, in its own unit (about its root mean square), and least
# variance of a direction of the standardised columns. What no training program does still counts:
# a program of which a few hundredths are instructions of a kind that training lacks lies outside.
LEAST_DEVIATION = 0.01
LEAST_VARIANCE = 0.01


def checksum(tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> str:
    """XXH3-64 over metadata and tensors in byte order of their names (container.rs)."""
    h = xxhash.xxh3_64()
    for key in sorted(metadata, key=str.encode):
        h.update(f"{key}\n{metadata[key]}\n".encode())
    for name in sorted(tensors, key=str.encode):
        t = tensors[name]
        kind = {"float32": "F32", "float64": "F64"}[t.dtype.name]
        h.update(f"{name}\n{kind}\n{','.join(map(str, t.shape))}\n".encode())
        h.update(t.tobytes())
    return h.hexdigest()


def save(path: str | Path, model_id: str, schema_hash: str, entries: Sequence[Json], vectors: Array,
         ood: tuple[Array, Array] | None = None, **more: object) -> None:
    """Writes a table.

    @param entries dicts with name, clock_hz, kind, parameters, trained; one per row of `vectors`.
    @param ood None or (mean [D], whiten [R,D]).
    @param more further metadata, text.
    """
    vectors = np.ascontiguousarray(vectors, np.float32)
    if len(entries) != len(vectors):
        raise ValueError(f"{len(entries)} entries for {len(vectors)} vectors")
    tensors = {"vectors": vectors}
    if ood is not None:
        tensors["ood.mean"] = np.ascontiguousarray(ood[0], np.float32)
        tensors["ood.whiten"] = np.ascontiguousarray(ood[1], np.float32)
    metadata = {
        "perfvec.format": "microarchs-1", "perfvec.model_id": model_id,
        "perfvec.schema_hash": schema_hash, "perfvec.entries": json.dumps(entries),
        **{k: str(v) for k, v in more.items()},
    }
    metadata["perfvec.checksum"] = checksum(tensors, metadata)
    safetensors.numpy.save_file(tensors, f"{path}.part", metadata)
    os.chmod(f"{path}.part", 0o644)  # safetensors makes files that only their owner can read
    os.replace(f"{path}.part", path)


def load(path: str | Path) -> tuple[dict[str, str], list[Json], dict[str, Array]]:
    """Reads a table: (metadata, entries, tensors)."""
    with safetensors.safe_open(path, "numpy") as file:
        metadata = dict(file.metadata())
        tensors = {name: file.get_tensor(name) for name in list(file.keys())}
    seal = metadata.pop("perfvec.checksum", "")
    if checksum(tensors, metadata) != seal:
        raise ValueError(f"{path}: its checksum is wrong; it was changed or cut short")
    return metadata, json.loads(metadata["perfvec.entries"]), tensors


def entry(core: Json, trained: bool) -> Json:
    """The table entry of a core of cores.json."""
    skip = ("name", "split", "kind", "clock_ghz")
    return {
        "name": core["name"], "clock_hz": core["clock_ghz"] * 1e9, "kind": core.get("kind", ""),
        "parameters": {k: v for k, v in core.items() if k not in skip}, "trained": trained,
    }


def distribution(means: Array, groups: Array, sources: Sequence[str]) -> tuple[Array, Array]:
    """(mean [D], whiten [D,D]) of mean representations [W,D] of pieces; `groups` [W] numbers the
    program of each, which counts alike whatever its number of pieces, and `sources` [P] says what
    each program was made from. The score is 1 at the `edge` of `left_out_scores`."""
    means, groups = np.asarray(means, np.float64), np.asarray(groups)
    mean, whiten = whitening(means, groups)
    return mean, whiten / edge(left_out_scores(means, groups, sources))


def left_out_scores(means: Array, groups: Array, sources: Sequence[str]) -> Array:
    """Unscaled scores [P] of the programs, each judged by those of other sources; NaN where there
    are none. Arguments as for `distribution`."""
    scores = np.full(len(sources), np.nan)
    for one in sorted(set(sources)):
        own = [g for g, s in enumerate(sources) if s == one]
        others = ~np.isin(groups, own)
        if others.any():
            judge = whitening(means[others], groups[others])
            scores[own] = [score(means[groups == g].mean(0), *judge) for g in own]
    return scores


def edge(scores: Array, inside: float = 0.95) -> float:
    """The score that a share of `inside` of the programs stays under; 1 without any."""
    scores = scores[np.isfinite(scores)]
    return float(np.quantile(scores, inside)) if len(scores) else 1.0


def whitening(means: Array, groups: Array) -> tuple[Array, Array]:
    """(mean [D], whiten [D,D]) without the final scale."""
    _, groups, counts = np.unique(groups, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[groups] / len(counts)
    mean = weights @ means
    centred = means - mean
    scale = np.sqrt(weights @ centred**2) + LEAST_DEVIATION
    z = centred / scale
    variances, directions = np.linalg.eigh((z * weights[:, None]).T @ z)
    return mean, (directions / np.sqrt(np.maximum(variances, LEAST_VARIANCE))).T / scale


def score(mean_representation: ArrayLike, mean: Array, whiten: Array) -> Array:
    """Out-of-distribution score of mean representations [...,D]."""
    return np.linalg.norm((np.asarray(mean_representation) - mean) @ whiten.T, axis=-1)
