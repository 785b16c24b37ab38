"""Exceptions with the library's error texts, one class for each status."""

from __future__ import annotations


class PerfvecError(Exception):
    """A call failed. The text names what failed, what was found, and the fix."""

    #: `PERFVEC_ERR_...`; 0 where it was not the library that failed.
    status = 0


class InvalidArgumentError(PerfvecError, ValueError):
    """An argument is outside its documented range; also any use of a closed object."""

    status = 1


class FileError(PerfvecError, OSError):
    """A file could not be opened, read, written or renamed."""

    status = 2


class CorruptError(PerfvecError):
    """A file is truncated, fails its checksum, or has the wrong format."""

    status = 3


class VersionError(PerfvecError):
    """A file or a caller has a version that this library does not support."""

    status = 4


class MismatchError(PerfvecError):
    """Two things that must belong together do not: model and table, schema and model, ISA and
    model."""

    status = 5


class NotFoundError(PerfvecError, LookupError):
    """A name, index, ISA or default file is not known."""

    status = 6


class ModelError(PerfvecError):
    """The model's graph cannot be run."""

    status = 7


class OnnxRuntimeError(PerfvecError):
    """ONNX Runtime is missing, too old, or refused the graph."""

    status = 8


class PoisonedError(PerfvecError):
    """The object failed inside earlier and can only be closed."""

    status = 9


class StateError(PerfvecError):
    """The call is not allowed in the object's present state: used by two threads at once, made
    before a fork(), region open."""

    status = 10


class OutOfMemoryError(PerfvecError, MemoryError):
    """Not enough memory, or a documented limit would be exceeded."""

    status = 11


class InternalError(PerfvecError):
    """A bug in the library; include the text in a bug report."""

    status = 12


class CommandError(PerfvecError):
    """The bundled command failed; the text is its error message."""


_OF_STATUS: dict[int, type[PerfvecError]] = {
    kind.status: kind for kind in PerfvecError.__subclasses__() if kind.status
}


def of_status(status: int, text: str) -> PerfvecError:
    """The exception of a status; one of a library newer than this package has no class of its
    own."""
    error = _OF_STATUS.get(status, PerfvecError)(text)
    error.status = status
    return error
