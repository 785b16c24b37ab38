#!/usr/bin/env python3
"""Draw what a command prints as an SVG picture of a terminal.

picture.py OUT.svg [--title TEXT] -- COMMAND ARGS...

The picture holds the output as it was, both streams in the order they came, after a line with
the command (or --title, where the command has paths nobody wants to see).
"""

import argparse
import html
import shlex
import subprocess
from pathlib import Path

ADVANCE, LINE, MARGIN, SIZE = 8.4, 19, 18, 14


def draw(lines):
    """The SVG text of these lines; the first one is the command."""
    width = max(len(line) for line in lines) * ADVANCE + 2 * MARGIN
    height = len(lines) * LINE + 2 * MARGIN
    rows = []
    for number, line in enumerate(lines):
        y = MARGIN + LINE * (number + 0.75)
        colour = "#7ee787" if number == 0 else "#e6edf3"
        rows.append(
            f'<text x="{MARGIN}" y="{y:.1f}" fill="{colour}" textLength="{len(line) * ADVANCE:.1f}"'
            f' xml:space="preserve">{html.escape(line)}</text>'
            if line
            else ""
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}" font-size="{SIZE}"'
        f' font-family="ui-monospace, Menlo, Consolas, monospace">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n' + "\n".join(rows) + "\n</svg>\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--title", help="what to show as the command")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    done = subprocess.run(
        options.command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    title = options.title or shlex.join(options.command)
    temporary = options.output.with_suffix(".tmp")
    temporary.write_text(draw([f"$ {title}", *done.stdout.rstrip("\n").split("\n")]))
    temporary.rename(options.output)


if __name__ == "__main__":
    main()
