"""Models and their microarch tables."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from perfvec._cores import Core, cores_file
from perfvec._library import Handle, check, ffi, lib, path_of, sized, text_of
from perfvec.records import (
    ESTIMATE,
    Backend,
    Estimate,
    Interval,
    Microarch,
    ModelInfo,
    estimate_of,
    filled,
)

PathLike = str | os.PathLike[str]


class Microarchs(Handle):
    """A table of one model's microarchitectures, on which program vectors are priced.

    No path means the default model's table. Any number of threads may read a table; while one
    changes it, no other may use it.

    >>> table = Microarchs()
    >>> table[table.names[0]].clock_hz > 1e8
    True
    """

    _kind = "microarchs"

    def __init__(self, path: PathLike | None = None) -> None:
        super().__init__(self._made("load", path_of(path)))

    @classmethod
    def empty(cls, model: Model) -> Microarchs:
        """A table of `model` without cores."""
        table = cls.__new__(cls)
        Handle.__init__(table, cls._made("create", model._handle))
        return table

    def __len__(self) -> int:
        return int(lib.perfvec_microarchs_count(self._handle))

    def _info(self, index: int) -> Any:
        info = sized("perfvec_microarch_info")
        self._call("get", index, info)
        return info

    def __getitem__(self, core: str | int) -> Microarch:
        info = self._info(self.find(core) if isinstance(core, str) else core)
        return Microarch(
            name=text_of(info.name), clock_hz=info.clock_hz, kind=text_of(info.kind),
            parameters=json.loads(text_of(info.parameters_json)), trained=bool(info.trained),
        )

    def __iter__(self) -> Iterator[Microarch]:
        return (self[index] for index in range(len(self)))

    @property
    def names(self) -> list[str]:
        """The cores' names, in the table's order."""
        return [text_of(self._info(index).name) for index in range(len(self))]

    def find(self, name: str) -> int:
        """The index of the core called `name`."""
        index = ffi.new("size_t *")
        self._call("find", name.encode(), index)
        return int(index[0])

    def add(
        self,
        name: str,
        clock_hz: float,
        vector: npt.ArrayLike,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds a core: a name that the table does not have yet, its clock in Hz, and its vector of
        D numbers."""
        values = np.ascontiguousarray(vector, np.float32)
        text = ffi.NULL if parameters is None else json.dumps(dict(parameters)).encode()
        at = ffi.from_buffer("float[]", values)
        self._call("add", name.encode(), clock_hz, text, at, values.size)

    def remove(self, name: str) -> None:
        """Removes a core; the indices after it move down by one."""
        self._call("remove", name.encode())

    def merge(self, path: PathLike) -> None:
        """Appends the cores of another table of the same model."""
        self._call("merge", path_of(path))

    def save(self, path: PathLike) -> None:
        """Writes the table to `path`: to a temporary file beside it, then renamed."""
        self._call("save", path_of(path))

    def estimate_array(
        self,
        vector: npt.ArrayLike | Interval,
        retirements: int | None = None,
        measured: int | None = None,
    ) -> npt.NDArray[Any]:
        """Prices an interval, or a sum of representations (D numbers) with the number of
        retirements that it stands for and the number of these that were measured (default: all).
        Returns an array of :data:`ESTIMATE`, one for each core in the table's order."""
        if isinstance(vector, Interval):
            interval: Interval = vector
            return self.estimate_array(
                interval.vector, interval.retirements, interval.measured)
        if retirements is None:
            raise TypeError("say how many retirements the vector stands for")
        values = np.ascontiguousarray(vector, np.float64)
        at = ffi.from_buffer("double[]", values)
        of = retirements if measured is None else measured

        def call(out: Any, capacity: int, length: Any) -> int:
            return int(lib.perfvec_microarchs_estimate(
                self._handle, at, values.size, retirements, of, out, capacity, length))

        return filled(call, ESTIMATE)

    def estimates(
        self,
        vector: npt.ArrayLike | Interval,
        retirements: int | None = None,
        measured: int | None = None,
    ) -> dict[str, Estimate]:
        """The same by the cores' names."""
        rows = self.estimate_array(vector, retirements, measured)
        return {name: estimate_of(row) for name, row in zip(self.names, rows, strict=True)}


class Model(Handle):
    """A foundation model (.onnx), or a list of cores that are priced by their own parameters
    (.toml or .json; "cores" for the built-in list; see :meth:`cores`). No path means the
    default foundation model.

    A model is immutable; any number of threads and sessions share it.

    >>> Model().info.isa
    'riscv64'
    """

    _kind = "model"

    def __init__(self, path: PathLike | None = None, backend: Backend = Backend.AUTO) -> None:
        self._path = None if path is None else Path(path)
        self._table: Microarchs | None = None
        super().__init__(self._made("load", path_of(path), backend))

    @classmethod
    def cores(cls, cores: Iterable[Core], rules: str = "gem5") -> Model:
        """A model of these cores: names that `perfvec cores` lists, files that describe a core,
        or dictionaries of parameters with a `name`. `rules` are those of the simulator that they
        follow: "gem5", "gem5-stock" or "textbook".

        The table is sorted by name.

        >>> mine = {"name": "mine", "like": "cortex-a72-like", "rob": 192}
        >>> Model.cores(["cortex-a72-like", mine]).microarchs["mine"].parameters["rob"]
        192
        """
        with cores_file(cores, rules) as path:
            model = cls(path)
            model._table = Microarchs(path)
        return model

    @property
    def microarchs(self) -> Microarchs:
        """The table that belongs to the model: of the list of cores, or beside its file."""
        if self._table is None:
            path = self._path
            cores = path is not None and (str(path) == "cores" or path.suffix in (".toml", ".json"))
            if path is not None and not cores:
                path = path.with_suffix(".safetensors")
            self._table = Microarchs(path)
        return self._table

    @property
    def info(self) -> ModelInfo:
        """Properties of the model."""
        info = sized("perfvec_model_info")
        self._call("get_info", info)
        return ModelInfo(
            id=text_of(info.id), schema=text_of(info.schema), isa=text_of(info.isa),
            features=info.features, representation=info.representation, warmup=info.warmup,
            backend=Backend(info.backend),
        )

    def metadata(self, key: str) -> str:
        """The metadata `key` of the model's file, such as "perfvec.model_id"."""
        value = ffi.new("char **")
        check(lib.perfvec_model_get_metadata(
            self._handle, key.encode(), ffi.cast("char const **", value)))
        return text_of(value[0])
