"""Design spaces: pricing all designs, or searching for the Pareto front."""

from __future__ import annotations

import csv
import json
import numbers
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfvec._library import NATIVE
from perfvec.commands import as_arguments, run
from perfvec.errors import InvalidArgumentError
from perfvec.models import PathLike

if TYPE_CHECKING:
    import pandas

#: A space: a TOML file, or its content.
Space = PathLike | Mapping[str, Any]

# An axis' values of a design, by their places.
Places = tuple[int, ...]


def explore(
    space: Space, programs: PathLike | Iterable[PathLike] | None = None, **options: Any
) -> dict[str, Any]:
    """Prices designs of a space on recorded programs (by default a short one that comes with perfvec).
    Other arguments are options of `perfvec explore`: `output="results.csv"` keeps the
    results, `sample_designs=100` draws designs. The result is what `--format json` prints; each of its
    "designs" has "axes", "cost", "speedup", "worst", "pareto" and "programs". `explain=(a, b)` names two
    designs, such as `("like", "best")`; `weights=[2, 1]` are those of the programs in the mean.

    >>> space = {"like": "cortex-a72-like", "axes": {"rob": [32, 128], "l1d_kib": [16, 32]}}
    >>> result = explore(space)
    >>> best = max(result["designs"], key=lambda design: design["speedup"])
    >>> len(result["designs"]), best["axes"]
    (4, {'l1d_kib': 32, 'rob': 128})
    """
    traces = [NATIVE / "share/perfvec/lua.pvt"] if programs is None else _several(programs)
    explain, weights = (list(options.pop(name, ())) for name in ("explain", "weights"))
    with _file(space) as file:
        words = ["explore", str(file), "--format=json", "--no-progress", *as_arguments(options)]
        if explain:
            words += ["--explain", *map(str, explain)]
        if weights:
            words += ["--weights", ",".join(map(str, weights))]
        result: dict[str, Any] = json.loads(run([*words, "--programs", *map(str, traces)]))
        return result


def search(
    space: Space,
    programs: PathLike | Iterable[PathLike] | None = None,
    *,
    output: PathLike,
    designs: int = 300,
    population: int = 48,
    seed: int = 0,
    **options: Any,
) -> dict[str, Any]:
    """Searches for the Pareto front of cost and speedup in a space that is too large to price whole,
    with Optuna's NSGA-II (`pip install perfvec[search]`): prices generations of at most `population`
    designs until there are `designs`, or until ten generations find nothing new. Programs, options
    and result are those of :func:`explore`.

    The results are kept in the file `output`: a search that was killed continues from it, and a
    search for more designs begins with the generations of one for fewer.
    """
    traces = None if programs is None else _several(programs)
    options = {**options, "output": output}
    if designs < 1 or population < 2:
        raise InvalidArgumentError(
            f"designs {designs}, population {population}: give 1 and 2 or more")
    for name in ("designs", "sample_designs"):
        if name in options:
            raise InvalidArgumentError(f"{name} is chosen by the search; explore takes it")
    with _file(space) as file, tempfile.TemporaryDirectory(prefix="perfvec-") as folder:
        table = Path(folder) / "designs.csv"
        first = explore(file, traces, sample_designs=population, seed=seed, **options)
        known = _Known(first, "worst" if options.get("objective") == "worst" else "speedup")
        generations = _Generations(known, population, seed)
        idle = 0
        while len(known.values) < designs and idle < 10:
            new = generations.ask()
            idle = 0 if new else idle + 1
            if new:
                # One that is known is among them, should all others be none.
                known.write(table, [next(iter(known.values)), *new])
                known.take(explore(file, traces, designs=table, **options))
                known.refused.update(at for at in new if at not in known.values)
            generations.tell()
        known.write(table, known.values)
        return explore(file, traces, designs=table, **options)


def read_results(path: PathLike) -> pandas.DataFrame:
    """The file of results that :func:`explore` and :func:`search` write to `output`, as pandas has
    tables (`pip install perfvec[pandas]`): a row for each design and program. Hashes and names stay
    texts, whatever they look like; what follows from all rows is missing where a row is of other settings.

    `read_results("r.csv").to_parquet("r.parquet")` makes a Parquet file (`pip install perfvec[parquet]`).
    """
    try:
        import pandas as pd
    except ImportError:
        raise ImportError("perfvec.read_results needs pandas: pip install 'perfvec[pandas]'") from None
    texts = ["program", "trace", "settings", "core"]
    last = ["cost", "speedup", "worst", "pareto"]
    # Bytes that are no text stay visible as such: this may be any file.
    with open(path, errors="replace") as file:
        header = file.readline().rstrip("\n").split(",")
    if header[:4] != texts or header[-4:] != last:
        raise InvalidArgumentError(f"{path}: its columns are not those of results of perfvec explore")
    # A prefetcher may be called "none", and a program NA: only what is empty is missing.
    table = pd.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=False,
                        na_values=dict.fromkeys(last, ""))
    table["pareto"] = table["pareto"].map({"yes": True, "no": False}).astype("boolean")
    return table


