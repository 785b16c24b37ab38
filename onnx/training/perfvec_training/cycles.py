"""Read cycle files (.pvc), whose format perfvec_cycles.hh describes.

    perfvec-training cycles FILE ...         describe the files
    perfvec-training cycles --compare A B    check that both hold the same stream where they overlap

As a module: read(path).array() gives the observed cycles as a NumPy array.
"""

import argparse
import json
import struct
import sys
import zlib
from array import array
from pathlib import Path
from typing import TYPE_CHECKING

from perfvec_training.mistakes import Mistake, described, told

if TYPE_CHECKING:
    import numpy

MAGIC = b"PVCYCLE1"
ESCAPE = 0xFFFF
TRAILER = struct.Struct("<QQII")


class CycleFileError(Mistake):
    """The file is damaged or of another kind; the message names it."""


class CycleFile:
    """One file. `metadata` is the JSON object, `hashes` the blocks' hashes, `large` the pairs
    (place, cycles) whose payload says 65535."""

    def __init__(self, path: str | Path) -> None:
        with open(path, "rb") as file:
            data = file.read()
        if len(data) < 8 + TRAILER.size or data[:8] != MAGIC:
            raise CycleFileError(f"{path}: not a cycle file, or truncated; record it again")
        large, hashes, size, crc = TRAILER.unpack(data[-TRAILER.size:])
        if zlib.crc32(data[:-4]) != crc:
            raise CycleFileError(f"{path}: wrong checksum; record it again")
        metadata_at = len(data) - TRAILER.size - size
        hashes_at = metadata_at - 8 * hashes
        large_at = hashes_at - 12 * large
        if large_at < 8:
            raise CycleFileError(f"{path}: its counts exceed its size; record it again")
        self.path = str(path)
        self.metadata = json.loads(data[metadata_at:metadata_at + size])
        self.hashes = struct.unpack(f"<{hashes}Q", data[hashes_at:metadata_at])
        self.large = list(struct.iter_unpack("<QI", data[large_at:hashes_at]))
        self.payload = data[8:large_at]
        timed = self.metadata["timed"]
        if len(self.payload) != (2 * self.metadata["retirements"] if timed else 0):
            raise CycleFileError(f"{path}: payload and metadata disagree; record it again")

    @property
    def windows(self) -> list[list[int]]:
        """[[first retirement, retirements], ...]"""
        return self.metadata["windows"]

    def blocks(self) -> dict[int, int]:
        """{index of a whole block: its hash}"""
        block = self.metadata["block"]
        found, place = {}, 0
        for first, length in self.windows:
            if first % block:
                # A part of a block has a hash, but nothing to compare it with.
                place += 1
                length -= block - first % block
                first += block - first % block
            for i in range(max(0, length) // block):
                found[first // block + i] = self.hashes[place + i]
            place += -(-max(0, length) // block)
        return found

    def array(self) -> "numpy.ndarray":
        """Observed cycles, u32, in the order of the windows (NumPy)."""
        import numpy

        values = numpy.frombuffer(self.payload, dtype="<u2").astype(numpy.uint32)
        for place, cycles in self.large:
            values[place] = cycles
        return values

    def list(self) -> "list[int]":
        """Observed cycles without NumPy."""
        halves = array("H", self.payload)
        if sys.byteorder == "big":
            halves.byteswap()
        values = [*halves]
        for place, cycles in self.large:
            values[place] = cycles
        return values


def read(path: str | Path) -> CycleFile:
    """The cycle file at `path`."""
    return CycleFile(path)


def compare(one: str | Path, other: str | Path) -> int:
    """Checks that two files saw the same stream; returns the number of blocks compared."""
    first, second = read(one), read(other)
    ours, theirs = first.blocks(), second.blocks()
    both = sorted(set(ours) & set(theirs))
    for block in both:
        if ours[block] != theirs[block]:
            size = first.metadata["block"]
            raise CycleFileError(
                f"{first.path} and {second.path} retired different streams from retirement "
                f"{block * size} to {(block + 1) * size}")
    if not both:
        raise CycleFileError(f"{first.path} and {second.path} have no block in common")
    return len(both)


@told
def main() -> None:
    parser = argparse.ArgumentParser(**described(__doc__))
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--compare", action="store_true", help="check that two files hold the same stream")
    options = parser.parse_args()
    if options.compare:
        if len(options.files) != 2:
            parser.error("--compare takes two files")
        print(f"the same stream in {compare(*options.files)} blocks")
        return
    for path in options.files:
        file = read(path)
        about = {k: v for k, v in file.metadata.items() if k not in ("parameters", "windows")}
        print(path, json.dumps(about))
        print("  windows", file.windows, "large", len(file.large))


if __name__ == "__main__":
    main()
