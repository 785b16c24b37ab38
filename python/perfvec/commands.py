"""The `perfvec` command of this package."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from perfvec._cores import Core, cores_file
from perfvec._library import NATIVE
from perfvec.errors import CommandError
from perfvec.models import PathLike


def command() -> str:
    """The path of the command, for `subprocess`.

    >>> import subprocess
    >>> subprocess.run([command(), "--version"], capture_output=True, text=True).stdout
    'perfvec 0.1.0\\n'
    """
    return str(NATIVE / "bin" / "perfvec")


def as_arguments(options: Mapping[str, Any]) -> list[str]:
    """Keyword arguments as the command's options."""
    arguments = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        arguments.append(option if value is True else f"{option}={value}")
    return arguments


def run(arguments: Iterable[str]) -> str:
    """Runs the command; returns what it prints, raises its error text."""
    done = subprocess.run(
        [command(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False)
    if done.returncode:
        raise CommandError(done.stderr.strip().removeprefix("perfvec: "))
    return done.stdout


def replay(
    trace: PathLike | None = None,
    *,
    cores: Iterable[Core] | None = None,
    rules: str = "gem5",
    **options: Any,
) -> dict[str, Any]:
    """Prices a recorded trace (.pvt or another tool's; by default a short one that comes with
    perfvec) on `cores`, as :meth:`Model.cores` takes them; by default on all that `perfvec cores`
    lists, or on those of `model="learned"`.

    Other arguments are options of `perfvec replay`: `sample_error="1%"` is `--sample-error 1%`,
    True gives an option without a value. The result is what `--json` writes; the book's page on
    file formats describes it.

    >>> result = replay(cores=["rocket-like"])
    >>> result["retired"], result["microarchs"][0]["name"]
    (2051929, 'rocket-like')
    """
    arguments = ["replay", *as_arguments(options)]
    with ExitStack() as stack:
        if cores is not None:
            arguments.append(f"--model={stack.enter_context(cores_file(cores, rules))}")
        out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="perfvec-"))) / "out"
        arguments.append(f"--json={out}")
        if trace is not None:
            arguments += ["--", str(trace)]
        run(arguments)
        result: dict[str, Any] = json.loads(out.read_text())
        return result
