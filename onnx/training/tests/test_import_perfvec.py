"""Published checkpoints: what comes in, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from perfvec_training import graph, import_perfvec, table
from perfvec_training.mistakes import Mistake

SCHEMA = {"name": "perfvec-51", "hash": "00000000000000cc", "columns": ["c"] * 51}


def published(hidden=16, layers=2, archs=5, targets=1, kind=torch.nn.LSTM):
    """(LSTM, head, state dict) named as the published `InsLSTM` names them."""
    torch.manual_seed(4)
    lstm = kind(51, hidden, layers, batch_first=True)
    head = torch.nn.Linear(hidden, archs * targets, bias=False)
    state = {f"lstm.{k}": v.detach() for k, v in lstm.state_dict().items()}
    state["linear.weight"] = head.weight.detach()
    return lstm, head, state


def arguments(**changes):
    return SimpleNamespace(**{"targets": 1, "target": None, "names": None, "isa": "armv8",
                              "warmup": 255, "clock_ghz": [1.0, 2.0, 2.5, 3.0, 4.0], **changes})


def statistics(rng):
    std = rng.uniform(0.5, 2, 51)
    std[7] = 0.0  # of a column that never changes, which the published scripts take for 1
    return {"mean": rng.normal(size=51), "std": std}


# Columns of the third target, or of the last of fewer; or of the one that is asked for.
@pytest.mark.parametrize("targets,target,taken",
                         [(1, None, 0), (2, None, 1), (3, None, 2), (6, None, 2), (6, 1, 1)])
def test_a_published_checkpoint_predicts_the_same_times(tmp_path, targets, target, taken):
    lstm, head, state = published(targets=targets)
    rng = np.random.default_rng(5)
    stats = statistics(rng)
    args = arguments(targets=targets, target=target)
    import_perfvec.convert(state, stats, tmp_path / "p", SCHEMA, args)
    x = rng.normal(size=(300, 1, 51)).astype(np.float32)
    got, _ = graph.run(str(tmp_path / "p.onnx"), x)
    _, entries, tensors = table.load(tmp_path / "p.safetensors")
    std = np.where(stats["std"] == 0.0, 1.0, stats["std"])
    normal = torch.from_numpy(((x - stats["mean"]) / std).astype(np.float32)).transpose(0, 1)
    with torch.no_grad():
        # What the published model gives for the last of 256 instructions.
        window = torch.relu(lstm(normal[:, :256])[0])[:, -1]
        every = torch.relu(lstm(normal)[0])
        tenths = head(every)[0].numpy().reshape(300, 5, targets)[:, :, taken]
    np.testing.assert_allclose(got[255], window.numpy(), atol=1e-5)
    np.testing.assert_allclose(got[:, 0], every[0].numpy(), atol=1e-5)
    seconds = got[:, 0] @ tensors["vectors"].T / np.array([e["clock_hz"] for e in entries])
    np.testing.assert_allclose(seconds * 1e10, tenths, atol=1e-5)


@pytest.mark.parametrize("wrapper", ["module.", "_orig_mod.", "_orig_mod.module.",
                                     "module._orig_mod."])
def test_names_of_a_wrapped_model_are_known(wrapper):
    _, _, state = published()
    plain, head = import_perfvec.weights(state)
    got, got_head = import_perfvec.weights({wrapper + k: v for k, v in state.items()})
    for a, b in zip(plain, got):
        for x, y in zip(a, b):
            np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(head, got_head)


def test_a_checkpoint_may_hold_more_than_the_weights(tmp_path):
    _, _, state = published()
    torch.save({"name": "InsLSTM(16,2,narchs=5,bias=False)", "epoch": 3, "best_loss": 0.5,
                "optimizer_state_dict": {"state": {}}, "model_state_dict": state}, tmp_path / "c.pt")
    assert import_perfvec.read_state(tmp_path / "c.pt").keys() == state.keys()
    torch.save(state, tmp_path / "bare.pt")
    assert import_perfvec.read_state(tmp_path / "bare.pt").keys() == state.keys()


def test_the_model_id_is_that_of_weights_and_statistics(tmp_path):
    _, _, state = published()
    stats = statistics(np.random.default_rng(5))

    def identity():
        return import_perfvec.convert(state, stats, tmp_path / "p", SCHEMA, arguments())

    first = identity()
    assert identity() == first
    stats["mean"][3] += 1.0
    assert identity() != first


def changed(**more):
    state = published()[2]
    state.update({k.replace("__", "."): v for k, v in more.items()})
    return state


@pytest.mark.parametrize("state,message", [
    (changed(linear__bias=torch.zeros(5)), r"linear\.bias"),
    (changed(lstm__weight_ih_l0_reverse=torch.zeros(64, 51)), "weight_ih_l0_reverse"),
    ({k: v for k, v in published()[2].items() if k != "lstm.bias_hh_l1"}, r"missing.*bias_hh_l1"),
    ({"linear.weight": torch.zeros(5, 16)}, "not the state dict"),
    (published(kind=torch.nn.GRU)[2], "GRU"),
    (changed(linear__weight=torch.zeros(5, 17)), r"linear\.weight is \(5, 17\)"),
    (changed(lstm__bias_ih_l0=torch.full((64,), float("nan"))), "bias_ih_l0 .* not finite"),
    (torch.zeros(3), "no state dict"),
    ({"epoch": 3}, "no state dict"),
])
def test_a_foreign_checkpoint_is_named(state, message):
    with pytest.raises(Mistake, match=message):
        import_perfvec.weights(state)


def test_foreign_files_are_named(tmp_path):
    path = tmp_path / "file"
    for write in (lambda: path.write_text("text"), lambda: path.write_bytes(b""),
                  lambda: torch.save(torch.nn.Linear(2, 2), path)):
        write()
        with pytest.raises(Mistake, match="no checkpoint"):
            import_perfvec.read_state(path)
        with pytest.raises(Mistake, match="no .npz file"):
            import_perfvec.read_stats(path)
    np.savez(tmp_path / "s.npz", mean=np.zeros(51))
    with pytest.raises(Mistake, match="std"):
        import_perfvec.read_stats(tmp_path / "s.npz")


def test_widths_names_and_targets_must_fit(tmp_path):
    _, _, state = published()
    stats = statistics(np.random.default_rng(5))

    def convert(stats, **changes):
        import_perfvec.convert(state, stats, tmp_path / "p", SCHEMA, arguments(**changes))

    with pytest.raises(Mistake, match="widths differ: statistics 50"):
        convert({k: v[:50] for k, v in stats.items()})
    with pytest.raises(Mistake, match="not finite"):
        convert({**stats, "std": -stats["std"]})
    with pytest.raises(Mistake, match="no multiple of 2"):
        convert(stats, targets=2)
    with pytest.raises(Mistake, match="--target 5 is not one of 5"):
        convert(stats, targets=5, target=5, clock_ghz=[1.0])
    with pytest.raises(Mistake, match="5 microarchitectures, but 2 names"):
        convert(stats, names=["a", "b"])
