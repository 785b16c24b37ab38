"""The shared library of this package, and its errors as exceptions."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Self

from perfvec._abi import ffi
from perfvec.errors import PerfvecError, VersionError, of_status

#: Where the library, the command, the model and the plugins are, as in an installed perfvec.
NATIVE = Path(__file__).parent / "native"

lib: Any = ffi.dlopen(str(NATIVE / "lib" / "libperfvec.so"))
if lib.perfvec_abi_version() != lib.PERFVEC_ABI_VERSION:
    raise VersionError("the library's ABI version is not this package's; install the wheel again")


def text_of(pointer: Any) -> str:
    """A C string."""
    return str(ffi.string(pointer).decode())


def path_of(path: Any) -> Any:
    """A path for the library, NULL for None."""
    return ffi.NULL if path is None else str(path).encode()


def check(status: int) -> None:
    """Raises the error of a failed call."""
    if status != lib.PERFVEC_OK:
        raise of_status(status, text_of(lib.perfvec_last_error()))


def sized(kind: str) -> Any:
    """A struct with its size set."""
    struct = ffi.new(f"{kind} *")
    struct.struct_size = ffi.sizeof(kind)
    return struct


class Handle:
    """An object of the library. It is freed by :meth:`close`, at the end of a `with`, or with its last
    reference; a closed object rejects every call."""

    #: The object's name in the C ABI.
    _kind = ""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    @classmethod
    def _made(cls, verb: str, *args: Any) -> Any:
        """What `perfvec_KIND_VERB(args..., out)` makes."""
        out = ffi.new(f"perfvec_{cls._kind} **")
        check(getattr(lib, f"perfvec_{cls._kind}_{verb}")(*args, out))
        return out[0]

    def _call(self, verb: str, *args: Any) -> None:
        check(getattr(lib, f"perfvec_{self._kind}_{verb}")(self._handle, *args))

    def close(self) -> None:
        """Frees the object; a second call does nothing."""
        handle, self._handle = self._handle, ffi.NULL
        getattr(lib, f"perfvec_{self._kind}_free")(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # Where the constructor failed there is no handle.
        if hasattr(self, "_handle"):
            self.close()


LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO}
_log: Any = None


def log_to(logger: logging.Logger | None) -> None:
    """Sends the library's messages to `logger`, with its levels ERROR, WARNING and INFO; None
    silences the library, which is the default.

    >>> import logging
    >>> perfvec.log_to(logging.getLogger("perfvec"))
    >>> perfvec.log_to(None)
    """
    global _log
    if logger is None:
        check(lib.perfvec_log_set(ffi.NULL, ffi.NULL, 0))
        return

    @ffi.callback("perfvec_log_fn")
    def receive(_user: Any, level: int, message: Any) -> None:
        logger.log(LEVELS.get(level, logging.INFO), "%s", text_of(message))

    check(lib.perfvec_log_set(receive, ffi.NULL, 3))
    # Another thread may still be in the one before: all are kept.
    _log = (receive, _log)


def version() -> str:
    """The version of the library.

    >>> perfvec.version()
    '0.1.0'
    """
    return text_of(lib.perfvec_version())


__all__ = ["NATIVE", "Handle", "PerfvecError", "check", "ffi", "lib", "log_to", "path_of", "sized",
           "text_of", "version"]
