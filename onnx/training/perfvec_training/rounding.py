"""Rounding of weights to int8 steps before the vectors are fitted.

The int8 engine (src/model/native/quant.rs) rounds each row of weights to whole steps. If training
rounds them the same way before the microarchitecture vectors are fitted, the fit compensates for
the change of the representation, and the engine has nothing left to round: int8 and float32
then run the same network, and differ only by the rounding of features and states.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from perfvec_training.network import Foundation

# Steps of the engine, see src/model/native: features over the range they are clipped to (or 16
# standard deviations), states over [-1, 1].
UNCLIPPED = 16.0
FEATURE_STEPS = 255.0
STATE_STEP = 1.0 / 127.0
WEIGHT_STEPS = 127.0


def feature_steps(model: Foundation, least: Sequence[float]) -> Tensor:
    """The step of each normalised feature's byte, float64 [F]; `least` are the features' smallest
    values by the schema."""
    mean, std = model.mean.double(), model.std.double()
    high = min(model.shape.clip or UNCLIPPED, UNCLIPPED)
    low = (torch.as_tensor(least, dtype=torch.float64) - mean) / std
    low = torch.where((low > -high) & (low < high), low, torch.full_like(low, -high))
    return (high - low) / FEATURE_STEPS


def rounded(rows: Tensor, steps: Tensor) -> Tensor:
    """Weights [R,K] as whole multiples of a step per row, which is divided by `steps` [K]: the step
    of the least squared error of 31 that keep the largest weight at 127 steps or clip it there."""
    rows = rows.detach().double() * steps
    largest = rows.abs().amax(1, keepdim=True).clamp(min=1e-30)
    best, least = torch.zeros_like(rows), torch.full_like(largest, float("inf"))
    for percent in range(100, 69, -1):
        step = largest / WEIGHT_STEPS * (percent / 100)
        on_grid = (rows / step).round().clamp(-WEIGHT_STEPS, WEIGHT_STEPS) * step
        error = ((rows - on_grid) ** 2).sum(1, keepdim=True)
        best = torch.where(error < least, on_grid, best)
        least = torch.minimum(error, least)
    return (best / steps).float()


@torch.no_grad()
def snap(model: Foundation, least: Sequence[float]) -> None:
    """Rounds the weights of `model` in place."""
    steps = feature_steps(model, least)
    if model.embed is not None:
        model.embed.weight.copy_(rounded(model.embed.weight, steps))
        # The embedding's bytes have a step per row of features; the weights meet them as they are.
        steps = torch.ones(model.shape.embedding, dtype=torch.float64)
    for i, (w_ih, w_hh) in enumerate(zip(model.w_ih, model.w_hh)):
        state = torch.full((w_hh.shape[1],), STATE_STEP, dtype=torch.float64)
        if i == 0:
            w_ih.copy_(rounded(w_ih, steps))
            w_hh.copy_(rounded(w_hh, state))
            continue
        # A layer above another has one step for what it takes from below and from itself.
        below = torch.full((w_ih.shape[1],), STATE_STEP, dtype=torch.float64)
        both = rounded(torch.cat((w_ih, w_hh), 1), torch.cat((below, state)))
        w_ih.copy_(both[:, : w_ih.shape[1]])
        w_hh.copy_(both[:, w_ih.shape[1] :])
