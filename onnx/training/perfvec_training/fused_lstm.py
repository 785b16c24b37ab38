"""One LSTM layer for training on CPUs: bfloat16 products, float32 state, one fused cell.

`torch.nn.LSTM` on a CPU spends its time in float32 products and in the barriers of its threads.
Here a step is one bfloat16 product over [x_t, h_t-1] and one fused elementwise kernel, which is
four to ten times the rate of a core with AVX-512 BF16. Run one single-threaded process per core
(`torchrun`, or `perfvec-training train --processes N`), not many threads in one process.

Master weights, cell states and gradients of the weights stay float32. `reference` is the same
layer in plain float32 operations: what the exported graph computes, and the oracle of the tests.
"""

from typing import Any

import torch
from torch import Tensor


def _cell(gates: Tensor, bias: Tensor, c_prev: Tensor, act: Tensor, c: Tensor, h: Tensor) -> None:
    """Pre-activations [B,4H] (gate order i, f, g, o) to activations, cell state and output."""
    size = c_prev.shape[1]
    z = gates.float() + bias
    i = torch.sigmoid(z[:, :size])
    f = torch.sigmoid(z[:, size : 2 * size])
    # tanh(x) = 2 sigmoid(2x) - 1: the vectorised sigmoid is five times as fast.
    g = 2.0 * torch.sigmoid(2.0 * z[:, 2 * size : 3 * size]) - 1.0
    o = torch.sigmoid(z[:, 3 * size :])
    new = f * c_prev + i * g
    c.copy_(new)
    h.copy_((o * (2.0 * torch.sigmoid(2.0 * new) - 1.0)).to(h.dtype))
    act[:, :size] = i.to(act.dtype)
    act[:, size : 2 * size] = f.to(act.dtype)
    act[:, 2 * size : 3 * size] = g.to(act.dtype)
    act[:, 3 * size :] = o.to(act.dtype)


def _cell_back(dout: Tensor, drec: Tensor, dc_next: Tensor, act: Tensor, c: Tensor, c_prev: Tensor,
               dgates: Tensor, dc_prev: Tensor) -> None:
    """The gradient of `_cell`; writes `dgates` [B,4H] and `dc_prev` [B,H]."""
    size = c.shape[1]
    i, f = act[:, :size].float(), act[:, size : 2 * size].float()
    g, o = act[:, 2 * size : 3 * size].float(), act[:, 3 * size :].float()
    dh = dout + drec.float()
    t = 2.0 * torch.sigmoid(2.0 * c) - 1.0
    dc = dc_next + dh * o * (1.0 - t * t)
    dgates[:, :size] = (dc * g * i * (1.0 - i)).to(dgates.dtype)
    dgates[:, size : 2 * size] = (dc * c_prev * f * (1.0 - f)).to(dgates.dtype)
    dgates[:, 2 * size : 3 * size] = (dc * i * (1.0 - g * g)).to(dgates.dtype)
    dgates[:, 3 * size :] = (dh * t * o * (1.0 - o)).to(dgates.dtype)
    dc_prev.copy_(dc * f)


_kernels: dict[str, Any] = {"cell": _cell, "back": _cell_back, "compiled": False}


def compile_kernels() -> None:
    """Compiles the cells with torch.compile; without it (no C++ compiler) all works, slower."""
    if not _kernels["compiled"]:
        _kernels["cell"] = torch.compile(_cell, dynamic=False)
        _kernels["back"] = torch.compile(_cell_back, dynamic=False)
        _kernels["compiled"] = True


class _Layer(torch.autograd.Function):
    """The fused layer as a function with a gradient."""
    @staticmethod
    def forward(ctx: Any, x: Tensor, h0: Tensor, c0: Tensor, w_ih: Tensor, w_hh: Tensor,
                bias: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        steps, lanes, inputs = x.shape
        size = w_hh.shape[1]
        # z[t] = [x_t, h_t-1]: one product a step, and the operand of the weights' gradient.
        z = torch.empty(steps + 1, lanes, inputs + size, dtype=dtype)
        z[:steps, :, :inputs] = x
        z[0, :, inputs:] = h0
        weight = torch.cat((w_ih, w_hh), 1).to(dtype).t().contiguous()
        act = torch.empty(steps, lanes, 4 * size, dtype=dtype)
        cells = torch.empty(steps + 1, lanes, size)
        cells[0] = c0
        gates = torch.empty(lanes, 4 * size, dtype=dtype)
        cell = _kernels["cell"]
        for t in range(steps):
            torch.mm(z[t], weight, out=gates)
            cell(gates, bias, cells[t], act[t], cells[t + 1], z[t + 1, :, inputs:])
        ctx.save_for_backward(z, act, cells, w_ih, w_hh)
        ctx.dtype = dtype
        h = z[1:, :, inputs:].float()
        return h, h[-1], cells[steps].clone()

    @staticmethod
    def backward(ctx: Any, dh: Tensor, dh_last: Tensor,
                 dc_last: Tensor) -> tuple[Tensor | None, ...]:
        z, act, cells, w_ih, w_hh = ctx.saved_tensors
        steps, lanes, four = act.shape
        size, inputs = four // 4, w_ih.shape[1]
        dgates = torch.empty(steps, lanes, four, dtype=ctx.dtype)
        recurrent = w_hh.to(ctx.dtype)
        drec = dh_last.to(ctx.dtype).clone()
        dc, dc_prev = dc_last.clone(), torch.empty(lanes, size)
        back = _kernels["back"]
        dh = dh.contiguous()
        for t in range(steps - 1, -1, -1):
            back(dh[t], drec, dc, act[t], cells[t + 1], cells[t], dgates[t], dc_prev)
            dc, dc_prev = dc_prev, dc
            torch.mm(dgates[t], recurrent, out=drec)
        flat = dgates.view(-1, four)
        dw = torch.mm(flat.t(), z[:steps].reshape(-1, inputs + size)).float()
        dx = None
        if ctx.needs_input_grad[0]:
            dx = torch.mm(flat, w_ih.to(ctx.dtype)).float().view(steps, lanes, inputs)
        dbias = flat.sum(0, dtype=torch.float32)
        return dx, drec.float(), dc, dw[:, :inputs], dw[:, inputs:], dbias, None


def layer(x: Tensor, h0: Tensor, c0: Tensor, w_ih: Tensor, w_hh: Tensor, bias: Tensor,
          dtype: torch.dtype = torch.bfloat16) -> tuple[Tensor, Tensor, Tensor]:
    """x [T,B,I], states [B,H], weights [4H,I], [4H,H], [4H] to (h [T,B,H], h_T, c_T)."""
    return _Layer.apply(x, h0, c0, w_ih, w_hh, bias, dtype)


def reference(x: Tensor, h0: Tensor, c0: Tensor, w_ih: Tensor, w_hh: Tensor,
              bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The same layer in plain float32 operations."""
    h, c, out = h0, c0, []
    projected = x @ w_ih.t() + bias
    for step in projected:
        i, f, g, o = (step + h @ w_hh.t()).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        out.append(h)
    return torch.stack(out), h, c
