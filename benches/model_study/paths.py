#!/usr/bin/env python3
"""The learned path without twins: networks, predictors, features and cores compared.

    paths.py DATA OUT [--variants NAME ...] [--folds F ...] [--steps N] [--seeds N]

DATA is a folder that pairs.py wrote. A network makes a representation of each row; the sum over a
window and a core's own vector give the cycles of the window. Fitted and judged on the programs
that all of eight named cores ran; a fold's sources take no part in its fit, which ends after a
fixed number of steps. All networks have about 22 000 multiply-adds a row. OUT keeps what is done.
"""

import argparse
import dataclasses
import json
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from perfvec_training import ridge
from torch import Tensor, nn

from judge import fold
from networks import KNEES, soft
from pairs import WARM, Array, Pair, chosen_windows, read

LEAD = 88  # with a window of 1000: 17 blocks of 64
BLOCK = 64
EXTREME = ("firestorm-like", "rocket-like")
# Columns of perfvec-rm-2.
GROUPS = {
    "operations": range(1, 26),
    "control and fetch": [*range(26, 35), 59, *range(61, 67)],
    "data": [*range(35, 54), 60, 67],
    "registers": range(54, 59),
    "reference machines": range(68, 100),
}
OWN = [c for c in range(100) if c not in GROUPS["reference machines"]]


