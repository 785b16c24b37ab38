"""Streams of retirements, which sessions and recorders receive."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from perfvec._library import Handle, ffi, sized
from perfvec.records import RETIREMENT, Isa, StaticInst


def rows(retirements: npt.NDArray[Any]) -> Any:
    """An array of retirements as the library reads it, without a copy."""
    if not isinstance(retirements, np.ndarray) or retirements.dtype != RETIREMENT:
        found = getattr(retirements, "dtype", type(retirements).__name__)
        raise TypeError(f"retirements are a NumPy array of perfvec.RETIREMENT, not of {found}")
    if retirements.ndim != 1 or not retirements.flags.c_contiguous:
        raise ValueError(
            "retirements must be a contiguous one-dimensional array; numpy.ascontiguousarray() makes "
            "one")
    return ffi.from_buffer("perfvec_retirement[]", retirements)


class Stream(Handle):
    """A stream of retirements."""

    def __init__(self, handle: Any, isa: Isa) -> None:
        super().__init__(handle)
        self._isa = isa
        self._id = ffi.new("uint32_t *")
        self._one = ffi.new("perfvec_retirement *")

    def intern(self, inst: StaticInst) -> int:
        """The id of a decoded static instruction, for :data:`RETIREMENT`; the same one gives the
        same id. Ids are dense from 0."""
        self._call("intern", inst._to_c(), self._id)
        return int(self._id[0])

    def intern_encoding(self, pc: int, encoding: bytes, isa: Isa | None = None) -> int:
        """Decodes and interns; `encoding` has the bytes in memory order. The ISA is the stream's
        by default."""
        self._call("intern_encoding", self._isa if isa is None else isa, pc,
                   ffi.from_buffer("uint8_t[]", encoding), len(encoding), self._id)
        return int(self._id[0])

    def _set(self, inst: int, address: int, next_pc: int, flags: int) -> Any:
        one = self._one
        one.inst, one.flags, one.address, one.next_pc = inst, flags, address, next_pc
        return one

    def retire(self, inst: int, address: int = 0, next_pc: int = 0, flags: int = 0) -> None:
        """One retirement; the fields are those of :data:`RETIREMENT`. Arrays are faster."""
        self._call("retire", self._set(inst, address, next_pc, flags))

    def retire_many(self, retirements: npt.NDArray[Any]) -> None:
        """Retires an array of :data:`RETIREMENT`, in order and without a copy. After an error none of
        them counts. Other Python threads can run meanwhile."""
        array = rows(retirements)
        self._call("retire_many", array, len(array))

    def retire_timed(
        self, inst: int, cycles: int, address: int = 0, next_pc: int = 0, flags: int = 0
    ) -> None:
        """One retirement of a timing CPU, and the cycles since the retirement before it."""
        self._call("retire_timed", self._set(inst, address, next_pc, flags), cycles)

    def set_region(
        self,
        *,
        markers: bool = False,
        from_pc: int = 0,
        from_count: int = 0,
        skip: int = 0,
        first: int = 0,
        until_pc: int = 0,
        until_count: int = 0,
    ) -> None:
        """Sets the region that is measured or recorded, before the first retirement: either between
        marker instructions (`markers`), or from retirement number `from_count` (0: the start of the
        stream) of the instruction at `from_pc` on, after skipping `skip` more, at most `first`
        retirements (0: no limit), until the instruction at `until_pc` retires for the
        `until_count`th time (0: the end of the stream). perfvec.h has the details."""
        region = sized("perfvec_region")
        region.markers, region.from_pc, region.from_count = markers, from_pc, from_count
        region.skip, region.first = skip, first
        region.until_pc, region.until_count = until_pc, until_count
        self._call("set_region", region)
