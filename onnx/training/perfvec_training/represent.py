"""Representations of whole programs, computed as the library does: in segments with warm-up.

A piece of `size` rows is run from a zero state through `warm` rows before it (fewer at the start
of a run), then summed. Vectors are fitted to these sums, errors and distances measured on them.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from perfvec_training import fused_lstm
from perfvec_training.kinds import Array
from perfvec_training.network import Foundation, Layer
from perfvec_training.shards import Program

exact = partial(fused_lstm.layer, dtype=torch.float32)


@torch.no_grad()
def piece_sums(model: Foundation, rows: Array, starts: Sequence[tuple[int, int]], size: int,
               warm: int, lanes: int = 128, layer: Layer = exact) -> Array:
    """Sums of representations over `size` rows from each of `starts`: float64 [W,D].

    @param rows [N,F], any float type, also memory-mapped.
    @param starts [(first row, rows of warm-up available before it)].
    """
    out = np.empty((len(starts), model.shape.representation))
    step = max(1, 4096 // lanes)
    by_warm: dict[int, list[int]] = {}
    for i, (_, before) in enumerate(starts):
        by_warm.setdefault(min(warm, before), []).append(i)
    for before, members in by_warm.items():
        for at in range(0, len(members), lanes):
            part = members[at : at + lanes]
            # A full batch keeps the compiled kernels' shape; the padding repeats a lane.
            padded = part + [part[-1]] * (lanes - len(part))
            state = model.zero_state(lanes)
            total = torch.zeros(lanes, model.shape.representation, dtype=torch.float64)
            for t in range(0, before + size, step):
                end = min(t + step, before + size)
                x = np.stack([rows[starts[i][0] - before + t : starts[i][0] - before + end]
                              for i in padded], 1)
                x = torch.from_numpy(x).float()
                h, state = model.hidden(x, state, layer)
                skip = max(0, before - t)
                if skip < end - t:
                    r = torch.cat((h[skip:], model.passed(x[skip:])), 2)
                    total += r.double().sum(0)
            out[part] = total[: len(part)].numpy()
    return out


def program_sums(model: Foundation, program: Program, size: int = 1000, warm: int = 128,
                 lanes: int = 64, stride: int = 1) -> Array:
    """piece_sums of a program of a data set, in the order of its spans."""
    return piece_sums(model, program.features, program.spans(size, stride), size, warm, lanes)
