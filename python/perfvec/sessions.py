"""Sessions: pricing a stream while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from perfvec._library import Handle, check, ffi, lib, path_of, sized
from perfvec._stream import Stream
from perfvec.models import Microarchs, Model, PathLike
from perfvec.records import (
    ESTIMATE,
    Counts,
    Estimate,
    Fit,
    Interval,
    Isa,
    estimate_of,
    filled,
    stack_parts,
)


class _Receiver:
    """Passes intervals from the library to a function, and keeps an exception that it raises."""

    def __init__(self, function: Callable[[Interval], object]) -> None:
        self.function = function
        self.raised: BaseException | None = None

        # It does not hold the session, so that the last reference to that one frees it at once.
        @ffi.callback("perfvec_interval_fn")
        def deliver(_user: Any, c: Any) -> None:
            # The library hands on the other intervals of the same call.
            if self.raised is None:
                try:
                    self.function(_interval(c))
                except BaseException as e:  # noqa: BLE001 (it is raised from _call)
                    self.raised = e

        self.callback = deliver


def _interval(c: Any) -> Interval:
    # The library's array lives as long as the call only.
    vector = np.frombuffer(ffi.buffer(c.vector, 8 * c.len), np.float64).copy()
    return Interval(c.index, c.first, c.retirements, c.measured, vector)


class Calibrator(Handle):
    """Fits the vector of one core to the cycles of a timing CPU. With `prior`, a table of known cores
    of the same model, short runs suffice.

    Attach it to a session with intervals of about 1000 retirements, retire with cycles
    (:meth:`Session.retire_timed`), sync or finish the session, then solve.
    """

    _kind = "calibrator"

    def __init__(self, model: Model, prior: Microarchs | None = None) -> None:
        prior_handle = ffi.NULL if prior is None else prior._handle
        super().__init__(self._made("create", model._handle, prior_handle))

    def solve(self, name: str, clock_hz: float, table: Microarchs) -> Fit:
        """Adds the fitted core to `table` as `name`, with its clock in Hz."""
        fit = sized("perfvec_fit")
        self._call("solve", name.encode(), clock_hz, table._handle, fit)
        return Fit(fit.retirements, fit.intervals, fit.fit_error, fit.held_out_error)


class Session(Stream):
    """The stream of one hart: intern each static instruction once, retire, estimate at any time.

    Sampling: `sample` is the sampling period in retirements; of each period one unit of `unit`
    retirements is measured. `sample_error` measures as many units as 95% intervals of that relative
    half width need on every core of `targets` (the model's table by default), `sample_overhead` as
    many as take that share of the time, `sample_plan` those of :meth:`plan` of another session. By
    default everything is measured.
    `interval` is the length of an interval in retirements. `outside` starts outside the region
    of interest. The other settings are those of perfvec.h, and so are costs. A session belongs to
    one thread at a time.

    >>> with Session(Model.cores(["rocket-like"])) as session:
    ...     add = session.intern_encoding(0x10000, bytes.fromhex("93821200"))
    ...     session.retire_many(np.full(1000, add, "u4").astype(perfvec.RETIREMENT))
    ...     session.finish()
    ...     session.estimates()["rocket-like"]["cpi"] >= 1
    True
    """

    _kind = "session"

    def __init__(
        self,
        model: Model,
        *,
        threads: int | None = None,
        lanes: int = 0,
        segment: int = 0,
        warmup: int | None = None,
        interval: int = 0,
        on_interval: Callable[[Interval], object] | None = None,
        sample: int | None = None,
        sample_error: float | None = None,
        sample_overhead: float | None = None,
        sample_plan: Sequence[int] | None = None,
        targets: Microarchs | None = None,
        unit: int = 0,
        seed: int = 0,
        warming: int | None = None,
        outside: bool = False,
        image_end: int = 0,
    ) -> None:
        config = ffi.new("perfvec_config *")
        check(lib.perfvec_config_init(config, ffi.sizeof("perfvec_config")))
        config.lanes, config.segment, config.unit, config.seed = lanes, segment, unit, seed
        config.interval, config.start_outside_region = interval, outside
        config.image_end = image_end
        for name, value in (("threads", threads), ("warmup", warmup), ("warming", warming)):
            if value is not None:
                setattr(config, name, value)
        modes = {
            "sample": sample, "sample_error": sample_error, "sample_overhead": sample_overhead,
            "sample_plan": sample_plan,
        }
        chosen = [name for name, value in modes.items() if value is not None]
        if len(chosen) > 1:
            raise ValueError(f"{' and '.join(chosen)} exclude each other; give one")
        plan = None
        if sample is not None:
            config.sampling, config.period = lib.PERFVEC_SAMPLING_FIXED_RATE, sample
        elif sample_error is not None:
            config.sampling, config.half_width = lib.PERFVEC_SAMPLING_TARGET_ERROR, sample_error
            config.targets = (model.microarchs if targets is None else targets)._handle
        elif sample_overhead is not None:
            config.sampling = lib.PERFVEC_SAMPLING_TARGET_OVERHEAD
            config.overhead = sample_overhead
        elif sample_plan is not None:
            plan = ffi.new("uint64_t[]", list(sample_plan))
            config.sampling = lib.PERFVEC_SAMPLING_PLAN
            config.plan, config.plan_len = plan, len(plan)
        super().__init__(self._made("create", model._handle, config), Isa[model.info.isa.upper()])
        self._model = model
        self._receiver: _Receiver | None = None
        self._intervals: list[Interval] = []
        if interval:
            self.on_interval(self._intervals.append if on_interval is None else on_interval)

    def _call(self, verb: str, *args: Any) -> None:
        """Raises an exception of the interval callback from the call that it ran in, whose work is
        done; the session continues without a callback."""
        try:
            super()._call(verb, *args)
        finally:
            receiver = getattr(self, "_receiver", None)
            if receiver is not None and receiver.raised is not None:
                self.on_interval(None)
                raise receiver.raised

    def on_interval(self, function: Callable[[Interval], object] | None) -> None:
        """Calls `function` with each finished interval, in order, during retire, sync and finish
        calls, instead of keeping them for :attr:`intervals`; None removes it. It must not use this
        session; it may use tables."""
        receiver = None if function is None else _Receiver(function)
        callback = ffi.NULL if receiver is None else receiver.callback
        check(lib.perfvec_session_set_interval_callback(self._handle, callback, ffi.NULL))
        self._receiver = receiver

    @property
    def intervals(self) -> list[Interval]:
        """The intervals finished so far, unless a function receives them: D numbers each."""
        return list(self._intervals)

    def attach(self, calibrator: Calibrator | None) -> None:
        """Feeds `calibrator` from :meth:`retire_timed`; None detaches it."""
        handle = ffi.NULL if calibrator is None else calibrator._handle
        self._call("attach_calibrator", handle)

    def region_begin(self) -> None:
        """Begins the region of interest."""
        self._call("region_begin")

    def region_end(self) -> None:
        """Ends the region of interest; what follows is only functional warming."""
        self._call("region_end")

    def sync(self) -> None:
        """Evaluates everything retired so far, which takes milliseconds."""
        self._call("sync")

    def finish(self) -> None:
        """Ends the stream; reset the session before feeding it another one."""
        self._call("finish")

    def reset(self) -> None:
        """Returns to the start of a stream; interned static instructions are kept."""
        self._call("reset")
        self._intervals.clear()

    @property
    def counts(self) -> Counts:
        """Counts of retirements, without waiting for pending work."""
        c = sized("perfvec_counts")
        self._call("counts", c)
        return Counts(c.retired, c.measured, c.pending, c.units, c.unknown_insts)

    def _table(self, microarchs: Microarchs | None) -> Microarchs:
        return self._model.microarchs if microarchs is None else microarchs

    def _filled(self, verb: str, dtype: Any, *args: Any) -> npt.NDArray[Any]:
        function = getattr(lib, f"perfvec_session_{verb}")
        return filled(lambda *out: function(self._handle, *args, *out), dtype)

    def estimate(self, core: str | int, microarchs: Microarchs | None = None) -> Estimate:
        """The estimate so far on one core, by name or index, of a table (the model's by default).
        It does not include pending work: call :meth:`sync` first for that."""
        table = self._table(microarchs)
        out = np.zeros(1, ESTIMATE)
        self._call("estimate", table._handle, table.find(core) if isinstance(core, str) else core,
                   ffi.from_buffer("perfvec_estimate[]", out))
        return estimate_of(out[0])

    def estimate_array(self, microarchs: Microarchs | None = None) -> npt.NDArray[Any]:
        """The same on every core, in the table's order: an array of :data:`ESTIMATE`."""
        return self._filled("estimate_all", ESTIMATE, self._table(microarchs)._handle)

    def estimates(self, microarchs: Microarchs | None = None) -> dict[str, Estimate]:
        """The same by the cores' names; `pandas.DataFrame.from_dict(..., orient="index")` takes
        it."""
        table = self._table(microarchs)
        rows = self.estimate_array(table)
        return {name: estimate_of(row) for name, row in zip(table.names, rows, strict=True)}

    def stack_array(self, microarchs: Microarchs | None = None) -> npt.NDArray[np.float64]:
        """Cycles by cause, (cores, causes): the causes are :func:`stack_parts`, and a row adds up to
        the core's cycles. Only if the model is a list of cores."""
        flat = self._filled("stacks", np.float64, self._table(microarchs)._handle)
        return flat.reshape(-1, lib.PERFVEC_STACK_PARTS)

    def stacks(self, microarchs: Microarchs | None = None) -> dict[str, dict[str, float]]:
        """The same by the names of cores and causes."""
        table, parts = self._table(microarchs), stack_parts()
        rows = self.stack_array(table).tolist()
        return {name: dict(zip(parts, row, strict=True))
                for name, row in zip(table.names, rows, strict=True)}

    def errors(self, microarchs: Microarchs | None = None) -> dict[str, float]:
        """Relative half widths of 90% intervals around each core's cycles: they hold gem5's cycles for
        nine programs in ten, and include the error of sampling. Only if the model is a list of
        cores."""
        table = self._table(microarchs)
        rows = self._filled("errors", np.float64, table._handle)
        return dict(zip(table.names, rows.tolist(), strict=True))

    def ood_score(self, microarchs: Microarchs | None = None) -> float:
        """The out-of-distribution score, the stream's distance from the training programs: 0 is their
        centre, 1 their edge; expect larger errors above 1."""
        score = ffi.new("double *")
        self._call("ood_score", self._table(microarchs)._handle, score)
        return float(score[0])

    def vector(self) -> npt.NDArray[np.float64]:
        """The program vector so far: D numbers."""
        return self._filled("vector", np.float64)

    def save_vector(self, path: PathLike) -> None:
        """Writes the program vector so far to a file that merges with others of the same model."""
        self._call("save_vector", path_of(path))

    def plan(self) -> npt.NDArray[np.uint64]:
        """The sampling plan that a target error or overhead has chosen so far, for `sample_plan`."""
        return self._filled("plan", np.uint64)

    def snapshot(self) -> bytes:
        """The complete state, some MB: a session restored from it continues bit-identically. An
        interval callback and a calibrator are not part of it. Not for lists of cores."""
        return self._filled("snapshot", np.uint8).tobytes()

    def restore(self, snapshot: bytes) -> None:
        """Replaces stream, configuration and interned instructions by those of a snapshot of the
        same model."""
        self._call("restore", ffi.from_buffer("uint8_t[]", snapshot), len(snapshot))

    def snapshot_file(self, path: PathLike) -> None:
        """:meth:`snapshot` to a file."""
        self._call("snapshot_file", path_of(path))

    def restore_file(self, path: PathLike) -> None:
        """:meth:`restore` from a file."""
        self._call("restore_file", path_of(path))


def estimate_total(
    sessions: Iterable[Session], microarchs: Microarchs | None = None
) -> dict[str, Estimate]:
    """The totals over several sessions (harts) of one model: cycles and seconds add up, the CPI is
    over all retirements, and half widths combine as those of independent samples."""
    every = list(sessions)
    if not every:
        raise ValueError("no sessions")
    table = every[0]._table(microarchs)
    handles = ffi.new("perfvec_session *[]", [session._handle for session in every])

    def call(*out: Any) -> int:
        return int(lib.perfvec_session_estimate_total(handles, len(every), table._handle, *out))

    rows = filled(call, ESTIMATE)
    return {name: estimate_of(row) for name, row in zip(table.names, rows, strict=True)}
