"""The types that the steps hand to each other.

Letters of shapes: W pieces of a stream, D elements of a representation, F features, K cores, T
steps, B lanes, N rows.
"""

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]
ArrayLike = npt.ArrayLike
Json = dict[str, Any]
# Cores [K], sums [W,D], cycles [W,K], scale of errors [K]: what ridge.fit_cores takes of a program.
Group = tuple[Array, Array, Array, Array]
# Program, sums [W,D], cycles [W] of one core.
Part = tuple[str, Array, Array]
# Program, core, predicted and observed cycles.
Total = tuple[str, int, float, float]
# Program: sums of representations [W,D].
Sums = Mapping[str, Array]
