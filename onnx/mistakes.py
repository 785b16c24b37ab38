"""Mistakes that a user can mend, told in a line instead of a traceback; and asking the command."""

import subprocess
import sys


class Mistake(Exception):
    """The message names the file or argument and says what to do."""


def told(main, *kinds):
    """Runs `main`; a Mistake, an error of the file system or one of `kinds` ends the program with
    its message."""
    try:
        main()
    except (Mistake, OSError, *kinds) as error:
        sys.exit(str(error))


def ask(perfvec, *arguments):
    """What the `perfvec` command prints."""
    done = subprocess.run([str(perfvec), *map(str, arguments)], check=False, capture_output=True,
                          text=True)
    if done.returncode:
        raise Mistake(f"{perfvec} {' '.join(map(str, arguments[:2]))}: "
                      f"{done.stderr.strip()[-500:]}")
    return done.stdout
