"""Sessions, recorders and calibrators, against the bundled command and against themselves."""

import gc
import math
import os
import threading
import weakref
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toy import BASE, CODE, loop

import perfvec

TRIPS = 4000


def test_a_session_and_the_command_price_a_recorded_stream_the_same(
    cores: perfvec.Model, tmp_path: Path
) -> None:
    trace = tmp_path / "loop.pvt"
    with perfvec.Recorder(trace, program="loop", metadata={"trips": TRIPS}) as recorder:
        recorder.retire_many(loop(recorder, TRIPS))
        summary = recorder.finish()
    assert (summary.retirements, summary.statics, summary.timed) == (5 * TRIPS, 5, 0)
    assert summary.bytes == trace.stat().st_size
    mine = {"name": "mine", "like": "cortex-a72-like", "l2_kib": 512}
    for model, told in (
        (cores, perfvec.replay(trace, cores=["rocket-like", mine])),
        (perfvec.Model(), perfvec.replay(trace, model="learned", threads=0)),
    ):
        with perfvec.Session(model) as session:
            session.retire_many(loop(session, TRIPS))
            session.finish()
            assert {m["name"]: m["cycles"] for m in told["microarchs"]} == {
                name: estimate["cycles"] for name, estimate in session.estimates().items()
            }
    assert told["program"] == "loop" and len(told["microarchs"]) == len(model.microarchs)


def test_retirements_one_by_one_and_in_an_array_are_the_same_stream(
    cores: perfvec.Model
) -> None:
    with perfvec.Session(cores) as whole, perfvec.Session(cores) as single:
        rows = loop(whole, 50)
        loop(single, 0)
        whole.retire_many(rows)
        for inst, flags, address, next_pc in rows.tolist():
            single.retire(inst, address, next_pc, perfvec.Flags(flags))
        whole.finish()
        single.finish()
        assert np.array_equal(whole.vector(), single.vector())
        assert whole.counts == single.counts
        assert whole.counts.retired == len(rows)


def test_arrays_go_in_without_copies_or_not_at_all(cores: perfvec.Model) -> None:
    assert perfvec.RETIREMENT.itemsize == 24 and perfvec.ESTIMATE.itemsize == 32
    with perfvec.Session(cores) as session:
        rows = loop(session, 4)
        rows.flags.writeable = False
        session.retire_many(rows)
        with pytest.raises(ValueError, match="ascontiguousarray"):
            session.retire_many(rows[::2])
        with pytest.raises(TypeError, match="perfvec.RETIREMENT, not of float64"):
            session.retire_many(np.zeros(3))
        with pytest.raises(TypeError, match="not of list"):
            session.retire_many([1, 2])  # type: ignore[arg-type]
        wrong = np.zeros(2, perfvec.RETIREMENT)
        wrong["inst"] = 99
        with pytest.raises(perfvec.InvalidArgumentError, match="99"):
            session.retire_many(wrong)
        session.finish()
        assert session.counts.retired == len(rows)


def test_results_are_what_pandas_takes(cores: perfvec.Model) -> None:
    with perfvec.Session(cores) as session:
        session.retire_many(loop(session, TRIPS))
        session.finish()
        frame = pd.DataFrame.from_dict(session.estimates(), orient="index")
        assert list(frame.columns) == ["cycles", "cpi", "seconds", "half_width"]
        assert list(frame.index) == ["mine", "rocket-like"]
        assert frame.cycles.tolist() == session.estimate_array()["cycles"].tolist()
        assert session.estimate("mine") == session.estimate(0) == session.estimates()["mine"]
        stacks = pd.DataFrame.from_dict(session.stacks(), orient="index")
        assert list(stacks.columns) == perfvec.stack_parts()
        assert stacks.sum(axis=1).tolist() == frame.cycles.tolist()
        assert list(session.errors()) == list(frame.index)
        assert all(0 < error < 10 for error in session.errors().values())
        assert session.stack_array().shape == (2, len(perfvec.stack_parts()))


