import json
import re
from types import SimpleNamespace

import pytest
import synthetic
from perfvec_training import (
    calibration,
    compare,
    dataset,
    evaluate,
    export,
    model_card,
    report,
    ridge,
    train,
)
from perfvec_training.shards import Data


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """One small run from the recording to the report."""
    base = tmp_path_factory.mktemp("whole")
    command = synthetic.record(base / "rec", programs=6)
    synthetic.record_test(base / "rec", ["core-0", "core-3", "new-0"])
    dataset.build(base / "rec", base / "data", command, "toy-1", warm=64)
    run = train.Run(train.parse([
        str(base / "data"), str(base / "out"), "--valid", "toy5", "--eager", "--hidden", "8",
        "--lanes", "8", "--segment", "256", "--warm", "32", "--steps", "60", "--minutes", "5", "--stride", "1"]))
    run.train()
    export.export(base / "out" / "final.pt", base / "toy")
    args = SimpleNamespace(
        rec=base / "rec", data=base / "data", checkpoint=base / "out" / "final.pt",
        model=str(base / "toy"), report=base / "report", perfvec=command,
        budget=8000, budgets=[2000, 8000], programs=40, only=None, no_check=False)
    return evaluate.evaluate(args), base


def test_report_covers_every_quarter(result):
    result, base = result
    assert {r["program"] for r in result["rows"]} == {"held0-a", "held1-a"}
    assert {r["core"] for r in result["rows"] if r["seen"]} == {"core-0", "core-3"}
    assert {r["budget"] for r in result["rows"] if not r["seen"]} == {2000, 8000}
    for label, s in result["summary"].items():
        assert s is not None and 0 <= s["median"] <= s["worst"] < 0.5, label
    assert set(result["ranking"].values()) <= {0.0, 1 / 3, 2 / 3, 1.0}
    assert all(0.0 < p["ood"] < 5.0 for p in result["distance"])
    assert json.loads((base / "report" / "report.json").read_text())["summary"]
    for program in result["programs"].values():
        assert program["int8"]["worst"] == pytest.approx(0.002)
        assert program["int8"]["mean"] < program["int8"]["worst"]
        assert program["int8"]["core"] == "core-1"
    assert result["backend"] == "f32"


def test_library_and_pytorch_agree_on_a_whole_program(result):
    check = result[0]["check"]
    # The stand-in runs one long lane, PyTorch segments with warm-up.
    assert check["retired"] == 24000 and check["f32"] < 0.05


def test_page_is_whole_and_escapes_names(result):
    data = json.loads(json.dumps(result[0]))
    for row in data["rows"]:
        row["core"] = "<core>"
    page = report.page(data)
    assert "&lt;core&gt;" in page and "<core>" not in page
    assert page.count("<svg") == page.count("</svg>") >= 3
    assert "nan" not in re.sub(r"<[^>]*>", "", page).lower()


def test_card_says_what_the_files_say(result):
    result, base = result
    text = model_card.card(str(base / "toy"), result)
    assert result["model"] in text and "1 LSTM layer of 8" in text
    s = result["summary"]["test programs, training cores"]
    assert f"{100 * s['mean']:.2f}%" in text
    assert "0.200% at worst (held0-a on core-1)" in text
    assert train.parse(["d", "o", *model_card.flags(
        {"hidden": [8], "eager": True, "steps": 60, "valid": []})]).hidden == [8]


def test_calibration_takes_what_it_says(dataset_folder):
    unseen = Data(dataset_folder, splits=("unseen",))
    columns = [0, 1, 2, 4, 5]
    sums = {p.name: p.feature_sums(1000)[:, columns] for p in unseen.train}
    parts = calibration.observations(unseen, sums, 1000)["new-0"]
    assert [name for name, _, _ in parts] == ["toy0-a", "toy1-a"]
    s, c = calibration.take(parts, 6000, 1000)
    assert s.shape == (6, 5) and c.shape == (6,)
    assert [p[0] for p in calibration.evenly(parts, 1)] == ["toy1-a"]
    assert calibration.evenly(list(range(10)), 4) == [1, 3, 6, 8]
    assert calibration.evenly(parts, 5) == parts
    seen = Data(dataset_folder)
    from perfvec_training import accuracy

    groups = [accuracy.group(p, p.feature_sums(1000)[:, columns]) for p in seen.train]
    prior = ridge.Prior.of(ridge.fit_cores(groups, 5, 5))
    few, many = (calibration.left_out(parts, prior, n, 1000, 0.05) for n in (1000, 22000))
    assert max(map(abs, many.values())) < 0.15
    assert set(few) == {"toy0-a", "toy1-a"}


def test_choices_are_compared_from_the_same_number_of_rows(dataset_folder, tmp_path, monkeypatch, capsys):
    small = ["--eager", "--lanes", "8", "--segment", "256", "--warm", "32", "--stride", "1",
             "--valid", "toy3"]
    monkeypatch.setattr("sys.argv", [
        "perfvec-training compare", str(dataset_folder), str(tmp_path), "--steps", "4", "--processes", "1",
        "--only", "1x64, windows of 128 steps", "windows of 32 steps", *small])
    compare.main()
    rows = json.loads((tmp_path / "compare.json").read_text())
    assert list(rows) == ["1x64, windows of 128 steps", "windows of 32 steps"]
    assert rows["1x64, windows of 128 steps"]["weights"] == 4 * 64 * (6 + 64 + 1)
    assert all(0 < r["valid"] <= r["worst"] for r in rows.values())
    assert "| 1x64, windows of 128 steps | 6 |" in capsys.readouterr().out
