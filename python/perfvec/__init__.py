"""perfvec: estimates how many cycles a stream of instructions takes, on many cores at once.

>>> import perfvec
>>> model = perfvec.Model.cores(["rocket-like", "cortex-a72-like"])
>>> model.microarchs.names
['cortex-a72-like', 'rocket-like']

Classes follow perfvec.h: :class:`Model` and its :class:`Microarchs`, a :class:`Session` for each
hart, :class:`Recorder`, :class:`Calibrator`. Failed calls raise a :class:`PerfvecError` with the
library's text. perfvec.h documents flow, costs and threading rules.
"""

from perfvec._cores import Core
from perfvec._library import log_to, version
from perfvec.commands import command, replay
from perfvec.errors import (
    CommandError,
    CorruptError,
    FileError,
    InternalError,
    InvalidArgumentError,
    MismatchError,
    ModelError,
    NotFoundError,
    OnnxRuntimeError,
    OutOfMemoryError,
    PerfvecError,
    PoisonedError,
    StateError,
    VersionError,
)
from perfvec.models import Microarchs, Model
from perfvec.recorders import Recorder
from perfvec.records import (
    ESTIMATE,
    RETIREMENT,
    Backend,
    Counts,
    Estimate,
    Fit,
    Flags,
    Inst,
    Interval,
    Isa,
    Microarch,
    ModelInfo,
    Reg,
    RegClass,
    StaticInst,
    TraceSummary,
    decode,
    op_class,
    stack_parts,
)
from perfvec.sessions import Calibrator, Session, estimate_total
from perfvec.spaces import explore, read_results, search

__version__ = version()

__all__ = [
    "ESTIMATE", "RETIREMENT", "Backend", "Calibrator", "CommandError", "Core", "CorruptError",
    "Counts", "Estimate", "FileError", "Fit", "Flags", "Inst", "InternalError", "Interval",
    "InvalidArgumentError", "Isa", "Microarch", "Microarchs", "MismatchError", "Model", "ModelError",
    "ModelInfo", "NotFoundError", "OnnxRuntimeError", "OutOfMemoryError", "PerfvecError",
    "PoisonedError", "Recorder", "Reg", "RegClass", "Session", "StateError", "StaticInst",
    "TraceSummary", "VersionError", "command", "decode", "estimate_total", "explore", "log_to",
    "op_class", "read_results", "replay", "search", "stack_parts", "version",
]