def test_intervals_add_up_to_the_program(cores: perfvec.Model) -> None:
    with perfvec.Session(cores, interval=3000) as session:
        session.retire_many(loop(session, TRIPS))
        session.finish()
        intervals = session.intervals
        assert [i.retirements for i in intervals] == [3000] * 6 + [2000]
        assert [i.first for i in intervals] == [3000 * n for n in range(7)]
        total = np.sum([i.vector for i in intervals], axis=0)
        assert np.array_equal(total, session.vector())
        cycles = sum(cores.microarchs.estimates(i)["mine"]["cycles"] for i in intervals)
        assert cycles == session.estimates()["mine"]["cycles"]


def test_what_a_receiver_raises_leaves_the_call_and_the_session_goes_on(
    cores: perfvec.Model
) -> None:
    seen: list[int] = []

    def receive(interval: perfvec.Interval) -> None:
        seen.append(interval.index)
        raise ZeroDivisionError("mine")

    with perfvec.Session(cores, interval=1000, on_interval=receive) as session:
        with pytest.raises(ZeroDivisionError, match="mine"):
            session.retire_many(loop(session, TRIPS))
            session.sync()
        session.finish()
        assert seen == [0] and session.intervals == []
        assert session.counts.retired == 5 * TRIPS


def test_a_restored_session_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    model = perfvec.Model()
    with perfvec.Session(model) as session, perfvec.Session(model) as other:
        rows = loop(session, TRIPS)
        session.retire_many(rows[:7001])
        other.restore(session.snapshot())
        session.snapshot_file(tmp_path / "state")
        for each in (session, other):
            each.retire_many(rows[7001:])
            each.finish()
        assert np.array_equal(session.vector(), other.vector())
        other.restore_file(tmp_path / "state")
        assert other.counts.retired == 7001
        with pytest.raises(perfvec.CorruptError):
            other.restore(b"no snapshot")


def test_regions_and_resets(cores: perfvec.Model) -> None:
    with perfvec.Session(cores, outside=True, interval=1000) as session:
        rows = loop(session, TRIPS)
        session.retire_many(rows[:5000])
        session.region_begin()
        with pytest.raises(perfvec.StateError):
            session.region_begin()
        session.retire_many(rows[5000:9000])
        session.region_end()
        session.retire_many(rows[9000:])
        session.finish()
        assert (session.counts.retired, len(session.intervals)) == (4000, 4)
        session.reset()
        assert (session.counts.retired, session.intervals) == (0, [])


def test_a_region_is_set_before_the_stream(cores: perfvec.Model) -> None:
    with perfvec.Session(cores) as session:
        rows = loop(session, 100)
        session.set_region(from_pc=BASE, from_count=11, skip=5, first=300)
        session.retire_many(rows)
        session.finish()
        assert session.counts.retired == 300
        with pytest.raises(perfvec.StateError):
            session.set_region(first=5)
    with perfvec.Session(cores) as session:
        with pytest.raises(perfvec.InvalidArgumentError):
            session.set_region(markers=True, first=5)
        session.set_region(until_pc=BASE, until_count=3)
        session.retire_many(loop(session, 100))
        session.finish()
        assert session.counts.retired == 2 * len(CODE)


def test_ways_of_sampling(cores: perfvec.Model) -> None:
    with perfvec.Session(cores, sample=5000, unit=100, seed=7) as session:
        session.retire_many(loop(session, TRIPS))
        session.finish()
        assert (session.counts.units, session.counts.measured) == (4, 400)
        # Of four units: it may be wider than the estimate.
        assert 0 < session.estimates()["mine"]["half_width"] < math.inf
    with perfvec.Session(cores, sample_error=0.05, unit=100) as session:
        rows = loop(session, 20000)
        session.retire_many(rows)
        session.finish()
        chosen, vector = session.plan(), session.vector()
    with perfvec.Session(cores, sample_plan=chosen.tolist(), unit=100) as again:
        again.retire_many(loop(again, 20000))
        again.finish()
        assert np.array_equal(again.vector(), vector)
    with pytest.raises(ValueError, match="sample and sample_error exclude"):
        perfvec.Session(cores, sample=5, sample_error=0.1)
    with pytest.raises(perfvec.InvalidArgumentError, match="half_width"):
        perfvec.Session(cores, sample_error=7.0)


