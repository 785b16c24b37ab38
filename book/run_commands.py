#!/usr/bin/env python3
"""Runs every shell command of the book, page by page, against a release build.

    book/run_commands.py [PAGE.md ...]

Each fenced block of a page is marked: `sh,run` is run in a scratch directory, `sh,tree` in the
source tree, both in order and in one shell per page; a listing `LANG,file=NAME` is put into the
scratch directory first. `sh,gem5` (a built gem5), `sh,hours` and `sh,root` are skipped, and
counted. A block without a mark is an error, and so is code that is only indented, which no mark
can be on. Nothing is written outside the scratch directory and target/.

The scratch directory has perfvec installed below $HOME, prog.pvt (the bundled trace), prog (a
RISC-V program) and part1.vec, part2.vec (its vector).
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book" / "src"
RUN = {"run", "tree"}
SKIP = {"gem5": "needs a built gem5", "hours": "takes hours", "root": "changes the system"}
FENCE = re.compile(r"^( *)```(.*)$")
PROG = "#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n"


def blocks(page):
    """The fenced blocks of a page: line number, mark words, text."""
    lines = page.read_text().splitlines()
    found, inside, previous = [], None, ""
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if inside is None and fence:
            inside = (number, [w.strip() for w in fence[2].split(",")], [], len(fence[1]))
        elif inside and fence and not fence[2]:
            found.append((inside[0], inside[1], "\n".join(inside[2]) + "\n"))
            inside = None
        elif inside:
            inside[2].append(line[inside[3]:])
        elif line.startswith("    ") and not previous.strip():
            sys.exit(f"{page.name}:{number}: indented code; fence it and mark it")
        previous = line
    if inside:
        sys.exit(f"{page.name}:{inside[0]}: this block has no end")
    return found


def script(page, scratch):
    """The page's commands as one script, and what is skipped."""
    parts, skipped = [], []
    for number, (language, *marks), text in blocks(page):
        where = f"{page.name}:{number}"
        files = [m.removeprefix("file=") for m in marks if m.startswith("file=")]
        if files:
            (scratch / files[0]).write_text(text)
        elif language == "sh":
            if len(marks) != 1 or marks[0] not in RUN | set(SKIP):
                sys.exit(f"{where}: mark it sh,{'|'.join(sorted(RUN | set(SKIP)))}")
            if marks[0] in SKIP:
                skipped.append(f"{where}: {SKIP[marks[0]]}")
            else:
                folder = scratch if marks[0] == "run" else ROOT
                parts.append(f"cd '{folder}'\necho '--- {where}'\n{text}")
        elif not language:
            sys.exit(f"{where}: the block names no language")
    return "\n".join(parts), skipped


def shell(text, scratch):
    """Runs a script as a user's shell would; stops at the first command that fails."""
    prefix = scratch / ".local"
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PERFVEC", "LD_LIBRARY"))}
    # Cargo's home is found by HOME otherwise.
    env.setdefault("CARGO_HOME", str(Path.home() / ".cargo"))
    env.setdefault("RUSTUP_HOME", str(Path.home() / ".rustup"))
    env.update(
        HOME=str(scratch), PATH=f"{prefix}/bin:{env['PATH']}", LD_LIBRARY_PATH=f"{prefix}/lib",
        PKG_CONFIG_PATH=f"{prefix}/lib/pkgconfig")
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", "set -v\n" + text], check=False,
                          env=env, cwd=scratch, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        sys.exit(f"the command above failed with {done.returncode}")


def prepare(scratch):
    """What the pages take for granted."""
    (scratch / "prog.c").write_text(PROG)
    shell(f"""
        cd '{ROOT}'
        PREFIX=$HOME/.local packaging/install.sh
        cd '{scratch}'
        riscv64-linux-gnu-gcc -O1 -static prog.c -o prog
        cp '{ROOT}/examples/lua.pvt' prog.pvt
        perfvec replay prog.pvt --sample 100000 --vector part1.vec
        cp part1.vec part2.vec
        """, scratch)


def main():
    """Runs the pages named, or all that the summary names."""
    names = sys.argv[1:] or re.findall(r"\(([\w/-]+\.md)\)", (BOOK / "SUMMARY.md").read_text())
    ran, skipped = 0, []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        prepare(scratch)
        for name in names:
            text, left = script(BOOK / name, scratch)
            skipped += left
            if text:
                shell(text, scratch)
                ran += 1
                print(f"{name}: ran")
    for line in skipped:
        print(f"SKIPPED {line}")
    print(f"{ran} pages ran, {len(skipped)} blocks were skipped")
    if ran == 0 and not sys.argv[1:]:
        sys.exit("nothing ran")


if __name__ == "__main__":
    main()
