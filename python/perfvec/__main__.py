"""`python -m perfvec` and the script `perfvec`: the bundled command, in place of this process."""

import os
import sys

from perfvec.commands import command


def main() -> None:
    """Executes the command in place of this process, so that signals and exit codes are its own."""
    os.execv(command(), ["perfvec", *sys.argv[1:]])


if __name__ == "__main__":
    main()
