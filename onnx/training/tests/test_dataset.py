import json

import numpy as np
import pytest
import synthetic
from perfvec_training import cycles as cycle_files
from perfvec_training import dataset
from perfvec_training.shards import Data, Sampler


def test_rows_and_cycles_are_those_of_the_stream(recording, dataset_folder):
    data = Data(dataset_folder)
    assert len(data.train) == 8 and len(data.cores) == 5 and not data.valid
    for i, p in enumerate(data.train):
        x = synthetic.features(i, 16000)
        for r in p.runs:
            at = r["row"] + r["warm"]
            span = slice(r["first"] - r["warm"], r["first"] + r["length"])
            rows = p.features[r["row"] : at + r["length"]]
            np.testing.assert_allclose(rows, x[span], atol=1e-3)
            for k, core in enumerate(p.cores):
                y = synthetic.cycles(x, synthetic.core_parameters(int(core)))
                got = p.cycles[k, at : at + r["length"]]
                np.testing.assert_array_equal(got, y[r["first"] : r["first"] + r["length"]])
            assert np.isnan(p.cycles[:, r["row"] : at]).all()


def test_unseen_cores_are_kept_apart(dataset_folder):
    seen, unseen = Data(dataset_folder), Data(dataset_folder, splits=("unseen",))
    assert {c["name"] for c in unseen.cores} == {"new-0", "new-1"}
    assert not {c["name"] for c in seen.cores} & {c["name"] for c in unseen.cores}
    assert len(unseen.train) == 2


def test_valid_sources_leave_training(dataset_folder):
    data = Data(dataset_folder, valid=["toy3"])
    assert [p.name for p in data.valid] == ["toy3-a"]
    assert "toy3-a" not in [p.name for p in data.train]


def test_building_again_does_nothing_until_a_core_arrives(recording, tmp_path):
    folder = tmp_path / "rec"
    command = synthetic.record(folder, programs=1, per_program=2)
    out = tmp_path / "out"
    dataset.build(folder, out, command, "toy-1")
    features = out / "toy0-a" / "features.npy"
    stamp = features.stat().st_mtime_ns
    extra = folder / "cycles" / "toy0-a" / "core-4.pvc"
    extra.write_bytes((folder / "cycles" / "toy0-a" / "core-0.pvc").read_bytes())
    dataset.build(folder, out, command, "toy-1")
    assert features.stat().st_mtime_ns == stamp
    meta = json.loads((out / "toy0-a" / "meta.json").read_text())
    assert "core-4" in meta["cores"]


def test_another_stream_is_refused(tmp_path):
    command = synthetic.record(tmp_path / "rec", programs=1)
    path = next((tmp_path / "rec" / "cycles" / "toy0-a").glob("*.pvc"))
    windows = [[1000, 5000], [9000, 6000]]
    other = synthetic.features(77, 16000)
    synthetic.write_cycles(path, np.ones(11000, np.int64), windows,
                           synthetic.block_hashes(other, windows))
    with pytest.raises(cycle_files.CycleFileError, match="different streams"):
        dataset.build(tmp_path / "rec", tmp_path / "out", command, "toy-1")


def test_large_cycle_counts_survive(tmp_path):
    values = np.array([1, 65535, 70000, 65534], np.int64)
    synthetic.write_cycles(tmp_path / "a.pvc", values, [[0, 4]], [1])
    np.testing.assert_array_equal(cycle_files.read(tmp_path / "a.pvc").array(), values)


def test_batches_are_exact_sums(dataset_folder):
    data = Data(dataset_folder)
    sampler = Sampler(data, lanes=8, warm=64, length=512, granule=16, seed=3)
    x, y, cpi = sampler.batch()
    assert x.shape == (576, 8, 6) and y.shape == (32, 8, 5) and cpi.shape == (8, 5)
    cores = [synthetic.core_parameters(k) for k in range(5)]
    for lane in range(8):
        rows = x[:, lane].astype(np.float64)
        after = np.concatenate([[0.0], rows[:-1, 2] * rows[1:, 1]])
        for k, core in enumerate(cores):
            if np.isnan(y[0, lane, k]):
                continue
            exact = (core["base"] + core["load"] * rows[:, 1] + core["miss"] * rows[:, 2]
                     + core["after"] * after)[64:].reshape(32, 16).sum(1)
            assert np.abs(y[:, lane, k] - exact).max() < 16
            assert abs(y[:, lane, k].sum() - exact.sum()) < 60
    again = Sampler(data, lanes=8, warm=64, length=512, granule=16, seed=3).batch()
    np.testing.assert_array_equal(x, again[0])
