"""Errors that a user can correct, printed as one line instead of a traceback."""

import argparse
import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Mistake(Exception):
    """A user error: the message names the file or argument, and the fix."""


def described(doc: str | None) -> dict[str, Any]:
    """For ArgumentParser: the first line of a module's docstring above its options, the rest below."""
    first, _, rest = (doc or "").partition("\n\n")
    return {"description": first, "epilog": rest,
            "formatter_class": argparse.RawDescriptionHelpFormatter}


def told(main: Callable[[], None]) -> Callable[[], None]:
    """A console command: a Mistake or an error of the file system ends it with its message."""
    @functools.wraps(main)
    def command() -> None:
        try:
            main()
        except (Mistake, OSError) as error:
            sys.exit(str(error))

    return command


def ask(perfvec: str | Path, *arguments: object) -> str:
    """What the `perfvec` command prints."""
    done = subprocess.run([str(perfvec), *map(str, arguments)], check=False, capture_output=True,
                          text=True)
    if done.returncode:
        raise Mistake(f"{perfvec} {' '.join(map(str, arguments[:2]))}: "
                      f"{done.stderr.strip()[-500:]}")
    return done.stdout
