#!/usr/bin/env python3
"""Times the published way of inference: a window of instructions for every single instruction.

    pytorch_windowed.py MODEL.onnx [--window 256] [--batch 64]

Runs the LSTM layers of the model in PyTorch on one CPU thread, each instruction with its own
window from a zero state, and prints instructions per second for windowed and for stateful
inference. Checks first that the last steps of a window are what ONNX Runtime says.
Needs numpy, onnx, onnxruntime and torch.
"""

import argparse
import time

import numpy as np
import onnxruntime
import torch

import onnx
from onnx import numpy_helper


class Network(torch.nn.Module):
    """The graphs of graph.py and make_test_models.py (which spells names with dots): normalisation,
    embedding, LSTM layers, relu. Features that are passed through are left out."""

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        w = {t.name.replace("_", ".").replace("embed.", "embedding."):
             torch.from_numpy(numpy_helper.to_array(t).copy())
             for t in model.graph.initializer}
        self.mean, self.std = w["mean"], w["std"]
        self.low, self.high = float(w["low"]), float(w["high"])
        self.embedding = (w["embedding.w"], w["embedding.b"]) if "embedding.w" in w else None
        kinds = [n.op_type for n in model.graph.node]
        self.relu = "Relu" in kinds[len(kinds) - kinds[::-1].index("LSTM"):]
        self.layers = torch.nn.ModuleList()
        i = 0
        while f"lstm{i}.w" in w:
            self.layers.append(self.layer(w[f"lstm{i}.w"][0], w[f"lstm{i}.r"][0],
                                          w[f"lstm{i}.b"][0]))
            i += 1

    @staticmethod
    def layer(wx: torch.Tensor, wh: torch.Tensor, b: torch.Tensor) -> torch.nn.LSTM:
        hidden = wh.shape[1]

        def ifgo(x: torch.Tensor) -> torch.Tensor:  # ONNX orders the gates i, o, f, c
            i, o, f, c = x.split(hidden)
            return torch.cat([i, f, c, o])

        lstm = torch.nn.LSTM(wx.shape[1], hidden)
        with torch.no_grad():
            lstm.weight_ih_l0.copy_(ifgo(wx))
            lstm.weight_hh_l0.copy_(ifgo(wh))
            lstm.bias_ih_l0.copy_(ifgo(b[: 4 * hidden]))
            lstm.bias_hh_l0.copy_(ifgo(b[4 * hidden :]))
        return lstm

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Representations [T,B,H] of features [T,B,F], from zero states."""
        x = ((x - self.mean) / self.std).clamp(self.low, self.high)
        if self.embedding:
            x = torch.relu(x @ self.embedding[0] + self.embedding[1])
        for lstm in self.layers:
            x, _ = lstm(x)
        return torch.relu(x) if self.relu else x


def check(model: onnx.ModelProto, network: Network, x: torch.Tensor) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    feeds = {"features": x.numpy()}
    for value in session.get_inputs()[1:]:
        feeds[value.name] = np.zeros((1, x.shape[1], value.shape[2]), np.float32)
    want = session.run(["representation"], feeds)[0]
    got = network(x).numpy()
    np.testing.assert_allclose(got, want[..., : got.shape[2]], atol=1e-4)


def rate(network: Network, x: torch.Tensor, instructions: int, seconds: float) -> float:
    """Instructions per second where one pass over `x` prices that many; best of its passes."""
    best, end = float("inf"), time.process_time() + seconds
    while time.process_time() < end or best == float("inf"):
        start = time.process_time()
        network(x)
        best = min(best, time.process_time() - start)
    return instructions / best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--window", type=int, default=256)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=6.0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = onnx.load(args.model)
    network = Network(model)
    shape = (args.window, args.batch, network.mean.numel())
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    x = x * network.std + network.mean
    with torch.inference_mode():
        check(model, network, x[:16])
        windowed = rate(network, x, args.batch, args.seconds)
        stateful = rate(network, x, args.batch * args.window, args.seconds)
    print(f"{args.model}: windowed ({args.window}) {windowed:.0f} inst/s, "
          f"stateful {stateful:.0f} inst/s, one thread, {args.batch} lanes")


if __name__ == "__main__":
    main()
