"""Distances of programs from the others, and whether they tell bad estimates."""

import numpy as np
import pytest
from perfvec_training import separation, table


class Timed:
    """A program of `pieces` pieces, timed on every core: cycles are its sums times the vectors."""

    def __init__(self, name, sums, vectors, size):
        self.name, self.sums, self.size = name, sums, size
        self.cores, self.cycles = np.arange(len(vectors)), sums @ vectors.T

    def cycle_sums(self, size, stride=1):
        assert (size, stride) == (self.size, 4)
        return self.cycles


@pytest.fixture
def programs():
    """Twelve sources alike, and one that uses a column that the others never do."""
    rng = np.random.default_rng(3)
    vectors = rng.uniform(0.5, 1.5, (3, 5))
    out = []
    for i in range(13):
        sums = rng.uniform(50.0, 150.0, (20, 5))
        sums[:, 4] = 900.0 if i == 12 else 0.0
        out += [Timed(f"source{i}-{variant}", sums + variant_shift, vectors, 100)
                for variant, variant_shift in (("a", 0.0), ("b", rng.uniform(0, 1, (20, 1))))]
    for p in out[:-2]:
        p.sums[:, 4] = 0.0
        p.cycles = p.sums @ vectors.T
    return out


def test_a_program_unlike_all_others_is_far_and_badly_estimated(programs):
    points = {p["program"]: p for p in separation.left_out(
        programs, 3, {p.name: p.sums for p in programs}, 100, 4)}
    assert len(points) == len(programs)
    others = [p for name, p in points.items() if not name.startswith("source12")]
    for name in ("source12-a", "source12-b"):
        # Nobody else has the column, so its cycles are missing from the estimate.
        assert points[name]["error"] > 0.5 and points[name]["ood"] > 1.0
    assert max(p["error"] for p in others) < 0.05
    assert max(p["ood"] for p in others) < min(points["source12-a"]["ood"],
                                               points["source12-b"]["ood"])


def test_the_edge_holds_all_but_a_twentieth(programs):
    means = np.concatenate([p.sums / 100 for p in programs])
    groups = np.repeat(np.arange(len(programs)), 20)
    sources = [p.name[:-2] for p in programs]
    scores = table.left_out_scores(means, groups, sources)
    assert np.isfinite(scores).all()
    assert 0 < (scores > table.edge(scores)).sum() <= 2  # of 26
    # The scores of a distribution of other programs, one by one, are the oracle.
    others = np.array([g for g, s in enumerate(sources) if s != sources[0]])
    judge = table.whitening(means[np.isin(groups, others)], groups[np.isin(groups, others)])
    assert scores[1] == pytest.approx(float(table.score(means[groups == 1].mean(0), *judge)))


def test_separation_counts_pairs_and_sides():
    points = [{"ood": d, "error": e} for d, e in
              ((0.1, 0.01), (0.2, 0.02), (0.3, 0.03), (0.4, 0.02), (2.0, 0.5))]
    found = separation.separation([*points, {"ood": None, "error": 9.0}])
    assert found["auc"] == 1.0 and found["programs"] == 5
    assert found["outside"] == {"programs": 1, "mean": 0.5, "worst": 0.5}
    assert "4 score up to 1 (mean error 2.00%, worst 3.00%)" in separation.sentence(found)
    inside = separation.separation([{**p, "ood": p["ood"] / 4} for p in points])
    assert "0 score above 1; a program of the worst" in separation.sentence(inside)
    assert separation.separation(points[:4]) is None