class _Known:
    """Cost and speedup of the designs that were priced."""

    def __init__(self, first: Mapping[str, Any], objective: str) -> None:
        self.axes = {axis["axis"]: list(axis["values"]) for axis in first["axes"]}
        self.objective = objective
        self.values: dict[Places, tuple[float, float]] = {}
        #: What is no design: a constraint forbids it, or it cannot be built.
        self.refused: set[Places] = set()
        self.take(first)

    def take(self, result: Mapping[str, Any]) -> None:
        """Adds the designs of a result."""
        for design in result["designs"]:
            at = tuple(values.index(design["axes"][axis]) for axis, values in self.axes.items())
            self.values[at] = design["cost"], design[self.objective]

    def write(self, path: Path, places: Iterable[Places]) -> None:
        """The table that `--designs` takes."""
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(self.axes)
            for at in places:
                values = [values[i] for values, i in zip(self.axes.values(), at, strict=True)]
                # As in results: 2, whether it was written 2 or 2.0.
                writer.writerow([int(v) if isinstance(v, float) and v.is_integer() else v
                                 for v in values])


class _Generations:
    """NSGA-II: what it proposes depends on the seed and on what was told alone."""

    def __init__(self, known: _Known, population: int, seed: int) -> None:
        self.optuna = optuna = _optuna()
        self.known, self.population = known, population
        self.trials: list[tuple[Any, Places]] = []
        # Places on an axis: as numbers where its values are in order.
        self.spread = {
            axis: optuna.distributions.IntDistribution(0, len(values) - 1)
            if not any(isinstance(value, str) for value in values) and values == sorted(values)
            else optuna.distributions.CategoricalDistribution(range(len(values)))
            for axis, values in known.axes.items()
        }
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            sampler = optuna.samplers.NSGAIISampler(population_size=population, seed=seed)
            self.study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler)
        finally:
            optuna.logging.set_verbosity(level)
        # The first generation is drawn from what constraints allow.
        for at in known.values:
            self.study.enqueue_trial(dict(zip(known.axes, at, strict=True)))

    def ask(self) -> list[Places]:
        """The next generation: of its designs those that nothing is known of."""
        self.trials = []
        for _ in range(self.population):
            trial = self.study.ask(self.spread)
            self.trials.append((trial, tuple(trial.params[axis] for axis in self.known.axes)))
        new = (at for _, at in self.trials
               if at not in self.known.values and at not in self.known.refused)
        return list(dict.fromkeys(new))

    def tell(self) -> None:
        """What came out for the generation that was asked for."""
        for trial, at in self.trials:
            # Of one that is no design only that counts.
            values = self.known.values.get(at, (0.0, 0.0))
            trial.set_constraint("refused", 0.0 if at in self.known.values else 1.0)
            self.study.tell(trial, values)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise ImportError("perfvec.search needs Optuna: pip install 'perfvec[search]'") from None
    return optuna


@contextmanager
def _file(space: Space) -> Iterator[Path]:
    """The TOML file of a space."""
    if not isinstance(space, Mapping):
        yield Path(space)
        return
    with tempfile.TemporaryDirectory(prefix="perfvec-") as folder:
        path = Path(folder) / "space.toml"
        path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in space.items()))
        yield path


def _several(programs: PathLike | Iterable[PathLike]) -> list[PathLike]:
    """The traces; one alone is one of them."""
    traces = [programs] if isinstance(programs, str | os.PathLike) else list(programs)
    if not traces:
        raise InvalidArgumentError("programs: no trace is given; leave it out for the one that came with perfvec")
    return traces


def _toml(value: Any) -> str:
    """A value in TOML, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str | bool):
        # JSON's texts are TOML's.
        return json.dumps(value)
    # NumPy's numbers, too.
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return json.dumps(float(value)).replace("NaN", "nan").replace("Infinity", "inf")
    if isinstance(value, Iterable):
        return "[" + ", ".join(map(_toml, value)) + "]"
    raise InvalidArgumentError(f"{value!r}: a space has texts, numbers, lists and tables")
