"""Whether the out-of-distribution score separates badly estimated programs from the others."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from perfvec_training import accuracy, ridge, table
from perfvec_training.kinds import Array, Json
from perfvec_training.shards import Program, source

FOLDS = 6


def separation(points: Iterable[Json]) -> Json | None:
    """How well the score separates bad estimates (errors over the 80% quantile) from the others: the
    probability that a bad one has the larger score (AUC), and errors up to score 1 and above.
    `points` are {"ood", "error"} of programs not trained on; None for fewer than five."""
    points = [p for p in points if p["ood"] is not None]
    if len(points) < 5:
        return None
    error, distance = (np.array([p[k] for p in points]) for k in ("error", "ood"))
    bad = error > np.quantile(error, 0.8)
    pairs = [(a > b) + 0.5 * (a == b) for a in distance[bad] for b in distance[~bad]]
    parts = {"inside": error[distance <= 1.0], "outside": error[distance > 1.0]}
    return {"auc": float(np.mean(pairs)), "programs": len(points),
            **{k: {"programs": len(e), "mean": float(e.mean()) if len(e) else None,
                   "worst": float(e.max()) if len(e) else None} for k, e in parts.items()}}


def sentence(s: Json) -> str:
    """The separation in words."""
    parts = [f"{s[k]['programs']} {where} 1"
             + (f" (mean error {100 * s[k]['mean']:.2f}%, worst {100 * s[k]['worst']:.2f}%)"
                if s[k]["programs"] else "")
             for k, where in (("inside", "score up to"), ("outside", "score above"))]
    return (f"{s['programs']} programs: {', '.join(parts)}; a program of the worst fifth has a larger "
            f"score than another in {100 * s['auc']:.0f}% of pairs (AUC).")


def left_out(programs: Sequence[Program], cores: int, sums: Mapping[str, Array], piece: int,
             stride: int) -> list[Json]:
    """[{"program", "ood", "error"}] of programs whose source was left out of both the fit of the
    vectors and the distribution. The held-out programs of a model are few and mostly like its
    training programs; these are many, and some are unlike all others.

    @param programs of a data set, `sums` their representations {name: [W,D]} by the network, which
           is not trained again for each fold: only the vectors are fitted again.
    @param cores number of cores in the data set.
    """
    programs = [p for p in programs if p.name in sums]
    sources = sorted({source(p.name) for p in programs})
    means = [sums[p.name] / piece for p in programs]
    numbers = np.repeat(np.arange(len(programs)), [len(m) for m in means])
    scores = table.left_out_scores(np.concatenate(means), numbers,
                                   [source(p.name) for p in programs])
    distance = dict(zip([p.name for p in programs], scores / table.edge(scores)))
    groups = {p.name: accuracy.group(p, sums[p.name], piece, stride) for p in programs}
    points = []
    for fold in range(min(FOLDS, len(sources))):
        apart = set(sources[fold::FOLDS])
        held = [p for p in programs if source(p.name) in apart]
        kept = [groups[p.name] for p in programs if source(p.name) not in apart]
        if not kept:
            continue
        vectors = ridge.fit_cores(kept, cores, means[0].shape[1], rounds=10)
        rows = accuracy.totals(held, [sums[p.name] for p in held], vectors, piece, stride)
        points += [{"program": name, "error": float(np.abs(errors).mean())}
                   for name, errors in accuracy.relative_errors(rows).items()]
    return [{**p, "ood": float(distance[str(p["program"])])} for p in points]
