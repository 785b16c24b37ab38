import json

import numpy as np
import pytest
import torch
from perfvec_training import floor, fused_lstm, network, represent, ridge, train
from perfvec_training.objective import WindowLoss
from perfvec_training.shards import Data


@pytest.mark.parametrize("dtype,tolerance", [(torch.float32, 2e-5), (torch.bfloat16, 0.05)])
def test_fused_layer_and_its_gradient_are_those_of_the_reference(dtype, tolerance):
    def inputs():
        torch.manual_seed(1)
        shapes = [(12, 4, 7), (4, 8), (4, 8), (32, 7), (32, 8), (32,)]
        return [torch.randn(s).mul(0.4).requires_grad_() for s in shapes]

    a, b = inputs(), inputs()
    got, want = fused_lstm.layer(*a, dtype), fused_lstm.reference(*b)
    torch.manual_seed(2)
    weights = [torch.randn_like(w) for w in want]
    sum((g * w).sum() for g, w in zip(got, weights)).backward()
    sum((g * w).sum() for g, w in zip(want, weights)).backward()
    for g, w in zip(got, want):
        assert (g - w).abs().max() < tolerance
    for p, q in zip(a, b):
        assert (p.grad - q.grad).abs().max() < tolerance * max(1.0, q.grad.abs().max())


def test_reference_is_torch_lstm():
    torch.manual_seed(3)
    lstm = torch.nn.LSTM(5, 6)
    x, h, c = torch.randn(9, 2, 5), torch.randn(2, 6), torch.randn(2, 6)
    want, (hn, cn) = lstm(x, (h[None], c[None]))
    got = fused_lstm.reference(x, h, c, lstm.weight_ih_l0, lstm.weight_hh_l0,
                               lstm.bias_ih_l0 + lstm.bias_hh_l0)
    for a, b in zip(got, (want, hn[0], cn[0])):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-6)


def test_piece_sums_are_sums_of_representations():
    torch.manual_seed(4)
    shape = network.Shape(5, [8, 6], embedding=7, passthrough=[0, 3], scale=[2.0, 0.5])
    model = network.Foundation(shape)
    rows = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    starts = [(0, 0), (40, 40), (120, 30)]
    got = represent.piece_sums(model, rows, starts, 50, warm=32, lanes=4)
    for (row, before), s in zip(starts, got):
        before = min(before, 32)
        x = torch.from_numpy(rows[row - before : row + 50])[:, None]
        want = model(x)[0][before:, 0].double().sum(0).detach().numpy()
        np.testing.assert_allclose(s, want, rtol=1e-4, atol=1e-4)


def test_errors_that_cancel_cost_nothing_at_the_long_scale():
    loss = WindowLoss(1, [1, 4], [0.0, 0.0, 1.0], local=0.0)
    cycles = torch.full((8, 1, 2), 3.0)
    cycles[:, :, 1] = float("nan")
    predicted = cycles.nan_to_num(99.0).clone()
    predicted[::2] += 1.0
    predicted[1::2] -= 1.0
    norm = loss.norm(cycles, torch.full((1, 2), 3.0))
    value, parts, (carried, granules) = loss(predicted, cycles, norm, loss.start(norm))
    assert value.item() < 1e-10 and granules == 8 and carried.abs().max() < 1e-5
    assert abs(parts[0] - 1.0 / 3.0) < 1e-5


def test_carried_errors_are_those_of_one_long_chunk():
    loss = WindowLoss(1, [1], [0.0, 1.0], local=0.0)
    torch.manual_seed(5)
    cycles, predicted = torch.rand(12, 3, 2) + 1, torch.rand(12, 3, 2) + 1
    norm = loss.norm(cycles, torch.ones(3, 2))
    whole, _, _ = loss(predicted, cycles, norm, loss.start(norm))
    _, _, carried = loss(predicted[:8], cycles[:8], norm, loss.start(norm))
    parts, _, _ = loss(predicted[8:], cycles[8:], norm, carried)
    assert abs(whole.item() - parts.item()) < 1e-6


def test_calibration_moves_from_the_prior_to_the_truth():
    rng = np.random.default_rng(6)
    vectors = rng.normal(1.0, 0.3, (40, 6))
    prior = ridge.Prior.of(vectors)
    truth = rng.normal(1.0, 0.3, 6)
    sums = rng.uniform(1, 5, (400, 6)) * 100
    cycles = sums @ truth * rng.normal(1.0, 0.02, 400)
    errors = [np.abs(ridge.solve(sums[:n], cycles[:n], prior, 0.02) - truth).max()
              for n in (0, 10, 400)]
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.05
    np.testing.assert_allclose(ridge.solve(sums[:0], cycles[:0], prior), prior.mean)


def test_a_core_with_little_data_borrows_from_the_others():
    rng = np.random.default_rng(7)
    base = rng.uniform(1, 2, 4)
    truth = base + rng.normal(0, 0.05, (12, 4))
    groups = []
    for core in range(12):
        sums = rng.uniform(0, 3, (3 if core == 0 else 60, 4)) * 50
        cycles = (sums @ truth[core])[:, None]
        groups.append((np.array([core]), sums, cycles, cycles.mean(0)))
    got = ridge.fit_cores(groups, 12, 4, noise=0.02)
    assert np.abs(got[0] - truth[0]).max() < 0.2
    assert np.abs(got[1:] - truth[1:]).max() < 0.1


def test_training_beats_the_linear_floor_and_resumes(dataset_folder, tmp_path):
    common = [str(dataset_folder), str(tmp_path), "--valid", "toy6", "toy7", "--eager", "--hidden",
              "8", "--lanes", "8", "--segment", "256", "--warm", "32", "--rate", "3e-2",
              "--average", "0.9", "--minutes", "5", "--check", "99"]
    run = train.Run(train.parse([*common, "--steps", "40"]))
    start = run.start_error()["mean"]
    run.train()
    run = train.Run(train.parse([*common, "--steps", "200"]))
    run.train()
    assert run.step == 200
    final = torch.load(tmp_path / "final.pt", weights_only=True)
    errors = json.loads(final["errors"])
    best = min(errors[c]["valid"]["mean"] for c in errors)
    data = Data(dataset_folder, valid=["toy6", "toy7"])
    linear, _ = floor.floors(data, {"all": ["*"]})
    assert best < 0.8 * linear["all"]["valid"]["mean"]
    assert best < 0.8 * start
    lines = (tmp_path / "curves.csv").read_text().splitlines()
    assert lines[0].startswith("step,minutes") and len(lines) == 3
