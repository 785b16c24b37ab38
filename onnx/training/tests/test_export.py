import json

import numpy as np
import onnx
import pytest
import torch
from perfvec_training import export, graph, network, table
from perfvec_training.mistakes import Mistake


def checkpoint(path, hidden, embedding, relu, seed=0):
    torch.manual_seed(seed)
    shape = network.Shape(7, hidden, embedding, relu, 5.0, [0, 4, 2], [1.0, 0.25, 8.0])
    model = network.Foundation(shape, torch.randn(7), torch.rand(7) + 0.5)
    cores = [{"name": f"c{k}", "kind": "o3", "split": "train", "clock_ghz": 1.5, "rob": 64 + k}
             for k in range(3)]
    width = shape.representation
    network.save(
        path, model, vectors=torch.rand(3, width), cores=json.dumps(cores),
        schema=json.dumps({"name": "toy-7", "hash": "00000000000000bb", "columns": list("abcdefg")}),
        data_hash="d", args=json.dumps({"seed": seed}), step=1, elapsed=60.0, warm=64, errors="{}",
        sums={n: torch.rand(10, width, dtype=torch.float64) * 1000 for n in "wxyz"},
        programs=json.dumps(list("wxyz")))
    return model


@pytest.mark.parametrize("hidden,embedding,relu",
                         [([16], 0, True), ([16], 12, True), ([12, 8], 10, False)])
def test_exported_files_compute_what_pytorch_does(tmp_path, hidden, embedding, relu):
    model = checkpoint(tmp_path / "final.pt", hidden, embedding, relu)
    result = export.export(tmp_path / "final.pt", tmp_path / "toy")
    assert result["difference"] <= 1e-5
    x = export.sample(model, 50, 3, seed=9)
    got, _ = graph.run(str(tmp_path / "toy.onnx"), x)
    with torch.no_grad():
        want = model(torch.from_numpy(x))[0].numpy()
    assert got.shape == want.shape == (50, 3, hidden[-1] + 3)
    np.testing.assert_allclose(got, want, atol=2e-5, rtol=2e-5)
    proto = onnx.load(tmp_path / "toy.onnx")
    props = {p.key: p.value for p in proto.metadata_props}
    metadata, entries, tensors = table.load(tmp_path / "toy.safetensors")
    assert props["perfvec.model_id"] == metadata["perfvec.model_id"] == result["model_id"]
    assert props["perfvec.schema_hash"] == "00000000000000bb" and props["perfvec.warmup"] == "64"
    assert [e["name"] for e in entries] == ["c0", "c1", "c2"]
    assert entries[1]["parameters"] == {"rob": 65} and entries[1]["clock_hz"] == 1.5e9
    assert tensors["vectors"].shape == (3, hidden[-1] + 3)


def test_states_carry_over_between_calls(tmp_path):
    model = checkpoint(tmp_path / "final.pt", [12, 8], 0, True)
    proto = graph.of_network(model, {})
    x = export.sample(model, 40, 2, seed=1)
    whole, _ = graph.run(proto, x)
    first, states = graph.run(proto, x[:15])
    rest, _ = graph.run(proto, x[15:], states)
    np.testing.assert_allclose(np.concatenate([first, rest]), whole, atol=1e-6)


def test_a_difference_is_refused(tmp_path):
    model = checkpoint(tmp_path / "final.pt", [8], 0, True)
    proto = graph.of_network(model, {})
    with torch.no_grad():
        model.bias[0][3] += 0.01
    with pytest.raises(Mistake, match="differs from PyTorch"):
        export.check(model, proto, export.sample(model, 20, 2))


def test_tables_are_sealed(tmp_path):
    path = tmp_path / "t.safetensors"
    entries = [{"name": "a", "clock_hz": 1e9, "kind": "", "parameters": {}, "trained": True}]
    table.save(path, "m", "00", entries, np.ones((1, 4)))
    assert table.load(path)[1] == entries
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="checksum"):
        table.load(path)


def test_distance_is_scaled_to_programs_judged_by_the_others():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(60, 6))
    groups = np.repeat(np.arange(40), 50)
    means = centres[groups] + 0.1 * rng.normal(size=(2000, 6))
    mean, whiten = table.distribution(means, groups, [str(g // 2) for g in range(40)])
    # Programs of other sources that are spread alike: most are inside, as the scale says.
    scores = table.score(centres[40:], mean, whiten)
    assert 0.7 <= np.mean(scores < 1.0) <= 1.0
    assert scores.max() > 0.5
    assert table.score(mean, mean, whiten) == 0.0
    assert table.score(centres.mean(0) + 20.0, mean, whiten) > 3.0
