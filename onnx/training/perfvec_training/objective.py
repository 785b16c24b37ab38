"""The training loss: errors of cycles, summed over windows of several lengths.

What counts is a program's total, but a gradient from totals alone says little about which
instruction cost what. So errors are summed over windows of a few lengths, from one granule to the
whole segment so far, divided by the window's expected cycles, and squared. The expected cycles
are a constant per (segment, core): errors of opposite sign still cancel, and totals stay unbiased.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# Error so far [B,K], granules so far.
Carried = tuple[Tensor, int]


class WindowLoss:
    """@param granule rows that targets are summed over already.
    @param scales window lengths in granules, each dividing a chunk.
    @param weights a factor per scale, and a last one for the segment so far.
    @param local 0 measures errors against the program's mean cycles, 1 against the segment's.
    @param kind "window" as above; "mse" and "l1": each granule's cycles by themselves, as the
           paper trains (with granule 1).
    """

    def __init__(self, granule: int, scales: Sequence[int], weights: Sequence[float],
                 local: float = 0.5, kind: str = "window", cap: float = 0.0) -> None:
        if len(weights) != len(scales) + 1:
            raise ValueError("one weight per scale, and one for the segment so far")
        self.granule, self.scales, self.weights = granule, scales, weights
        self.local, self.kind, self.cap = local, kind, cap

    def norm(self, cycles: Tensor, cpi: Tensor) -> Tensor:
        """Expected cycles per granule [B,K] of a segment: cycles [n,B,K], program means [B,K]."""
        segment = torch.nanmean(cycles, 0).nan_to_num(1.0).clamp(min=1e-3) / self.granule
        return self.granule * cpi ** (1.0 - self.local) * segment**self.local

    def start(self, norm: Tensor) -> Carried:
        """What is carried from chunk to chunk: the error so far, and the granules so far."""
        return torch.zeros_like(norm), 0

    def __call__(self, predicted: Tensor, cycles: Tensor, norm: Tensor,
                 carried: Carried) -> tuple[Tensor, list[float], Carried]:
        """Loss of one chunk [n,B,K]; returns (loss, parts for the log, what is carried on)."""
        known = torch.isfinite(cycles[0])
        count = known.sum().clamp(min=1)
        error = torch.where(known, predicted - cycles.nan_to_num(0.0), 0.0)
        if self.kind != "window":
            e = error if self.kind == "mse" else error.abs()
            loss = (e * e if self.kind == "mse" else e).sum() / (count * len(error))
            return loss, [loss.item()], carried
        error = error / norm
        before, granules = carried
        parts = []
        for scale in self.scales:
            e = error.view(-1, scale, *norm.shape).mean(1)
            parts.append(self._square(e).sum() / (count * len(e)))
        total = error.sum(0)
        granules += len(error)
        parts.append(self._square((before + total) / granules).sum() / count)
        loss = sum(w * p for w, p in zip(self.weights, parts))
        return loss, [p.item() ** 0.5 for p in parts], (before + total.detach(), granules)

    def _square(self, e: Tensor) -> Tensor:
        """Squares, linear beyond `cap` (if given): a rare huge stall must not rule the step."""
        if not self.cap:
            return e * e
        a = e.abs()
        return torch.where(a < self.cap, e * e, self.cap * (2.0 * a - self.cap))
