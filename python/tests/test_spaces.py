"""Design spaces: `explore` and `search`."""

import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import perfvec
import perfvec._library

#: 432 designs of 864 combinations.
SPACE: dict[str, Any] = {
    "like": "cortex-a72-like",
    "constraints": ["rename_width == decode_width", "iq <= rob"],
    "axes": {
        "rob": [16, 32, 64, 128], "iq": {"from": 16, "to": 64, "times": 2},
        "decode_width": [1, 2, 3], "rename_width": [1, 2, 3],
        "l1d_kib": [4, 8, 16, 32], "predictor": ["local", "ltage"], "clock_ghz": [1.0, 1.5],
    },
}
QUICK: dict[str, Any] = {"sample": 204_800, "warming": 4096, "threads": 0}
COST = "rob + iq + 20 * decode_width + l1d_kib"


def front(designs: Iterable[dict[str, Any]]) -> set[tuple[float, float]]:
    return {(d["cost"], d["speedup"]) for d in designs if d["pareto"]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    output = tmp_path_factory.mktemp("whole") / "r.csv"
    return perfvec.explore(SPACE, cost=COST, output=output, **QUICK)


def test_a_space_is_a_dictionary_or_a_file(tmp_path: Path, whole: dict[str, Any]) -> None:
    axes = "\n".join(f"{axis} = {json.dumps(values)}" for axis, values in SPACE["axes"].items()
                     if axis != "iq")
    (tmp_path / "s.toml").write_text(
        f"like = \"cortex-a72-like\"\nconstraints = {json.dumps(SPACE['constraints'])}\n"
        f"[axes]\niq = {{from = 16, to = 64, times = 2}}\n{axes}\n")
    drawn = perfvec.explore(tmp_path / "s.toml", sample_designs=5, cost=COST, **QUICK)["designs"]
    assert len(drawn) == 5
    by_core = {design["core"]: design for design in whole["designs"]}
    for design in drawn:
        assert design["programs"] == [
            program | {"program": design["programs"][0]["program"]}
            for program in by_core[design["core"]]["programs"]]
        assert design["axes"] == by_core[design["core"]]["axes"]


def test_a_search_finds_more_of_the_front_than_chance(
    tmp_path: Path, whole: dict[str, Any]
) -> None:
    all_of_it = front(whole["designs"])
    found, drawn = 0, 0
    for seed in range(3):
        result = perfvec.search(
            SPACE, output=tmp_path / f"{seed}.csv", designs=120, population=24, seed=seed,
            cost=COST, **QUICK)
        count = len(result["designs"])
        assert 120 <= count < 120 + 24
        assert result["new"] == 0
        for design in result["designs"]:
            axes = design["axes"]
            assert axes["rename_width"] == axes["decode_width"] and axes["iq"] <= axes["rob"]
        found += len(front(result["designs"]) & all_of_it)
        chance = perfvec.explore(SPACE, sample_designs=count, seed=seed, cost=COST, **QUICK)
        drawn += len(front(chance["designs"]) & all_of_it)
    assert found > drawn


def test_a_search_goes_on_and_prices_nothing_twice(tmp_path: Path) -> None:
    def search(name: str, designs: int) -> dict[str, Any]:
        return perfvec.search(
            SPACE, output=tmp_path / name, designs=designs, population=16, cost=COST, **QUICK)

    def rows(name: str) -> list[dict[str, str]]:
        with (tmp_path / name).open() as file:
            return list(csv.DictReader(file))

    search("parts.csv", 20)
    before = rows("parts.csv")
    parts, at_once = search("parts.csv", 60), search("at-once.csv", 60)
    assert parts["designs"] == at_once["designs"]
    cores = [row["core"] for row in rows("parts.csv")]
    # And what they are like.
    assert len(set(cores)) == len(cores) == len(parts["designs"]) + 1
    assert cores[: len(before)] == [row["core"] for row in before]


def test_a_space_without_room_ends(tmp_path: Path) -> None:
    space = {"like": "cortex-a72-like", "axes": {"rob": [32, 64], "iq": [16, 32]}}
    result = perfvec.search(space, output=tmp_path / "r.csv", designs=50, population=4, **QUICK)
    assert len(result["designs"]) == 4


def test_results_are_a_table_for_pandas_and_parquet(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    space = {"like": "cortex-a72-like",
             "axes": {"rob": [32, 64], "l2_prefetcher": ["none", "stride"], "clock_ghz": [1.0, 1.5]}}
    result = perfvec.explore(space, output=path, cost="rob", **QUICK)
    # A hash that could be a number, a program with an unlucky name, and a row of other settings.
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    settings, core = rows[0][2:4]
    other = ["NA", rows[0][1], settings + " old", "12345e6789012345", *rows[0][4:-4], "", "", "", ""]
    with path.open("a", newline="") as file:
        csv.writer(file).writerow(other)
    table = perfvec.read_results(path)
    assert list(table.columns) == header and len(table) == len(rows) + 1
    last = table.iloc[-1]
    assert (last["program"], last["core"]) == ("NA", "12345e6789012345")
    assert table[["cost", "speedup", "worst", "pareto"]].isna().sum(axis=1).tolist().count(4) == 2
    assert set(table["l2_prefetcher"]) == {"none", "stride"}
    assert table["rob"].dtype.kind == "i" and table["cycles"].dtype.kind == "f"
    by_core = {row["core"]: row for _, row in table[table["settings"] == settings].iterrows()}
    for design in result["designs"]:
        row = by_core[design["core"]]
        assert row["cycles"] == design["programs"][0]["cycles"]
        assert row["speedup"] == design["speedup"] and bool(row["pareto"]) is design["pareto"]
    assert core in by_core
    table.to_parquet(tmp_path / "r.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "r.parquet"), table)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    for name in ("x.csv", "r.parquet"):
        with pytest.raises(ValueError, match=rf"{name}: its columns are not"):
            perfvec.read_results(tmp_path / name)


def test_mistakes_say_what_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    axes = {"rob": [32, 64]}
    with pytest.raises(perfvec.CommandError, match="robb"):
        perfvec.explore({"like": "cortex-a72-like", "axes": {"robb": [1]}})
    with pytest.raises(ValueError, match="a space has texts"):
        perfvec.explore({"like": "cortex-a72-like", "axes": {"rob": [None]}})
    space = {"like": "cortex-a72-like", "axes": axes}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"designs": 0}, "designs 0"), ({"population": 1}, "population 1"),
        ({"sample_designs": 3}, "sample_designs")]
    for more, says in wrong:
        with pytest.raises(ValueError, match=says):
            perfvec.search(space, output=tmp_path / "r.csv", **more)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"perfvec\[search\]"):
        perfvec.search(space, output=tmp_path / "r.csv", **QUICK)


def test_numpys_numbers_one_path_and_two_designs_to_explain_are_taken(tmp_path: Path) -> None:
    space = {"like": "cortex-a72-like", "axes": {"rob": np.array([32, 64]), "clock_ghz": [np.float64(1.5)]}}
    trace = str(perfvec._library.NATIVE / "share/perfvec/lua.pvt")
    result = perfvec.explore(space, trace, explain=("like", "best"), **QUICK)
    assert [d["axes"]["rob"] for d in result["designs"]] in ([64, 32], [32, 64])
    assert result["explained"] is not None
    with pytest.raises(perfvec.InvalidArgumentError, match="no trace is given"):
        perfvec.explore(space, [], **QUICK)