class Lstm(nn.Module):
    """4 H (F + H) multiply-adds."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.size = hidden
        self.net = nn.LSTM(width, hidden)
        with torch.no_grad():
            # Forget gates start open, over memories of a few to a few hundred steps.
            open_gates = torch.log(torch.empty(hidden).uniform_(1.0, 100.0))
            self.net.bias_ih_l0[hidden : 2 * hidden] = open_gates

    def forward(self, x: Tensor) -> Tensor:
        """[T,B,F] to [T,B,D]."""
        return self.net(x)[0]


class Gru(nn.Module):
    """3 H (F + H) multiply-adds."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.size = hidden
        self.net = nn.GRU(width, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[T,B,F] to [T,B,D]."""
        return self.net(x)[0]


class Convolution(nn.Module):
    """Four causal layers of three taps, 1, 3, 9 and 27 rows apart: 81 rows are seen."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.size = hidden
        self.first = nn.Conv1d(width, hidden, 1)
        self.layers = nn.ModuleList(nn.Conv1d(hidden, hidden, 3, dilation=3**i) for i in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """[T,B,F] to [T,B,D]."""
        x = torch.relu(self.first(x.permute(1, 2, 0)))
        for i, layer in enumerate(self.layers):
            x = x + torch.relu(layer(nn.functional.pad(x, (2 * 3**i, 0))))
        return x.permute(2, 0, 1)


class Attention(nn.Module):
    """One Transformer layer of four heads; a row sees itself and the 63 before it."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.size, self.heads = hidden, 4
        self.first = nn.Linear(width, hidden)
        self.query = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(2))
        self.wide = nn.Sequential(
            nn.Linear(hidden, 4 * hidden), nn.GELU(), nn.Linear(4 * hidden, hidden)
        )
        self.near = nn.Parameter(torch.zeros(self.heads, BLOCK))
        age = torch.arange(BLOCK)[:, None] + BLOCK - torch.arange(2 * BLOCK)[None]
        self.register_buffer("age", age)

    def forward(self, x: Tensor) -> Tensor:
        """[T,B,F] to [T,B,D], T a multiple of BLOCK."""
        x = self.first(x)
        steps, lanes, size = x.shape
        blocks, each = steps // BLOCK, size // self.heads
        q, k, v = self.query(self.norms[0](x)).chunk(3, 2)

        def cut(t: Tensor) -> Tensor:
            """[T,B,D] to [B,heads,blocks,BLOCK,each]."""
            return t.view(blocks, BLOCK, lanes, self.heads, each).permute(2, 3, 0, 1, 4)

        def behind(t: Tensor) -> Tensor:
            """Each block after the one before it."""
            before = torch.cat((torch.zeros_like(t[:, :, :1]), t[:, :, :-1]), 2)
            return torch.cat((before, t), 3)

        q, k, v = cut(q), behind(cut(k)), behind(cut(v))
        age = self.age
        seen = (age >= 0) & (age < BLOCK)
        bias = self.near[:, age.clamp(0, BLOCK - 1)].masked_fill(~seen, -1e9)
        weight = torch.softmax(q @ k.transpose(3, 4) / math.sqrt(each) + bias[:, None], 4)
        mixed = (weight @ v).permute(2, 3, 0, 1, 4).reshape(steps, lanes, size)
        x = x + self.out(mixed)
        return x + self.wide(self.norms[1](x))


class Columns(nn.Module):
    """No network: the columns themselves."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.size = width + hidden

    def forward(self, x: Tensor) -> Tensor:
        """[T,B,F], unchanged."""
        return x


BUILD: dict[str, tuple[type[nn.Module], int]] = {
    "LSTM": (Lstm, 48),
    "GRU": (Gru, 58),
    "causal CNN": (Convolution, 40),
    "Transformer": (Attention, 36),
    "no network": (Columns, 0),
}


@dataclasses.dataclass
class Variant:
    """What is compared: a network, a predictor of windows, the columns seen, cores left out."""

    network: str = "LSTM"
    predictor: str = "dot"
    columns: list[int] = dataclasses.field(default_factory=lambda: OWN)
    without: tuple[str, ...] = ()


class Learned(nn.Module):
    """Network, predictor and the vectors of cores."""

    def __init__(self, variant: Variant, mean: Array, std: Array, cpi: Array) -> None:
        super().__init__()
        cores = len(cpi)
        self.columns = variant.columns
        self.mean = torch.tensor(mean[self.columns], dtype=torch.float32)
        self.std = torch.tensor(std[self.columns] + 1e-3, dtype=torch.float32)
        build, hidden = BUILD[variant.network]
        self.net = build(len(self.columns), hidden)
        size = 2 * self.net.size
        self.vectors = nn.Parameter(torch.randn(cores, size) * 0.02)
        self.base = nn.Parameter(torch.tensor(cpi, dtype=torch.float32))
        self.curved = None
        if variant.predictor == "mlp":
            self.curved = nn.Sequential(nn.Linear(size + 16, 48), nn.SiLU(), nn.Linear(48, 1))
            self.words = nn.Parameter(torch.randn(cores, 16) * 0.1)

    def represent(self, rows: Tensor) -> Tensor:
        """Rows [T,B,100] to the sum over the window, both signs apart, and a one: [B,2D+1]."""
        x = ((rows[..., self.columns] - self.mean) / self.std).clamp(-8, 8)
        h = self.net(x)[LEAD:]
        seen = torch.cat((torch.relu(h), torch.relu(-h)), 2).mean(0)
        return torch.cat((seen, torch.ones(len(seen), 1)), 1)

    def matrix(self) -> Tensor:
        """The cores' vectors [K,2D+1]."""
        return torch.cat((self.vectors, self.base[:, None]), 1)

    def predict(self, seen: Tensor) -> Tensor:
        """Cycles per retirement [K,B]."""
        if self.curved is None:
            return self.matrix() @ seen.t()
        lanes, count = len(seen), len(self.words)
        both = (
            seen[:, :-1].expand(count, -1, -1),
            self.words[:, None].expand(-1, lanes, -1),
        )
        return nn.functional.softplus(self.curved(torch.cat(both, 2))[..., 0] + self.base[:, None])


class Program:
    """Rows and cycles per retirement of a program's windows, on all cores."""

    def __init__(self, name: str, folder: Path, pairs: Sequence[Pair]) -> None:
        self.name = name
        rows = np.load(folder / "rows" / f"{name}.npy", mmap_mode="r")
        self.rows = rows
        windows = chosen_windows(min(len(p.cycles) for p in pairs))[: len(rows)]
        cycles = np.stack([p.cycles[windows] / 1000.0 for p in pairs])
        self.cycles = torch.tensor(cycles, dtype=torch.float32)

    def inputs(self, windows: Array) -> Tensor:
        """Rows [T,B,100]."""
        rows = self.rows[np.sort(windows), WARM - LEAD :]
        return torch.tensor(rows.transpose(1, 0, 2).astype(np.float32))


def variants() -> dict[str, Variant]:
    """All that is compared, by name."""
    out = {name: Variant(network=name) for name in BUILD}
    out["LSTM, MLP as predictor"] = Variant(predictor="mlp")
    out["LSTM, with reference machines"] = Variant(columns=list(range(100)))
    for group, columns in GROUPS.items():
        if group != "reference machines":
            kept = [c for c in OWN if c not in columns]
            out[f"LSTM, without {group}"] = Variant(columns=kept)
    out["LSTM, extreme cores left out"] = Variant(without=EXTREME)
    return out


def train(variant: Variant, programs: Sequence[Program], keep: Sequence[int], seed: int,
          steps: int) -> Learned:
    """A path fitted to programs on the cores `keep`."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    some = np.concatenate([p.rows[::8, ::16].reshape(-1, 100) for p in programs]).astype(float)
    cpi = np.exp(np.mean([np.log(p.cycles.mean(1).numpy()) for p in programs], 0))
    path = Learned(variant, some.mean(0), some.std(0), cpi[list(keep)])
    optimiser = torch.optim.AdamW(path.parameters(), lr=3e-3, weight_decay=0.01)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * max(0.02, 0.5 + 0.5 * math.cos(math.pi * step / steps))
        groups = rng.permutation(len(programs))[:8]
        drawn = [np.sort(rng.permutation(len(programs[i].rows))[:4]) for i in groups]
        rows = torch.cat([programs[i].inputs(w) for i, w in zip(groups, drawn, strict=True)], 1)
        made = path.predict(path.represent(rows)).view(len(keep), -1, 4)
        cycles = [programs[i].cycles[list(keep)] for i in groups]
        truth = torch.stack([c[:, w] for c, w in zip(cycles, drawn, strict=True)], 1)
        size = torch.stack([c.mean(1, keepdim=True) for c in cycles], 1)
        error = (made - truth) / size
        total = soft(error.mean(2), KNEES[0]).mean() + 0.3 * soft(error, KNEES[1]).mean()
        optimiser.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(path.parameters(), 1.0)
        optimiser.step()
    return path


def represent(path: Learned, program: Program) -> tuple[Array, Array]:
    """Representations [B,2D+1] and places of every fourth window that has rows."""
    windows = np.arange(0, len(program.rows), 4)
    with torch.no_grad():
        return path.represent(program.inputs(windows)).numpy(), windows


def calibrate(path: Learned, programs: Sequence[Program], core: int) -> Array:
    """The vector of a new core from 16 windows of each fitted program, near the other cores'."""
    sums, cycles = [], []
    for program in programs:
        seen, windows = represent(path, program)
        sums.append(seen[::2])
        cycles.append(program.cycles[core, windows].numpy()[::2])
    prior = ridge.Prior.of(path.matrix().detach().numpy())
    weights = np.concatenate([np.full(len(c), c.mean()) for c in cycles])
    # Sums and cycles are means here; solve() wants none of its scales below one.
    y = np.concatenate(cycles)
    return ridge.solve(1000 * np.concatenate(sums), 1000 * y, prior, 0.2, 1000 * weights)


def errors(path: Learned, mine: Sequence[Program], left: Sequence[Program],
           cores: Sequence[dict[str, object]], keep: Sequence[int]) -> dict[str, dict[str, float]]:
    """Relative errors of programs left out: {row of the table: {program core: error}}."""
    out: dict[str, dict[str, float]] = {}

    def note(row: str, program: Program, core: int, made: Array, windows: Array) -> None:
        truth = program.cycles[core, windows].numpy().mean()
        name = f"{program.name} {cores[core]['name']}"
        out.setdefault(row, {})[name] = float(made.mean() / truth - 1)

    table = ridge.describe(cores)
    vectors = path.matrix().detach().numpy()
    own = {k: calibrate(path, mine, k) for k in range(len(cores)) if k not in keep}
    for program in left:
        seen, windows = represent(path, program)
        with torch.no_grad():
            made = path.predict(torch.tensor(seen)).numpy()
        for place, core in enumerate(keep):
            note("known cores", program, core, made[place], windows)
        for core, vector in own.items():
            near = int(np.argmin([np.linalg.norm(table[core] - table[k]) for k in keep]))
            note("calibrated", program, core, seen @ vector, windows)
            note(f"closest ({cores[core]['name']})", program, core, seen @ vectors[near], windows)
    return out


def run(args: argparse.Namespace, name: str, seed: int, f: int, programs: Sequence[Program],
        cores: Sequence[dict[str, object]], keep: Sequence[int]) -> dict[str, Any]:
    """What one fit says of the sources of its fold; from OUT where it is done already."""
    base = f"{name.replace(' ', '_')}.{f}.steps{args.steps}.seed{seed}.json"
    file: Path = args.out / base
    if not file.exists():
        started = time.process_time()
        rest = [p for p in programs if fold(p.name.rsplit("-", 1)[0]) != f]
        left = [p for p in programs if p not in rest]
        path = train(variants()[name], rest, keep, seed, args.steps)
        told = {
            "errors": errors(path, rest, left, cores, keep),
            "weights": sum(w.numel() for w in path.net.parameters()),
            "seconds": time.process_time() - started,
        }
        part = file.with_suffix(".part")
        part.write_text(json.dumps(told))
        os.replace(part, file)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--variants", nargs="+", default=list(variants()))
    parser.add_argument("--folds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    by_core: dict[str, dict[str, Pair]] = {}
    for pair in read(args.data):
        by_core.setdefault(pair.name, {})[pair.program] = pair
    names = sorted(c for c, p in by_core.items() if len(p) >= 10)
    shared = sorted(set.intersection(*(set(by_core[c]) for c in names)))
    cores = [by_core[c][shared[0]].core for c in names]
    programs = [Program(p, args.data, [by_core[c][p] for c in names]) for p in shared]
    print(f"{len(names)} cores, {len(shared)} programs")
    for name in args.variants:
        keep = [i for i, c in enumerate(names) if c not in variants()[name].without]
        together: dict[str, list[dict[str, float]]] = {}
        spent = weights = 0.0
        for seed in range(args.seeds):
            merged: dict[str, dict[str, float]] = {}
            for f in args.folds:
                data = run(args, name, seed, f, programs, cores, keep)
                spent, weights = spent + data["seconds"], data["weights"]
                for row, some in data["errors"].items():
                    merged.setdefault(row, {}).update(some)
            for row, some in merged.items():
                together.setdefault(row, []).append(some)
        for row, runs in together.items():
            off = 100 * np.abs(np.array([list(r.values()) for r in runs]))
            means = ", ".join(f"{m:.1f}" for m in off.mean(1))
            print(
                f"| {name} | {row} | {off.shape[1]} | {off.mean():.1f} | {np.median(off):.1f} "
                f"| {np.percentile(off, 90):.0f} | {off.max():.0f} | {means} | {weights} "
                f"| {spent:.0f} s |",
                flush=True,
            )


if __name__ == "__main__":
    main()
