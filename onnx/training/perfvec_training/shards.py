"""Reading a data set: programs, segments for training, sums for regression."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from perfvec_training.kinds import Array
from perfvec_training.mistakes import Mistake


class Program:
    """One program's rows (memory-mapped) and the cores it was timed on."""

    def __init__(self, folder: Path, core_index: Mapping[str, int]) -> None:
        meta = json.loads((folder / "meta.json").read_text())
        self.name, self.split, self.runs = meta["name"], meta["split"], meta["runs"]
        self.category, self.retired = meta.get("category"), meta["retired"]
        self.features = np.load(folder / "features.npy", mmap_mode="r")
        table = np.load(folder / "cycles.npy", mmap_mode="r")
        known = [i for i, c in enumerate(meta["cores"]) if c in core_index]
        # Index into the list of cores of each row of `cycles`.
        self.cores = np.array([core_index[meta["cores"][i]] for i in known], np.int64)
        self.cycles = table if len(known) == len(table) else table[known]
        self.key = meta["cycles_key"]
        self._cycle_sums: dict[tuple[int, int], Array] = {}

    def spans(self, size: int, stride: int = 1) -> list[tuple[int, int]]:
        """[(row, rows of warm-up before it)] of whole pieces of `size` measured rows, every
        `stride`-th of them."""
        return [
            (row, row - r["row"]) for r in self.runs
            for row in range(r["row"] + r["warm"], r["row"] + r["warm"] + r["length"] - size + 1,
                             size)
        ][::stride]

    def feature_sums(self, size: int, stride: int = 1) -> Array:
        """Sums of raw features over pieces of `size` rows: float64 [W,F]."""
        return np.stack([
            self.features[row : row + size].astype(np.float32).sum(0, dtype=np.float64)
            for row, _ in self.spans(size, stride)])

    def cycle_sums(self, size: int, stride: int = 1) -> Array:
        """Sums of observed cycles over the same pieces: float64 [W,K_p], NaN where missing. Kept:
        they are small, what they are read from is not, and every fit and judgement asks again."""
        if (size, stride) not in self._cycle_sums:
            sums = np.stack([self.cycles[:, row : row + size].sum(1, dtype=np.float64)
                             for row, _ in self.spans(size, stride)])
            sums.flags.writeable = False
            self._cycle_sums[size, stride] = sums
        return self._cycle_sums[size, stride]


