"""The library's inputs and outputs, as NumPy arrays and records."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from perfvec._library import check, ffi, lib, sized, text_of

#: One retirement: the id of its static instruction, :class:`Flags` (0: not known), the virtual
#: data address of a memory access (else 0), and the address of the next instruction (0: not
#: known). An array of these is handed to the library as it lies in memory.
RETIREMENT = np.dtype(
    [("inst", "u4"), ("flags", "u4"), ("address", "u8"), ("next_pc", "u8")]
)

#: An estimate: see :class:`Estimate`.
ESTIMATE = np.dtype([("cycles", "f8"), ("cpi", "f8"), ("seconds", "f8"), ("half_width", "f8")])


class Estimate(TypedDict):
    """An estimate on one core."""

    #: Cycles, scaled to every retirement of the region.
    cycles: float
    #: Cycles per retirement.
    cpi: float
    #: Seconds at the core's clock.
    seconds: float
    #: Half width of the 95% confidence interval of `cycles`, relative to them; 0 in full mode, 1
    #: where it is not known yet.
    half_width: float


class Isa(IntEnum):
    """An instruction set."""

    RISCV64 = 1
    AARCH64 = 2
    X86_64 = 3
    RISCV32 = 4


class Backend(IntEnum):
    """The engine that evaluates a model."""

    AUTO = 0
    NATIVE_F32 = 1
    NATIVE_INT8 = 2
    ONNX_RUNTIME = 3


class Flags(IntFlag):
    """Flags of a retirement: the outcome of a branch if `next_pc` does not tell it, or a fault."""

    TAKEN = 1
    NOT_TAKEN = 2
    FAULT = 4


class Inst(IntFlag):
    """Properties of a static instruction, as perfvec.h describes them."""

    LOAD = 1 << 0
    STORE = 1 << 1
    ATOMIC = 1 << 2
    LOAD_RESERVED = 1 << 3
    STORE_CONDITIONAL = 1 << 4
    COND_CTRL = 1 << 5
    UNCOND_CTRL = 1 << 6
    DIRECT_CTRL = 1 << 7
    INDIRECT_CTRL = 1 << 8
    CALL = 1 << 9
    RETURN = 1 << 10
    SQUASH_AFTER = 1 << 11
    SERIALIZE_AFTER = 1 << 12
    SERIALIZE_BEFORE = 1 << 13
    READ_BARRIER = 1 << 14
    WRITE_BARRIER = 1 << 15
    NON_SPECULATIVE = 1 << 16
    MICRO_OP = 1 << 17
    LAST_MICRO_OP = 1 << 18
    PREFETCH = 1 << 19
    SYSCALL = 1 << 20
    VECTOR = 1 << 21
    UNKNOWN = 1 << 22
    NO_ADDRESS = 1 << 23
    REGION_BEGIN = 1 << 24
    REGION_END = 1 << 25


class RegClass(IntEnum):
    """The class of a register."""

    INT = 0
    FLOAT = 1
    VEC = 2
    VEC_ELEM = 3
    VEC_PRED = 4
    CC = 5
    MISC = 6
    MAT = 7


#: An architectural register: its class, and its index within the class.
Reg = tuple[RegClass, int]


@dataclass(frozen=True)
class StaticInst:
    """A static instruction: one encoding at one address."""

    #: Its address, in bytes.
    pc: int
    #: Operation class: :func:`op_class` gives the number of gem5's name.
    op_class: int
    flags: Inst = field(default=Inst(0))
    #: Length of the encoding in bytes.
    size: int = 4
    #: Bytes read or written by a memory access.
    access_size: int = 0
    #: At most 8 registers read, and 6 written; not one that is always zero.
    src: tuple[Reg, ...] = ()
    dst: tuple[Reg, ...] = ()
    #: Decoded: the data address is this register's value plus `offset`. Interning ignores both.
    base: Reg | None = None
    offset: int = 0

    def _to_c(self) -> Any:
        if len(self.src) > 8 or len(self.dst) > 6:
            raise ValueError("a static instruction reads 8 registers and writes 6 at most")
        c = sized("perfvec_static_inst")
        c.flags, c.pc, c.op_class = self.flags, self.pc, self.op_class
        c.size, c.access_size = self.size, self.access_size
        c.num_src, c.num_dst = len(self.src), len(self.dst)
        for to, registers in ((c.src, self.src), (c.dst, self.dst)):
            for i, (kind, index) in enumerate(registers):
                to[i].reg_class, to[i].index = kind, index
        return c


def _reg(c: Any) -> Reg:
    return RegClass(c.reg_class), int(c.index)


def op_class(name: str) -> int:
    """The number of gem5's operation class called `name`; map classes by name, since gem5's own
    numbers change between versions.

    >>> op_class("IntAlu") == decode(0x10000, bytes.fromhex("93821200")).op_class
    True
    """
    number = int(lib.perfvec_op_class_from_name(name.encode()))
    if number < 0:
        raise ValueError(f'"{name}" is no operation class of gem5')
    return number


def decode(pc: int, encoding: bytes, isa: Isa = Isa.RISCV64) -> StaticInst:
    """Decodes the instruction at `pc`; `encoding` has its bytes in memory order.

    >>> load = decode(0x10004, bytes.fromhex("03330500"))  # ld t1, 0(a0)
    >>> load.flags, load.access_size, load.base, load.offset
    (<Inst.LOAD: 1>, 8, (<RegClass.INT: 0>, 10), 0)
    """
    c = sized("perfvec_static_inst")
    check(lib.perfvec_static_inst_decode(isa, pc, ffi.from_buffer("uint8_t[]", encoding), len(encoding), c))
    return StaticInst(
        pc=c.pc, op_class=c.op_class, flags=Inst(c.flags), size=c.size, access_size=c.access_size,
        src=tuple(_reg(c.src[i]) for i in range(c.num_src)),
        dst=tuple(_reg(c.dst[i]) for i in range(c.num_dst)),
        base=_reg(c.base) if c.has_base else None, offset=c.offset,
    )


@dataclass(frozen=True)
class ModelInfo:
    """Properties of a model."""

    #: Binds microarch tables and program vectors.
    id: str
    #: Name of the feature schema.
    schema: str
    #: Name of the ISA it was trained on.
    isa: str
    #: Elements of a feature row (F).
    features: int
    #: Elements of a representation and of a program vector (D).
    representation: int
    #: Instructions of warm-up that it recommends before a segment.
    warmup: int
    #: The engine in use.
    backend: Backend


@dataclass(frozen=True)
class Microarch:
    """One microarchitecture of a table."""

    name: str
    clock_hz: float
    #: Its parameters; empty where none are known.
    parameters: dict[str, Any]
    #: "in-order", ...; empty where not known.
    kind: str
    #: Whether the foundation model was trained on this core.
    trained: bool


@dataclass(frozen=True)
class Counts:
    """Counts of a session."""

    #: Retirements inside regions of interest.
    retired: int
    #: Of these, the ones in the program vector.
    measured: int
    #: Full mode: retirements not yet through the model (upper bound).
    pending: int
    #: Sampling units measured; 0 in full mode.
    units: int
    #: Distinct static instructions that the decoder did not know.
    unknown_insts: int


@dataclass(frozen=True)
class Interval:
    """One finished interval of a session."""

    #: Its number, from 0.
    index: int
    #: Index of its first retirement in the region.
    first: int
    #: Retirements in it; less than configured only for the last one.
    retirements: int
    #: Of these, the ones whose representations are in `vector`.
    measured: int
    #: Sum of their representations: D numbers.
    vector: npt.NDArray[np.float64] = field(repr=False, compare=False)


@dataclass(frozen=True)
class TraceSummary:
    """The totals of a finished trace."""

    retirements: int
    #: Static instructions.
    statics: int
    #: Retirements with a cycle count.
    timed: int
    #: Runs of consecutive timed retirements.
    windows: int
    #: Sum of all cycle counts.
    cycles: int
    #: Equal for every host that saw the same stream.
    stream_hash: int
    #: Of the file.
    bytes: int


@dataclass(frozen=True)
class Fit:
    """The quality of a calibration."""

    #: Retirements and intervals observed.
    retirements: int
    intervals: int
    #: Root mean square of the relative errors of fitted intervals' cycles, weighted by the cycles.
    fit_error: float
    #: The same over every fifth interval, which was held out and not fitted.
    held_out_error: float


def filled(call: Any, dtype: Any) -> npt.NDArray[Any]:
    """The array that a call of the C ABI fills: called once for the length and once for the
    elements."""
    length = ffi.new("size_t *")
    check(call(ffi.NULL, 0, length))
    out = np.empty(length[0], dtype)
    if len(out):
        check(call(ffi.cast("void *", out.ctypes.data), len(out), length))
    return out


def estimate_of(row: Any) -> Estimate:
    """One element of an array of :data:`ESTIMATE`."""
    cycles, cpi, seconds, half_width = row.item()
    return {"cycles": cycles, "cpi": cpi, "seconds": seconds, "half_width": half_width}


def stack_parts() -> list[str]:
    """The causes by which :meth:`Session.stacks` splits cycles, in the order of
    :meth:`Session.stack_array`.

    >>> stack_parts()[:3]
    ['base', 'fetch', 'branch']
    """
    parts = (lib.perfvec_microarchs_stack_part(i) for i in range(lib.PERFVEC_STACK_PARTS))
    return [text_of(part) for part in parts]