def test_a_calibrated_core_is_as_slow_as_it_was_timed() -> None:
    model = perfvec.Model()
    table = perfvec.Microarchs.empty(model)
    prior = perfvec.Microarchs()
    session = perfvec.Session(model, interval=1000)
    with perfvec.Calibrator(model, prior) as calibrator, session:
        session.attach(calibrator)
        for inst, flags, address, next_pc in loop(session, 3000).tolist():
            session.retire_timed(inst, 3, address, next_pc, perfvec.Flags(flags))
        session.finish()
        fit = calibrator.solve("three", 1e9, table)
        assert (fit.retirements, fit.intervals) == (15000, 15)
        assert fit.held_out_error < 0.05
        assert session.estimates(table)["three"]["cpi"] == pytest.approx(3, rel=0.05)
        assert session.ood_score() > 0


def test_totals_over_harts(cores: perfvec.Model) -> None:
    with perfvec.Session(cores) as one, perfvec.Session(cores) as two:
        for session, trips in ((one, 100), (two, 700)):
            session.retire_many(loop(session, trips))
            session.finish()
        total = perfvec.estimate_total([one, two])
        for name, estimate in total.items():
            parts = [session.estimate(name)["cycles"] for session in (one, two)]
            assert estimate["cycles"] == sum(parts)
    with pytest.raises(ValueError, match="no sessions"):
        perfvec.estimate_total([])


def test_threads_price_at_the_same_time(cores: perfvec.Model) -> None:
    results: list[float] = []

    def price() -> None:
        with perfvec.Session(cores) as session:
            session.retire_many(loop(session, TRIPS))
            session.finish()
            results.append(session.estimates()["mine"]["cycles"])

    threads = [threading.Thread(target=price) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and len(set(results)) == 1


def test_objects_are_freed_and_closed_ones_refuse(cores: perfvec.Model) -> None:
    session = perfvec.Session(cores, interval=1000)
    freed = weakref.ref(session)
    session.close()
    session.close()
    with pytest.raises(perfvec.InvalidArgumentError, match="perfvec_session: the handle is NULL"):
        session.sync()
    gc.disable()
    try:
        # No cycle of references keeps one for the collector.
        del session
        assert freed() is None
    finally:
        gc.enable()
    # Far more than may be alive at once.
    for _ in range(70_000):
        perfvec.Microarchs.empty(cores)


def test_a_child_of_fork_is_told_to_build_its_own(cores: perfvec.Model) -> None:
    session = perfvec.Session(cores)
    session.retire_many(loop(session, 10))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            session.sync()
        except perfvec.StateError:
            with perfvec.Session(cores) as own:
                own.retire_many(loop(own, 10))
                own.finish()
                code = 0 if own.counts.retired == 50 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    session.close()


def test_an_unfinished_trace_leaves_no_file(tmp_path: Path) -> None:
    recorder = perfvec.Recorder(tmp_path / "x.pvt")
    recorder.retire_many(loop(recorder, 10))
    recorder.close()
    assert list(tmp_path.iterdir()) == []


def test_interning_what_was_decoded_is_interning_the_encoding(cores: perfvec.Model) -> None:
    with perfvec.Session(cores) as session:
        for i, code in enumerate(CODE):
            encoding = code.to_bytes(4, "little")
            inst = perfvec.decode(BASE + 4 * i, encoding)
            assert session.intern_encoding(inst.pc, encoding) == session.intern(inst) == i
        assert inst.flags == perfvec.Inst.COND_CTRL | perfvec.Inst.DIRECT_CTRL
        assert inst.src == ((perfvec.RegClass.INT, 5), (perfvec.RegClass.INT, 11))
