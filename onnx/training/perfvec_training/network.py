"""The foundation model in PyTorch: the graph that export.py writes and the plugin runs.

    features [T,B,F] -> (x - mean) / std -> Clip -> (Linear + ReLU) -> 1..2 LSTM layers -> ReLU
                     -> Concat with chosen raw columns times constants -> representation [T,B,D]

`forward` is plain float32 and is what the ONNX file computes. `train_step` is the same network
through fused_lstm.py, for training.
"""

import dataclasses
import math
import os

import torch
from torch import nn

from perfvec_training import fused_lstm
from perfvec_training.mistakes import Mistake


@dataclasses.dataclass
class Shape:
    """Everything that fixes the graph but the weights."""

    features: int
    hidden: list  # width of each LSTM layer
    embedding: int = 0
    relu: bool = True
    clip: float = 8.0
    passthrough: list = dataclasses.field(default_factory=list)  # columns
    scale: list = dataclasses.field(default_factory=list)  # a factor per passthrough column

    @property
    def representation(self):
        return self.hidden[-1] + len(self.passthrough)


class Foundation(nn.Module):
    """Weights of one foundation model. Gate order i, f, g, o, as in torch.nn.LSTM."""

    def __init__(self, shape, mean=None, std=None):
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

    def zero_state(self, lanes):
        return [(torch.zeros(lanes, h), torch.zeros(lanes, h)) for h in self.shape.hidden]

    def normalise(self, x):
        x = (x - self.mean) / self.std
        return x.clamp(-self.shape.clip, self.shape.clip) if self.shape.clip else x

    def passed(self, x):
        """The raw columns that go past the LSTM: [..., P]."""
        return x[..., self.columns] * self.scale

    def hidden(self, x, state, layer):
        """The LSTM's part of the representation, and the new state."""
        x = self.normalise(x)
        if self.embed is not None:
            x = torch.relu(self.embed(x))
        new = []
        for i, (h, c) in enumerate(state):
            x, h, c = layer(x, h, c, self.w_ih[i], self.w_hh[i], self.bias[i])
            new.append((h, c))
        return (torch.relu(x) if self.shape.relu else x), new

    def forward(self, x, state=None):
        """features [T,B,F] to (representation [T,B,D], new state), in float32."""
        state = state or self.zero_state(x.shape[1])
        h, new = self.hidden(x, state, fused_lstm.reference)
        return torch.cat((h, self.passed(x)), 2), new

    def train_step(self, x, state, granule):
        """features to representations summed over `granule` steps: ([T/g,B,D], new state)."""
        h, new = self.hidden(x, state, fused_lstm.layer)
        steps, lanes, _ = x.shape
        h = h.view(steps // granule, granule, lanes, -1).sum(1)
        raw = self.passed(x).view(steps // granule, granule, lanes, -1).sum(1)
        return torch.cat((h, raw), 2), new


def save(path, model, **more):
    """Writes a checkpoint: shape, weights, and whatever else is given (numbers, tensors)."""
    temporary = f"{path}.part"
    torch.save({"shape": dataclasses.asdict(model.shape), "model": model.state_dict(), **more},
               temporary)
    os.replace(temporary, path)


def load(path):
    """Reads a checkpoint: (model, everything in the file)."""
    data = read(path)
    if not isinstance(data, dict) or not {"shape", "model"} <= data.keys():
        raise Mistake(f"{path}: no checkpoint of a training run")
    model = Foundation(Shape(**data["shape"]))
    model.load_state_dict(data["model"])
    return model, data


def read(path):
    """What torch saved in a file: tensors and plain values, never code."""
    try:
        return torch.load(path, weights_only=True, map_location="cpu")
    except OSError:
        raise
    except Exception as error:  # the unpickler of what is no pickle raises anything
        raise Mistake(f"{path}: no checkpoint of tensors: {str(error)[:200]}") from error
