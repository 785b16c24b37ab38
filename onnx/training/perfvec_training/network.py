"""The foundation model in PyTorch: the graph that export.py writes and the plugin runs.

    features [T,B,F] -> (x - mean) / std -> Clip -> (Linear + ReLU) -> 1..2 LSTM layers -> ReLU
                     -> Concat with chosen raw columns times constants -> representation [T,B,D]

`forward` is plain float32 and is what the ONNX file computes. `train_step` is the same network
through fused_lstm.py, for training.
"""

import dataclasses
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from perfvec_training import fused_lstm
from perfvec_training.kinds import ArrayLike, Json
from perfvec_training.mistakes import Mistake

# Of each layer: output and cell [B,H].
State = list[tuple[Tensor, Tensor]]
# fused_lstm.layer or .reference.
Layer = Callable[..., tuple[Tensor, Tensor, Tensor]]


@dataclasses.dataclass
class Shape:
    """Everything that fixes the graph but the weights."""

    features: int
    hidden: list[int]  # width of each LSTM layer
    embedding: int = 0
    relu: bool = True
    clip: float = 8.0
    passthrough: list[int] = dataclasses.field(default_factory=list)  # columns
    scale: list[float] = dataclasses.field(default_factory=list)  # a factor per passthrough column

    @property
    def representation(self) -> int:
        """Elements D of a representation."""
        return self.hidden[-1] + len(self.passthrough)


class Foundation(nn.Module):
    """Weights of one foundation model. Gate order i, f, g, o, as in torch.nn.LSTM."""

    def __init__(self, shape: Shape, mean: ArrayLike | None = None,
                 std: ArrayLike | None = None) -> None:
        super().__init__()
        self.shape = shape
        width = shape.features
        self.register_buffer("mean", torch.zeros(width) if mean is None else torch.as_tensor(mean))
        self.register_buffer("std", torch.ones(width) if std is None else torch.as_tensor(std))
        self.register_buffer("columns", torch.tensor(shape.passthrough, dtype=torch.long))
        self.register_buffer("scale", torch.tensor(shape.scale, dtype=torch.float32))
        self.embed = nn.Linear(width, shape.embedding) if shape.embedding else None
        width = shape.embedding or width
        self.w_ih, self.w_hh, self.bias = nn.ParameterList(), nn.ParameterList(), nn.ParameterList()
        for size in shape.hidden:
            bound = 1.0 / math.sqrt(size)
            self.w_ih.append(torch.empty(4 * size, width).uniform_(-bound, bound))
            self.w_hh.append(torch.empty(4 * size, size).uniform_(-bound, bound))
            bias = torch.zeros(4 * size)
            # Forget gates start open, spread over memories of a few to a few hundred steps.
            bias[size : 2 * size] = torch.log(torch.empty(size).uniform_(1.0, 100.0))
            self.bias.append(bias)
            width = size

    def zero_state(self, lanes: int) -> State:
        """The state that every segment begins with."""
        return [(torch.zeros(lanes, h), torch.zeros(lanes, h)) for h in self.shape.hidden]

    def normalise(self, x: Tensor) -> Tensor:
        """Normalised and clipped features, [...,F] to [...,F]."""
        x = (x - self.mean) / self.std
        return x.clamp(-self.shape.clip, self.shape.clip) if self.shape.clip else x

    def passed(self, x: Tensor) -> Tensor:
        """The raw columns that go past the LSTM: [..., P]."""
        return x[..., self.columns] * self.scale

    def hidden(self, x: Tensor, state: State, layer: Layer) -> tuple[Tensor, State]:
        """The LSTM's part of the representation, and the new state."""
        x = self.normalise(x)
        if self.embed is not None:
            x = torch.relu(self.embed(x))
        new = []
        for i, (h, c) in enumerate(state):
            x, h, c = layer(x, h, c, self.w_ih[i], self.w_hh[i], self.bias[i])
            new.append((h, c))
        return (torch.relu(x) if self.shape.relu else x), new

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """features [T,B,F] to (representation [T,B,D], new state), in float32."""
        state = state or self.zero_state(x.shape[1])
        h, new = self.hidden(x, state, fused_lstm.reference)
        return torch.cat((h, self.passed(x)), 2), new

    def train_step(self, x: Tensor, state: State, granule: int) -> tuple[Tensor, State]:
        """features to representations summed over `granule` steps: ([T/g,B,D], new state)."""
        h, new = self.hidden(x, state, fused_lstm.layer)
        steps, lanes, _ = x.shape
        h = h.view(steps // granule, granule, lanes, -1).sum(1)
        raw = self.passed(x).view(steps // granule, granule, lanes, -1).sum(1)
        return torch.cat((h, raw), 2), new


def save(path: str | Path, model: "Foundation", **more: object) -> None:
    """Writes a checkpoint: shape, weights, and whatever else is given (numbers, tensors)."""
    temporary = f"{path}.part"
    torch.save({"shape": dataclasses.asdict(model.shape), "model": model.state_dict(), **more},
               temporary)
    os.replace(temporary, path)


def load(path: str | Path) -> tuple["Foundation", Json]:
    """Reads a checkpoint: (model, everything in the file)."""
    data = read(path)
    if not isinstance(data, dict) or not {"shape", "model"} <= data.keys():
        raise Mistake(f"{path}: no checkpoint of a training run")
    model = Foundation(Shape(**data["shape"]))
    model.load_state_dict(data["model"])
    return model, data


def read(path: str | Path) -> Any:
    """What torch saved in a file: tensors and plain values, never code."""
    try:
        return torch.load(path, weights_only=True, map_location="cpu")
    except OSError:
        raise
    except Exception as error:  # the unpickler of what is no pickle raises anything
        raise Mistake(f"{path}: no checkpoint of tensors: {str(error)[:200]}") from error
