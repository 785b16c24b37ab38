"""The console command: every step is there and describes itself."""

import pytest
from perfvec_training import __main__ as command


@pytest.mark.parametrize("step", command.STEPS)
def test_every_step_describes_itself(step, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["perfvec-training", step, "--help"])
    with pytest.raises(SystemExit) as done:
        command.main()
    assert done.value.code == 0
    assert f"usage: perfvec-training {step}" in capsys.readouterr().out


def test_a_step_that_is_none_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setattr("sys.argv", ["perfvec-training", "trane"])
    with pytest.raises(SystemExit, match=r"no step trane(.|\n)*train "):
        command.main()
