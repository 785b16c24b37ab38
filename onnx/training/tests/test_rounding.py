import numpy as np
import pytest
import torch
from perfvec_training import network, rounding


def model(hidden, embedding=0, clip=8.0):
    torch.manual_seed(5)
    shape = network.Shape(9, hidden, embedding, clip=clip)
    return network.Foundation(shape, torch.rand(9), torch.rand(9) + 0.1)


def test_feature_steps_cover_the_range_between_least_and_clip():
    m = model([4], clip=5.0)
    least = [0.0] * 8 + [-np.inf]
    steps = rounding.feature_steps(m, least).numpy()
    mean, std = m.mean.double().numpy(), m.std.double().numpy()
    low = -mean / std
    for c in range(8):
        want = 10.0 if low[c] <= -5.0 else 5.0 - low[c]
        assert steps[c] == pytest.approx(want / 255)
    assert steps[8] == pytest.approx(10.0 / 255)


def test_rounded_rows_are_whole_steps_near_what_they_were():
    rng = np.random.default_rng(3)
    rows = torch.from_numpy(rng.normal(size=(20, 30)).astype(np.float32))
    rows[7] = 0.0
    steps = torch.from_numpy(rng.uniform(0.1, 3.0, 30))
    got = rounding.rounded(rows, steps)
    assert (got[7] == 0).all()
    for before, after in zip(rows.double() * steps, got.double() * steps):
        largest = after.abs().max() / 127
        if largest == 0:
            continue
        whole = after / largest
        assert (whole - whole.round()).abs().max() < 1e-3
        # Half a step, but for weights that are clipped.
        inside = before.abs() < 127 * largest
        assert ((after - before)[inside].abs() <= 0.501 * largest).all()


@pytest.mark.parametrize("hidden,embedding", [([8], 0), ([8], 6), ([8, 5], 0)])
def test_rounding_twice_changes_nothing(hidden, embedding):
    m = model(hidden, embedding)
    before = [p.detach().clone() for p in m.parameters()]
    rounding.snap(m, [0.0] * 9)
    once = [p.detach().clone() for p in m.parameters()]
    assert any((a != b).any() for a, b in zip(before, once))
    rounding.snap(m, [0.0] * 9)
    for a, b in zip(once, m.parameters()):
        torch.testing.assert_close(a, b.detach(), rtol=1e-5, atol=1e-7)
