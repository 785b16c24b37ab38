"""Mistakes of users end with a message that names what is wrong."""

from types import SimpleNamespace

import pytest
import synthetic
import torch
from perfvec_training import dataset, evaluate, export, mistakes, network, train
from perfvec_training.mistakes import Mistake
from perfvec_training.shards import Data

SMALL = ["--eager", "--hidden", "8", "--lanes", "4", "--segment", "256", "--warm", "32", "--steps",
         "4", "--stride", "1"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A recording, its data set, a run, and two models: the run's and one of another weight."""
    base = tmp_path_factory.mktemp("runs")
    command = synthetic.record(base / "rec", programs=6)
    synthetic.record_test(base / "rec", ["core-0", "new-0"])
    dataset.build(base / "rec", base / "data", command, "toy-1", warm=64)
    train.Run(train.parse([str(base / "data"), str(base / "1"), *SMALL])).train()
    final = base / "1" / "final.pt"
    export.export(final, base / "model1")
    other = torch.load(final, weights_only=True)
    other["model"]["bias.0"][3] += 0.125
    torch.save(other, base / "other.pt")
    export.export(base / "other.pt", base / "model2")
    return base


def arguments(base, **changes):
    return SimpleNamespace(**{
        "rec": base / "rec", "data": base / "data", "checkpoint": base / "1" / "final.pt",
        "model": str(base / "model1"), "report": base / "report", "budget": 8000, "budgets": [8000],
        "perfvec": str(base / "rec" / "perfvec"), "programs": 40, "only": None, "no_check": True,
        **changes})


@pytest.mark.parametrize("change,message", [
    ({"model": "model2"}, "was not exported from .*final.pt"),
    ({"checkpoint": "1/best.pt"}, "had not ended; take its final.pt"),
    ({"checkpoint": "rec/cores.json"}, "cores.json: no checkpoint"),
    ({"only": ["nosuch", "held0-a"]}, "no test program nosuch was timed"),
    ({"perfvec": "/bin/false"}, "/bin/false replay"),
])
def test_an_evaluation_takes_what_belongs_together(runs, change, message):
    change = {k: runs / v if k == "checkpoint" else str(runs / v) if k == "model" else v
              for k, v in change.items()}
    with pytest.raises(Mistake, match=message):
        evaluate.evaluate(arguments(runs, **change))


def test_an_evaluation_wants_the_data_set_of_its_run(runs, tmp_path):
    dataset.build(runs / "rec", tmp_path, str(runs / "rec" / "perfvec"), "toy-1", warm=64)
    assert Data(tmp_path).train[0].name == "toy0-a"
    for file in (tmp_path / "toy0-a").iterdir():
        file.unlink()
    (tmp_path / "toy0-a").rmdir()
    # A program less is a smaller training set, not another one; one more has no sums.
    result = evaluate.evaluate(arguments(runs, data=tmp_path, report=tmp_path / "report"))
    assert result["summary"]["training programs, training cores"]["pairs"] == 5 * 4
    _, checkpoint = network.load(runs / "1" / "final.pt")
    del checkpoint["sums"]["toy3-a"]
    with pytest.raises(Mistake, match="toy3-a is not what"):
        evaluate.check_data(arguments(runs), Data(runs / "data"), checkpoint["sums"],
                            checkpoint["piece"], checkpoint["stride"])


@pytest.mark.parametrize("settings,message", [
    (["--hidden", "0"], "--hidden must be at least 1"),
    (["--minutes", "0"], "--minutes must be more than 0"),
    (["--lanes", "0"], "--lanes must be more than 0"),
    (["--warm", "-1"], "--warm must not be negative"),
    (["--segment", "1000"], "--segment must be a multiple of --chunk"),
    (["--chunk", "64", "--granule", "48"], "--segment must be a multiple of --chunk"),
    (["--scales", "1", "3"], "--scales must divide the 8 granules"),
    (["--scales", "1"], "--weights takes one for each"),
])
def test_settings_must_fit_together(capsys, settings, message):
    with pytest.raises(SystemExit):
        train.parse(["data", "out", *settings])
    assert message in capsys.readouterr().err


def test_names_that_a_data_set_does_not_have_are_refused(dataset_folder):
    with pytest.raises(Mistake, match="no program and no source nosuch"):
        Data(dataset_folder, valid=["toy3", "nosuch"])
    with pytest.raises(Mistake, match=r"no column miss_\*"):
        Data(dataset_folder).columns(["one", "miss_*"])


def test_a_mistake_is_one_line_and_a_defect_is_not(tmp_path):
    def missing():
        (tmp_path / "nosuch").read_text()

    def mistake():
        raise Mistake("take another")

    def defect():
        raise KeyError("x")

    with pytest.raises(SystemExit, match="nosuch"):
        mistakes.told(missing)()
    with pytest.raises(SystemExit, match="take another"):
        mistakes.told(mistake)()
    with pytest.raises(KeyError):
        mistakes.told(defect)()
