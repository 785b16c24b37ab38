#!/usr/bin/env python3
"""What networks add to twins: an MLP on windows' sums, an LSTM over rows.

    networks.py DATA OUT --kind mlp|lstm [--judge OTHER] [--keep SHARE] [--seeds N] [--minutes M]

DATA and OTHER are folders that pairs.py wrote. A network corrects the twin: it starts as the twin
itself (its last layers at zero), and the step is kept that does best on a fifth of the sources of
the fit, which are left out of its training; that may be the first step. Errors are those of other
sources again, five folds; pairs on `unseen-` cores are never fitted. OUT keeps what is done: the
command goes on after a kill. `--minutes` is processor time of a fit.

mlp: shares of the twin's parts, columns' means of a window of 1000 and the core's parameters, to a
factor for each part.
lstm: a window's rows to a representation, summed; a core's cycles are its vector times
[representation; the twin's parts], and the vector follows from the core's parameters.
"""

import argparse
import json
import math
import os
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from perfvec_training import fused_lstm
from torch import Tensor, nn

from corrections import COLUMNS, load, principal
from judge import FOLDS, HEAD, Outcome, fold, held_out, line
from pairs import WARM, Array, Pair, chosen_windows

PARTS = 11
COMPONENTS = 12
LEAD = 64  # rows of warm-up in use
KNEES = 0.02, 0.1


class Mlp(nn.Module):
    """Factors of a window's parts from its sums and the core."""

    def __init__(self, mean: Array, std: Array, width: int) -> None:
        super().__init__()
        self.mean, self.std = (torch.tensor(v, dtype=torch.float32) for v in (mean, std))
        self.layers = nn.Sequential(
            nn.Linear(PARTS + 1 + COLUMNS + COMPONENTS, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, PARTS),
        )
        last = self.layers[-1]
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def represent(self, sums: Tensor) -> Tensor:
        """Columns' means, normalised: [B,F]."""
        return ((sums - self.mean) / self.std).clamp(-5, 5)

    def correct(self, seen: Tensor, parts: Tensor, core: Tensor) -> Tensor:
        """Cycles [K,B] of representations [B,F], parts [K,B,11] and cores [K,C]."""
        total = parts.sum(2, keepdim=True).clamp(min=1.0)
        shares = torch.cat((parts / total, torch.log(total / 1000.0)), 2)
        lanes = len(seen)
        x = torch.cat(
            (
                shares,
                seen.expand(len(core), -1, -1),
                core[:, None].expand(-1, lanes, -1),
            ),
            2,
        )
        return (parts * torch.exp(torch.tanh(self.layers(x)))).sum(2)


class Recurrent(nn.Module):
    """An LSTM whose summed output, times a vector that follows from the core, corrects the twin."""

    def __init__(self, mean: Array, std: Array, width: int) -> None:
        super().__init__()
        self.mean, self.std = (torch.tensor(v, dtype=torch.float32) for v in (mean, std))
        bound = 1.0 / math.sqrt(width)
        self.w_ih = nn.Parameter(torch.empty(4 * width, COLUMNS).uniform_(-bound, bound))
        self.w_hh = nn.Parameter(torch.empty(4 * width, width).uniform_(-bound, bound))
        bias = torch.zeros(4 * width)
        bias[width : 2 * width] = torch.log(torch.empty(width).uniform_(1.0, 100.0))
        self.bias = nn.Parameter(bias)
        self.core = nn.Sequential(
            nn.Linear(COMPONENTS, 32), nn.SiLU(), nn.Linear(32, 2 * width + PARTS)
        )
        nn.init.zeros_(self.core[-1].weight)
        nn.init.zeros_(self.core[-1].bias)
        self.width = width

    def represent(self, rows: Tensor) -> Tensor:
        """The sum of outputs, both signs apart, over a window: [T,B,F] to [B,2H]."""
        x = ((rows - self.mean) / self.std).clamp(-8, 8)
        zero = torch.zeros(rows.shape[1], self.width)
        h, _, _ = fused_lstm.layer(x, zero, zero, self.w_ih, self.w_hh, self.bias)
        h = h[LEAD:]
        return torch.cat((torch.relu(h), torch.relu(-h)), 2).sum(0)

    def correct(self, seen: Tensor, parts: Tensor, core: Tensor) -> Tensor:
        """Cycles [K,B]."""
        vector = self.core(core)
        own, factors = vector[:, : 2 * self.width], 1.0 + vector[:, 2 * self.width :]
        return own @ seen.t() + torch.einsum("kbp,kp->kb", parts, factors)


Net = Mlp | Recurrent


