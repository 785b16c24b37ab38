"""A program that needs no simulator: a loop that sums an array."""

from typing import Any

import numpy as np
import numpy.typing as npt

import perfvec

BASE, ARRAY, LOAD = 0x10000, 0x800000, 1
CODE = [
    0x00128293,  # loop: addi t0, t0, 1
    0x00053303,  #       ld   t1, 0(a0)
    0x006383B3,  #       add  t2, t2, t1
    0x00850513,  #       addi a0, a0, 8
    0xFEB298E3,  #       bne  t0, a1, loop
]


def loop(stream: perfvec.Session | perfvec.Recorder, trips: int) -> npt.NDArray[Any]:
    """The loop's retirements, with the ids that `stream` gives."""
    ids = [stream.intern_encoding(BASE + 4 * i, code.to_bytes(4, "little"))
           for i, code in enumerate(CODE)]
    rows = np.zeros((trips, len(CODE)), perfvec.RETIREMENT)
    rows["inst"] = ids
    rows["address"][:, LOAD] = ARRAY + 8 * np.arange(trips)
    rows["next_pc"] = BASE + 4 * np.arange(1, len(CODE) + 1)
    rows["next_pc"][:-1, -1] = BASE
    return rows.reshape(-1)