class Data:
    """A data set. `cores` are those of the wanted splits, in the order of cores.json."""

    def __init__(self, folder: str | Path, splits: Sequence[str] = ("train", "named"),
                 valid: Iterable[str] = ()) -> None:
        folder = Path(folder)
        self.schema = json.loads((folder / "schema.json").read_text())
        every = json.loads((folder / "cores.json").read_text())
        metas = [json.loads(meta.read_text()) for meta in folder.glob("*/meta.json")]
        timed = {name for meta in metas for name in meta["cores"]}
        self.cores = [c for c in every if c["split"] in splits and c["name"] in timed]
        index = {c["name"]: i for i, c in enumerate(self.cores)}
        programs = [Program(p.parent, index) for p in sorted(folder.glob("*/meta.json"))]
        programs = [p for p in programs if len(p.cores)]
        sources = set(valid)
        names = {meta["name"] for meta in metas}
        unknown = sources - names - {source(name) for name in names}
        if unknown:
            raise Mistake(f"{folder} has no program and no source {', '.join(sorted(unknown))}")
        held = {p.name for p in programs
                if p.split == "valid" or p.name in sources or source(p.name) in sources}
        self.train = [p for p in programs if p.name not in held and p.split == "train"]
        self.valid = [p for p in programs if p.name in held]
        self.hash = hashlib.sha256("".join(p.key for p in programs).encode()).hexdigest()[:16]

    def columns(self, names: Iterable[str]) -> list[int]:
        """Indices of columns by name; a trailing * takes every column that starts so."""
        out = []
        for name in names:
            found = [i for i, c in enumerate(self.schema["columns"])
                     if c == name or name.endswith("*") and c.startswith(name[:-1])]
            if not found:
                raise Mistake(f"schema {self.schema['name']} has no column {name}")
            out += [i for i in found if i not in out]
        return out

    def statistics(self, programs: Sequence[Program] | None = None) -> tuple[Array, Array]:
        """Mean and standard deviation of the columns, float32 [F]: every program counts alike."""
        first, second = [], []
        for p in programs or self.train:
            x = np.asarray(p.features[:: max(1, len(p.features) // 20000)], np.float64)
            first.append(x.mean(0))
            second.append((x * x).mean(0))
        mean = np.mean(first, 0)
        std = np.sqrt(np.maximum(np.mean(second, 0) - mean * mean, 0.0))
        std[std < 1e-6] = 1.0
        return mean.astype(np.float32), std.astype(np.float32)


def source(name: str) -> str:
    """The source of a program's name: `quicksort` of `quicksort-b`."""
    return name.rsplit("-", 1)[0]


class Sampler:
    """Random segments, every program equally often; one seeded sequence per process.

    A batch is B segments of `warm` + `length` rows. Targets are sums over `granule` rows for every
    core, NaN where a segment's program has none.
    """

    def __init__(self, data: Data, lanes: int, warm: int, length: int, granule: int,
                 seed: int | Sequence[int], power: float = 0.0) -> None:
        self.data, self.lanes, self.warm, self.length = data, lanes, warm, length
        self.granule = granule
        self.rng = np.random.default_rng(seed)
        self.programs = [p for p in data.train
                         if any(r["length"] >= length for r in p.runs)]
        if not self.programs:
            raise Mistake(f"no training window has {length} retirements")
        sizes = np.array([sum(r["length"] for r in p.runs) for p in self.programs], float)
        weights = sizes**power
        groups = [source(p.name) for p in self.programs]
        # Variants of one source share half of a source's weight: they resemble each other.
        counts = np.array([groups.count(g) for g in groups], float)
        weights = weights / np.sqrt(counts)
        self.weights = weights / weights.sum()
        self.sums = [self._granules(p) for p in self.programs]
        self.mean_cpi = [np.nanmean(p.cycles, 1) for p in self.programs]
        self.deck: list[int] = []

    def _granules(self, p: Program) -> list[Array]:
        """Cumulative cycles at granule borders of each run: a piece is then one subtraction."""
        out = []
        for r in p.runs:
            start = r["row"] + r["warm"]
            count = r["length"] // self.granule
            part = np.asarray(p.cycles[:, start : start + count * self.granule], np.float32)
            out.append(part.reshape(len(p.cores), count, self.granule).sum(2))
        return out

    def batch(self) -> tuple[Array, Array, Array]:
        """(features float16 [warm+length, B, F], cycles [length/granule, B, K], cpi [B, K])."""
        g, count = self.granule, self.length // self.granule
        width = len(self.data.schema["columns"])
        x = np.empty((self.warm + self.length, self.lanes, width), np.float16)
        y = np.full((count, self.lanes, len(self.data.cores)), np.nan, np.float32)
        cpi = np.ones((self.lanes, len(self.data.cores)), np.float32)
        for lane in range(self.lanes):
            which = self._deal()
            p = self.programs[which]
            fit = [i for i, r in enumerate(p.runs) if r["length"] >= self.length]
            run = fit[self.rng.integers(len(fit))]
            r = p.runs[run]
            at = int(self.rng.integers((r["length"] - self.length) // g + 1))
            start = r["row"] + r["warm"] + at * g
            before = min(self.warm, start - r["row"])
            x[: self.warm - before, lane] = 0
            x[self.warm - before :, lane] = p.features[start - before : start + self.length]
            y[:, lane, p.cores] = self.sums[which][run][:, at : at + count].T
            cpi[lane, p.cores] = self.mean_cpi[which]
        return x, y, cpi

    def _deal(self) -> int:
        """The next program: like drawing by weight, but with less variance."""
        if not self.deck:
            expected = self.weights * max(4 * len(self.weights), self.lanes)
            counts = np.floor(expected + self.rng.random(len(expected))).astype(int)
            self.deck = list(self.rng.permutation(np.repeat(np.arange(len(counts)), counts)))
        return self.deck.pop()
