"""Lists of cores, as a file that the library loads as a model."""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from perfvec.errors import FileError, InvalidArgumentError, NotFoundError, PerfvecError

#: A core: the name of a known one, a file that describes one, or its parameters.
Core = str | os.PathLike[str] | Mapping[str, Any]


def _described(core: Core) -> tuple[str, dict[str, Any]]:
    """A core's name and parameters, not checked yet."""
    if isinstance(core, Mapping):
        if not isinstance(core.get("name"), str):
            raise InvalidArgumentError(f'core {dict(core)}: give it a name, "name": "mine"')
        return core["name"], {key: value for key, value in core.items() if key != "name"}
    path = Path(core)
    if path.suffix not in (".toml", ".json") and not path.is_file():
        return str(core), {"like": str(core)}
    try:
        text = path.read_text()
        read = json.loads if text.lstrip().startswith("{") else tomllib.loads
        parameters = read(text)
    except FileNotFoundError:
        raise NotFoundError(f"{path}: no such file") from None
    except OSError as e:
        raise FileError(f"{path}: {e.strerror}") from None
    except ValueError as e:
        raise InvalidArgumentError(f"{path}: neither TOML nor JSON of a core: {e}") from None
    name = parameters.pop("name", path.stem)
    if not isinstance(name, str):
        raise InvalidArgumentError(f"{path}: name is {name}; give a text")
    return name, parameters


@contextmanager
def cores_file(cores: Iterable[Core], rules: str) -> Iterator[Path]:
    """A temporary file of these cores."""
    if isinstance(cores, (str, os.PathLike, Mapping)):
        raise TypeError("cores is a list; put one core into brackets")
    listed: dict[str, Any] = {"rules": rules}
    for core in cores:
        name, parameters = _described(core)
        if name in listed:
            raise InvalidArgumentError(f'two cores are called "{name}"; give one another name')
        listed[name] = parameters
    try:
        text = json.dumps(listed)
    except TypeError as e:
        raise InvalidArgumentError(f"parameters are numbers and texts: {e}") from None
    with tempfile.TemporaryDirectory(prefix="perfvec-") as folder:
        path = Path(folder) / "cores.json"
        path.write_text(text)
        try:
            yield path
        except PerfvecError as e:
            # The file is ours: its name would tell the caller nothing.
            e.args = (str(e).replace(f"{path}: ", "").replace(str(path), "the list of cores"),)
            raise
