"""Recorders: writing a stream to a trace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from perfvec._library import ffi, path_of, sized
from perfvec._stream import Stream
from perfvec.models import PathLike
from perfvec.records import Isa, TraceSummary


class Recorder(Stream):
    """Writes the stream of one hart to a trace (.pvt), which every command reads. Until
    :meth:`finish` it is a temporary file, which closing the recorder removes.

    `micro_ops`: retirements are micro-ops. `clock_period_ps`: the period of the clock in which
    timed retirements are counted (0: none). `host`, `program` and `metadata` describe the origin.
    """

    _kind = "recorder"

    def __init__(
        self,
        path: PathLike,
        isa: Isa = Isa.RISCV64,
        *,
        micro_ops: bool = False,
        clock_period_ps: int = 0,
        host: str | None = None,
        program: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        header = sized("perfvec_trace_header")
        header.isa, header.micro_ops = isa, micro_ops
        header.clock_period_ps = clock_period_ps
        texts = {
            "host": host, "program": program,
            "metadata_json": None if metadata is None else json.dumps(dict(metadata)),
        }
        # A struct does not keep what it points to.
        kept = {name: ffi.new("char[]", text.encode())
                for name, text in texts.items() if text is not None}
        for name, text in kept.items():
            setattr(header, name, text)
        super().__init__(self._made("create", path_of(path), header), isa)

    def finish(self) -> TraceSummary:
        """Completes the trace under its final name. Afterwards the recorder can only be closed."""
        c = sized("perfvec_trace_summary")
        self._call("finish", c)
        return TraceSummary(
            c.retirements, c.statics, c.timed, c.windows, c.cycles, c.stream_hash, c.bytes)
