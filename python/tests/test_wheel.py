"""The installed wheel as such: what it holds, its documentation, the examples."""

import doctest
import importlib.util
import json
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import perfvec

ROOT = Path(__file__).parents[2]
MODULES = sorted(m.name for m in pkgutil.iter_modules(perfvec.__path__) if m.name != "__main__")


def test_it_is_the_wheel_that_is_tested() -> None:
    assert Path(sys.prefix) in Path(perfvec.__file__).parents
    assert ROOT / "python" not in Path(perfvec.__file__).parents


@pytest.mark.parametrize("name", ["", *MODULES])
def test_examples_in_docstrings_hold(name: str) -> None:
    module = importlib.import_module(f"perfvec.{name}" if name else "perfvec")
    names = {**vars(perfvec), "perfvec": perfvec, "np": np}
    assert doctest.testmod(module, extraglobs=names).failed == 0


class NearlyTheSame(doctest.OutputChecker):
    """Texts must be those of the page, and numbers within a third of its own: cycles change with
    every rule of a machine that comes closer to gem5."""

    number = re.compile(r"(?<![\w-])\d+(?:\.\d+)?")

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        numbers = [[float(n) for n in self.number.findall(text)] for text in (want, got)]
        # Columns are as wide as their numbers.
        texts = [" ".join(self.number.sub("N", text).split()) for text in (want, got)]
        return texts[0] == texts[1] and numbers[1] == pytest.approx(numbers[0], rel=1 / 3)


def test_the_page_of_the_book_shows_what_comes_out() -> None:
    page = (ROOT / "book" / "src" / "python.md").read_text()
    text = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))
    test = doctest.DocTestParser().get_doctest(text, {}, "python.md", None, 0)
    runner = doctest.DocTestRunner(checker=NearlyTheSame())
    runner.run(test)
    assert runner.failures == 0 and runner.tries > 10


def test_the_notebook_of_the_readme_shows_the_space_and_its_front(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    (notebook,) = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-c", notebook + "print(designs.to_json(orient='records'))"], check=True,
        capture_output=True, text=True, cwd=tmp_path)
    *shown, last = done.stdout.splitlines()
    designs = json.loads(last)
    front = [design for design in designs if design["front"]]
    assert len(designs) == 9 and 1 <= len(front) < 9
    best = max(designs, key=lambda design: design["speedup"])
    assert best["front"] and (best["rob"], best["l1d_kib"]) == (128, 32)
    # The table with two lines above it, and the front with one.
    assert len(shown) == 2 + 3 + 1 + len(front)


def test_every_public_name_says_what_it_is() -> None:
    silent = [name for name in perfvec.__all__
              if callable(thing := getattr(perfvec, name)) and not thing.__doc__]
    methods = [f"{kind.__name__}.{name}"
               for kind in (perfvec.Model, perfvec.Microarchs, perfvec.Session, perfvec.Recorder,
                            perfvec.Calibrator)
               for name, thing in vars(kind).items()
               if not name.startswith("_") and not thing.__doc__]
    assert silent + methods == []


def test_the_tag_of_the_wheel_is_what_its_files_need() -> None:
    wheel = os.environ["PERFVEC_WHEEL"]
    done = subprocess.run([sys.executable, "-m", "auditwheel", "show", wheel], check=True,
                          capture_output=True, text=True)
    tag = Path(wheel).stem.split("-")[-1]
    assert f'"{tag}"' in done.stdout.replace("\n", " "), done.stdout


@pytest.fixture
def env_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "core_env", ROOT / "examples" / "python" / "core_env.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SPACE: dict[str, list[Any]] = {"rob": [16, 128], "l1d_kib": [8, 32], "commit_width": [1, 3]}


def test_the_environment_is_rewarded_by_what_replay_says(env_module: ModuleType) -> None:
    env = env_module.CoreEnv([None], SPACE, like="cortex-a72-like", steps=2)
    start, _ = env.reset(seed=1)
    assert start.shape == (1, len(perfvec.stack_parts()))
    _, reward, terminated, truncated, info = env.step([0, 1, 0])
    design = {"name": "x", "like": "cortex-a72-like", "rob": 16, "l1d_kib": 32, "commit_width": 1}
    expected = perfvec.replay(cores=[design])["microarchs"][0]
    assert reward == -expected["cycles"] == -sum(info["cycles"])
    assert not terminated and not truncated
    observation, better, _, truncated, info = env.step([1, 1, 1])
    assert better > reward and truncated
    assert observation.sum() == pytest.approx(info["cycles"][0] / 2_051_929)
    with pytest.raises(ValueError, match="action"):
        env.step([0, 1])
    with pytest.raises(ValueError, match="action"):
        env.step([0, 1, 2])


def test_the_environment_takes_a_reward_of_ones_own(env_module: ModuleType) -> None:
    env = env_module.CoreEnv(
        [None], SPACE, like="cortex-a72-like", reward=lambda design, cycles: -design["rob"])
    env.reset()
    assert env.step([1, 0, 0])[1] == -128
    best, reward = env_module.climb(env, seed=3)
    assert best["rob"] == 16 and reward == -16


def studied(name: str, *words: str) -> list[list[str]]:
    """The words of the lines that a study prints."""
    done = subprocess.run(
        [sys.executable, ROOT / "examples/python" / name, *words], check=True,
        capture_output=True, text=True)
    return [line.split() for line in done.stdout.splitlines()]


def test_the_study_of_cache_sizes_takes_the_smallest_that_is_nearly_the_fastest() -> None:
    lines = studied("cache_sizes.py", "quick")
    sizes = lines[0][1:]
    assert sizes == ["128", "256", "512", "1024", "2048", "4096"]
    speedup = {(row[0], size): float(x) for row in lines[2:8]
               for size, x in zip(sizes, row[1:], strict=True)}
    assert len(speedup) == 36 and speedup["32", "512"] == 1
    assert speedup["4", "512"] < speedup["16", "512"]
    _, first, _, _, second, _, chosen = lines[-1]
    assert float(chosen) == speedup[first, second]
    # What is printed is rounded.
    near = {pair for pair, x in speedup.items() if x >= 0.99 * max(speedup.values()) - 0.001}
    assert (first, second) in near
    surely = [pair for pair, x in speedup.items() if x >= 0.99 * max(speedup.values()) + 0.001]
    assert sum(map(int, (first, second))) <= min(sum(map(int, pair)) for pair in surely)


def test_the_study_of_tiles_prefers_what_takes_the_fewest_cycles() -> None:
    lines = studied("loop_tiling.py", "24")
    rows = {row[0]: [float(x) for x in row[1:]] for row in lines[2:7]}
    assert list(rows) == ["2", "4", "8", "16", "24"]
    assert all(0.5 < x < 50 for row in rows.values() for x in row)
    for column, (kib, line) in enumerate(zip(("4", "16", "64"), lines[7:], strict=True)):
        cycles = {tile: row[column] for tile, row in rows.items()}
        assert line[0] == kib and cycles[line[4].rstrip(",")] == min(cycles.values())
        assert float(line[5]) == pytest.approx(cycles["24"] / min(cycles.values()), abs=0.006)
