"""Atomic writes: to a temporary name, then renamed."""

import json
import os
from pathlib import Path


def write(path: str | Path, data: bytes | str) -> None:
    """Writes bytes, or text as UTF-8."""
    temporary = f"{path}.part"
    Path(temporary).write_bytes(data.encode() if isinstance(data, str) else data)
    os.replace(temporary, path)


def write_json(path: str | Path, data: object) -> None:
    """Writes a JSON value."""
    write(path, json.dumps(data, indent=1))
