"""Models, tables, the bundled command, and how each says what is wrong."""

import logging
import os
import re
import subprocess
import sys
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import perfvec

ABI = (Path(__file__).parents[2] / "include" / "perfvec.h").read_text()


def defined(prefix: str) -> dict[str, int]:
    """The constants of the header that begin with `prefix`."""
    found = re.findall(rf"#define PERFVEC_{prefix}(\w+) (?:\(1 << )?(\d+)(\)?)", ABI)
    return {name: 1 << int(number) if shift else int(number) for name, number, shift in found}


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [(perfvec.Inst, "INST_"), (perfvec.RegClass, "REG_"), (perfvec.Isa, "ISA_"),
     (perfvec.Backend, "BACKEND_")],
)
def test_constants_are_those_of_the_header(kind: Any, prefix: str) -> None:
    assert issubclass(kind, (IntEnum, IntFlag))
    assert {member.name: int(member) for member in kind} == defined(prefix)


def test_each_status_has_its_exception() -> None:
    classes = {kind.status for kind in perfvec.PerfvecError.__subclasses__() if kind.status}
    assert classes == set(defined("ERR_").values())


def test_cores_come_by_name_from_files_and_from_parameters(tmp_path: Path) -> None:
    (tmp_path / "wide.toml").write_text('like = "cortex-a72-like"\nrob = 256\n')
    (tmp_path / "x.json").write_text('{"name": "small", "like": "rocket-like", "l1d_kib": 8}')
    given = {"name": "given", "kind": "minor", "clock_ghz": 1.5}
    model = perfvec.Model.cores(
        ["u74-like", tmp_path / "wide.toml", str(tmp_path / "x.json"), given])
    table = model.microarchs
    assert table.names == ["given", "small", "u74-like", "wide"]
    assert table["wide"].parameters["rob"] == 256
    assert table["small"].parameters["l1d_kib"] == 8
    assert (table["given"].clock_hz, table["given"].kind) == (1.5e9, "in-order")
    known = perfvec.Model("cores").microarchs
    assert "u74-like" in known.names and len(known) >= 12
    textbook = perfvec.Model.cores(["u74-like"], rules="textbook")
    assert textbook.info.id != perfvec.Model.cores(["u74-like"]).info.id


@pytest.mark.parametrize(
    ("cores", "kind", "says"),
    [
        (["cortex-a73-like"], perfvec.InvalidArgumentError, "not a known core"),
        (["nowhere.toml"], perfvec.NotFoundError, r"^nowhere.toml: no such file$"),
        ([{"name": "x", "like": "u74-like", "robb": 3}], perfvec.InvalidArgumentError,
         r'^core x: "robb" is not a parameter; similar'),
        ([{"like": "u74-like"}], perfvec.InvalidArgumentError, "give it a name"),
        (["u74-like", "u74-like"], perfvec.InvalidArgumentError, 'two cores are called "u74-like"'),
        ([{"name": "x", "like": "u74-like", "ras": {1}}], perfvec.InvalidArgumentError, "numbers"),
        ([], perfvec.InvalidArgumentError, "^0 cores"),
        ("u74-like", TypeError, "put one core into brackets"),
    ],
)
def test_what_is_wrong_with_cores_is_told(cores: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        perfvec.Model.cores(cores)
    told: type[Exception] = TypeError if kind is TypeError else perfvec.PerfvecError
    with pytest.raises(told, match=says):
        perfvec.replay(cores=cores)


def test_errors_have_the_librarys_text_and_pythons_kinds(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="^/nowhere.onnx: No such file") as caught:
        perfvec.Model("/nowhere.onnx")
    assert isinstance(caught.value, perfvec.FileError) and caught.value.status == 2
    (tmp_path / "bad.toml").write_text("rob = ")
    with pytest.raises(ValueError, match="bad.toml: neither TOML nor JSON"):
        perfvec.Model.cores([tmp_path / "bad.toml"])
    model = perfvec.Model.cores(["u74-like"])
    with pytest.raises(LookupError, match='"nobody"'):
        model.microarchs.find("nobody")
    with perfvec.Session(model) as session, pytest.raises(perfvec.MismatchError):
        session.estimates(perfvec.Microarchs())
    with perfvec.Session(perfvec.Model()) as session, pytest.raises(LookupError, match="by cause"):
        session.stacks()
    with pytest.raises(ValueError, match="no operation class"):
        perfvec.op_class("IntAlloy")


def test_tables_are_read_changed_and_written(tmp_path: Path) -> None:
    model = perfvec.Model()
    table = perfvec.Microarchs.empty(model)
    assert len(table) == 0
    size = model.info.representation
    vector = np.linspace(0, 1, size)
    table.add("a", 1e9, vector, {"rob": 3})
    table.add("b", 2e9, np.ones(size))
    assert [core.name for core in table] == ["a", "b"]
    assert (table["a"].parameters, table[0].clock_hz) == ({"rob": 3}, 1e9)
    with pytest.raises(perfvec.InvalidArgumentError):
        table.add("c", 1e9, vector[1:])
    table.remove("b")
    table.save(tmp_path / "t.safetensors")
    other = perfvec.Microarchs.empty(model)
    other.merge(tmp_path / "t.safetensors")
    assert other.names == ["a"]
    program = np.full(size, 2.0)
    estimate = other.estimates(program, retirements=10)["a"]
    expected = 2 * float(vector.astype(np.float32).astype(np.float64).sum())
    assert estimate["cycles"] == pytest.approx(expected, rel=1e-6)
    assert estimate["cpi"] == pytest.approx(expected / 10, rel=1e-6)
    assert model.metadata("perfvec.model_id") == model.info.id


def test_replay_takes_options_of_the_command(tmp_path: Path) -> None:
    result = perfvec.replay(cores=["u74-like"], sample=500_000, interval=1_000_000)
    assert 0 < result["measured"] < result["retired"] == 2_051_929
    assert result["intervals"][0]["retirements"] == 1_000_000
    with pytest.raises(perfvec.CommandError, match="unexpected argument '--colour'"):
        perfvec.replay(colour="red")
    with pytest.raises(perfvec.CommandError, match="^nowhere.pvt: No such file"):
        perfvec.replay("nowhere.pvt")


def test_the_command_runs_a_program_under_qemu_with_the_wheels_plugin(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("int main(void) { return 3; }")
    subprocess.run(["riscv64-linux-gnu-gcc", "-static", "-o", tmp_path / "x", tmp_path / "x.c"],
                   check=True)
    script = Path(sys.executable).parent / "perfvec"
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run([script, "run", "--only", "like", "--", tmp_path / "x"], check=False,
                          env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "")
    assert "cortex-a72-like" in done.stderr
    module = subprocess.run([sys.executable, "-m", "perfvec", "--version"], check=True,
                            cwd=tmp_path, capture_output=True, text=True)
    assert module.stdout == f"perfvec {perfvec.__version__}\n"


def test_messages_of_the_library_reach_a_logger(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="perfvec")
    perfvec.log_to(logging.getLogger("perfvec"))
    try:
        perfvec.Model()
    finally:
        perfvec.log_to(None)
    assert any("perfvec-riscv64-1" in record.getMessage() for record in caplog.records)
    before = len(caplog.records)
    perfvec.Model()
    assert len(caplog.records) == before