class Program:
    """One program's pairs, as tensors."""

    def __init__(self, name: str, kind: str, folder: Path, place: list[int], pairs: list[Pair],
                 cores: Array) -> None:
        self.name, self.kind, self.place = name, kind, place
        windows = min(len(p.cycles) for p in pairs)
        sums = np.load(folder / "sums" / f"{name}.npy")
        self.sums = torch.tensor(sums[:windows, :COLUMNS]) / 1000
        self.rows = np.load(folder / "rows" / f"{name}.npy", mmap_mode="r")
        self.with_rows = chosen_windows(windows)
        self.cycles = torch.tensor(np.stack([p.cycles[:windows] for p in pairs])).float()
        self.parts = torch.tensor(np.stack([p.parts[:windows] for p in pairs])).float()
        self.cores = torch.tensor(cores).float()
        self.fitted = torch.tensor([not held_out(p) for p in pairs])

    def draw(self, rng: np.random.Generator, count: int) -> Array:
        """Windows at random."""
        if self.kind == "lstm":
            return rng.permutation(self.with_rows)[:count]
        return rng.permutation(len(self.sums))[:count]

    def spread(self, most: int) -> Array:
        """At least `most` windows, if there are so many, evenly chosen."""
        every = self.with_rows if self.kind == "lstm" else np.arange(len(self.sums))
        return every[:: max(1, len(every) // most)]

    def inputs(self, windows: Array) -> Tensor:
        """What the network sees of windows."""
        if self.kind == "mlp":
            return self.sums[windows]
        at = np.searchsorted(self.with_rows, windows)
        rows = np.stack([self.rows[i, WARM - LEAD :, :COLUMNS] for i in at])
        return torch.tensor(rows.transpose(1, 0, 2).astype(np.float32))


def soft(error: Tensor, knee: float) -> Tensor:
    """|error|, rounded below `knee`."""
    return knee * (torch.sqrt(1.0 + (error / knee) ** 2) - 1.0)


def loss(net: Net, batch: Sequence[tuple[Program, Array]]) -> Tensor:
    """Relative errors of groups of windows and of windows, over the fitted pairs of a batch."""
    inputs = [p.inputs(w) for p, w in batch]
    seen = net.represent(torch.cat(inputs, inputs[0].dim() - 2))
    total, at = torch.zeros(()), 0
    for program, windows in batch:
        use = program.fitted
        if use.any():
            mine = seen[at : at + len(windows)]
            parts = program.parts[use][:, windows]
            made = net.correct(mine, parts, program.cores[use])
            cycles = program.cycles[use]
            error = (made - cycles[:, windows]) / cycles.mean(1, keepdim=True)
            total = total + soft(error.mean(1), KNEES[0]).mean()
            total = total + 0.3 * soft(error, KNEES[1]).mean()
        at += len(windows)
    return total / len(batch)


def estimate(net: Net, program: Program, most: int) -> tuple[Array, Array]:
    """Relative errors [K] of totals, and mean errors [K] of windows, from evenly chosen windows.

    What the network makes of the twin's cycles in these windows corrects the twin's total.
    """
    windows = program.spread(most)
    made = []
    with torch.no_grad():
        for at in range(0, len(windows), 64):
            some = windows[at : at + 64]
            seen = net.represent(program.inputs(some))
            made.append(net.correct(seen, program.parts[:, some], program.cores))
    found = torch.cat(made, 1).clamp(min=0.0)
    twin = program.parts.sum(2)
    cycles = program.cycles
    factor = found.sum(1) / twin[:, windows].sum(1)
    totals = factor * twin.sum(1) / cycles.sum(1) - 1.0
    off = (found - cycles[:, windows]).abs().mean(1) / cycles[:, windows].mean(1)
    return totals.numpy().astype(float), off.numpy().astype(float)


Weights = dict[str, Tensor]


def weights_of(net: Net) -> Weights:
    """A copy of a network's weights."""
    return {k: v.clone() for k, v in net.state_dict().items()}


def mean_error(net: Net, programs: Sequence[Program]) -> float:
    """Mean |error| of the fitted pairs of programs, from some of their windows."""
    off = [np.abs(estimate(net, p, 16)[0][p.fitted.numpy()]) for p in programs if p.fitted.any()]
    return float(np.concatenate(off).mean())


def train(kind: str, programs: Sequence[Program], seed: int, seconds: float,
          width: int) -> tuple[Net, Weights, str]:
    """A network at its last step, its weights at the step kept, and a line that says how."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    fifths = [zlib.crc32(f"{p.name.rsplit('-', 1)[0]}/".encode()) % 5 for p in programs]
    left = [p for p, fifth in zip(programs, fifths, strict=True) if fifth == seed % 5]
    mine = [p for p in programs if p not in left]
    means = torch.cat([p.sums for p in mine])
    if kind == "lstm":
        some = np.concatenate([p.rows[::8, ::16, :COLUMNS].reshape(-1, COLUMNS) for p in mine])
        mean, std = some.mean(0, dtype=np.float64), some.std(0, dtype=np.float64)
        net: Net = Recurrent(mean, std + 1e-3, width)
    else:
        net = Mlp(means.mean(0).numpy(), means.std(0).numpy() + 1e-4, width)
    groups, lanes = (8, 4) if kind == "lstm" else (16, 32)
    rate = 3e-3
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.02)
    best, kept, kept_step, step, checks = math.inf, weights_of(net), 0, 0, 0
    first = math.inf
    before = mean_error(net, mine)
    started = time.process_time()
    while True:
        spent = time.process_time() - started
        if spent >= seconds * checks / 8:
            checks += 1
            off = mean_error(net, left)
            first = off if not step else first
            if off < best:
                best, kept_step, kept = off, step, weights_of(net)
        if spent >= seconds:
            break
        for group in optimiser.param_groups:
            group["lr"] = rate * max(0.02, 0.5 + 0.5 * math.cos(math.pi * spent / seconds))
        batch = [(mine[i], mine[i].draw(rng, lanes)) for i in rng.permutation(len(mine))[:groups]]
        optimiser.zero_grad()
        loss(net, batch).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        step += 1
    rows = step * groups * lanes * (1000 + LEAD)
    return net, kept, (
        f"{step} steps, {rows / 1e6:.1f} M rows; of fitted sources {100 * before:.2f} % error "
        f"became {100 * mean_error(net, mine):.2f} %, of those that choose {100 * first:.2f} % "
        f"became {100 * mean_error(net, left):.2f} %, least {100 * best:.2f} % at step {kept_step}"
    )


def programs_of(folder: Path, kind: str, pairs: Sequence[Pair], cores: Array) -> list[Program]:
    """The pairs of a folder by program; `cores` [pairs, C]."""
    out = []
    for name in sorted({p.program for p in pairs}):
        place = [i for i, p in enumerate(pairs) if p.program == name]
        some = [pairs[i] for i in place]
        out.append(Program(name, kind, folder, place, some, cores[place]))
    return out


def fit(args: argparse.Namespace, seed: int, f: int | None, mine: list[Program],
        others: list[Program], count: int) -> Array:
    """[at the last step or at the one kept, of totals or of windows, count]: errors of pairs of
    `others` after a fit to `mine`; from OUT where it is done already, NaN where there is none."""
    about = f"{args.kind}.{'all' if f is None else f}.keep{args.keep:g}.seed{seed}.json"
    path = args.out / about
    if not path.exists():
        rng = np.random.default_rng(seed)
        few = rng.permutation(len(mine))[: round(args.keep * len(mine))]
        some = [mine[i] for i in sorted(few)]
        net, kept, told = train(args.kind, some, seed, 60 * args.minutes, args.width)
        found = np.full((2, 2, count), math.nan)
        for state in range(2):
            for program in others:
                found[state][:, program.place] = estimate(net, program, 125)
            net.load_state_dict(kept)
        print(f"{about}: {told}", flush=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps({"told": told, "errors": found.tolist()}))
        os.replace(part, path)
        torch.save(kept, path.with_suffix(".pt"))
    return np.array(json.loads(path.read_text())["errors"])


def twins(programs: Sequence[Program], pairs: Sequence[Pair]) -> Outcome:
    """The twins' own errors, of windows in those that networks are judged by."""
    off = np.zeros(len(pairs))
    for program in programs:
        windows = program.spread(125)
        for i in program.place:
            cycles, made = pairs[i].cycles[windows], pairs[i].parts[windows].sum(1)
            off[i] = np.abs(made - cycles).mean() / cycles.mean()
    return Outcome(np.array([p.parts.sum() / p.cycles.sum() - 1.0 for p in pairs]), off)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--kind", choices=["mlp", "lstm"], required=True)
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--keep", type=float, default=1.0, help="share of the sources to fit")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--folds", nargs="+", type=int, default=list(range(FOLDS)))
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--width", type=int, default=64)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    if args.kind == "lstm":
        fused_lstm.compile_kernels()
    pairs, _ = load([args.data, *([args.judge] if args.judge else [])])
    count = sum(1 for _ in (args.data / "pairs").glob("*.npz"))
    cores = principal([p.core for p in pairs], COMPONENTS)[:, 1:]
    programs = programs_of(args.data, args.kind, pairs[:count], cores[:count])
    mine = pairs[count:] if args.judge else pairs
    judged = programs
    if args.judge:
        judged = programs_of(args.judge, args.kind, mine, cores[count:])
    base = twins(judged, mine)
    rows = []
    for seed in range(args.seeds):
        if args.judge:
            found = fit(args, seed, None, programs, judged, len(mine))
        else:
            found = np.full((2, 2, count), np.nan)
            for f in args.folds:
                rest = [p for p in programs if fold(p.name.rsplit("-", 1)[0]) != f]
                left = [p for p in programs if p not in rest]
                fresh = fit(args, seed, f, rest, left, count)
                found = np.where(np.isnan(fresh), found, fresh)
        here = np.flatnonzero(~np.isnan(found[0, 0]))
        some = [mine[i] for i in here]
        twin = Outcome(base.totals[here], base.windows[here])
        rows.append(line(f"twin, {len(some)} pairs", some, twin, twin))
        for state, name in enumerate(("last step", "step kept")):
            about = f"{args.kind}, seed {seed}, {name}"
            rows.append(line(about, some, Outcome(*found[state][:, here]), twin))
    print(HEAD, *rows, sep="\n")


if __name__ == "__main__":
    main()
