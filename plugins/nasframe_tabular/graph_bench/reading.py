"""The tables of NAS-Bench-Graph, which are pickles, read as data: nothing but numbers can come out of one.

A pickle names functions and classes to call. Here every name is refused but the two by which numpy writes a
number, and for these there are stand-ins of our own, which do nothing but keep what they are given. So
nothing of numpy, of Python or of any package is called. Beforehand all instructions are gone through,
because some would take memory, or reach what other packages have registered, whatever the names.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import reprlib
import struct
from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from nasframe.errors import DataError, in_words
from nasframe.runtime import shorten, visible

__all__ = ["LARGEST", "Truth", "read_truths"]

LARGEST = 8 * 2**20
"""The most bytes of a table; those of the benchmark have 2 MB."""

_KEYS = ("valid_perf", "perf", "latency", "para")

_INSTRUCTIONS = frozenset(
    {
        *("PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK"),
        *("NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1"),
        *("FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"),
        *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "LIST", "APPEND", "APPENDS"),
        *("EMPTY_DICT", "DICT", "SETITEM", "SETITEMS"),
        *("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET"),
        # these look a name up by `find_class`, or take one that it has let through
        *("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "NEWOBJ", "INST", "OBJ"),
    }
)
_PUTS = ("PUT", "BINPUT", "LONG_BINPUT")


@frozen
class Truth:
    """The results of one network, each the mean over the authors' three trainings.

    Attributes:
        validation, test: score of the network on the two splits.
        latency: seconds that it takes.
        parameters: millions of them.
    """

    validation: float
    test: float
    latency: float
    parameters: float


def read_truths(content: bytes, source: str) -> Mapping[int, Truth]:
    """Return the results in a table of the benchmark, by the number of the architecture.

    Args:
        content: of the file.
        source: its name, for an error.

    Raises:
        DataError: it is too large, damaged, names anything but the numbers of numpy, or holds something else.
    """
    if len(content) > LARGEST:
        raise DataError(f"{source}: expected at most {LARGEST:,} bytes, found {len(content):,}")
    try:
        _check_instructions(content, source)
        found = _Numbers(io.BytesIO(content), source).load()
        if not isinstance(found, dict) or not found:
            raise DataError(f"{source}: expected a table of architectures, found {type(found).__name__}")
        return {_code(code, source): _truth(values, code, source) for code, values in found.items()}
    except DataError:
        raise
    except Exception as error:  # a damaged pickle may raise anything, and so may what it holds
        raise DataError(f"{source}: is damaged: {shorten(visible(in_words(error)), 200)}") from error


def _check_instructions(content: bytes, source: str) -> None:
    """Refuse instructions beyond the plain ones, and a memory for more values than there are bytes."""
    for instruction, argument, _ in pickletools.genops(content):
        if instruction.name not in _INSTRUCTIONS:
            raise DataError(f"{source}: the instruction {instruction.name} is none of a table of numbers")
        if instruction.name in _PUTS and not 0 <= int(argument or 0) <= len(content):
            raise DataError(f"{source}: {instruction.name} {argument}: is larger than the file")


class _Type:
    """Stands for `numpy.dtype`: a little-endian double, the only type of a number there."""

    def __init__(self, name: object, *_: object) -> None:
        if name != "f8":
            raise ValueError(f"expected numbers of type f8, found {name!r:.40}")

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or state[1:2] != ("<",):
            raise ValueError("expected little-endian numbers")


class _Scalar:
    """Stands for the function by which numpy makes a number of a type and eight bytes."""

    value: float | None = None  # of one that a pickle makes without calling it

    def __init__(self, kind: object, data: object = b"", *_: object) -> None:
        if not isinstance(kind, _Type) or not isinstance(data, bytes) or len(data) != 8:
            raise ValueError("expected a type and eight bytes of a number")
        (self.value,) = struct.unpack("<d", data)

    def __setstate__(self, state: object) -> None:
        raise ValueError("a number has no state")


class _Numbers(pickle.Unpickler):
    """Reads numbers, and looks up no name but two."""

    allowed: ClassVar[Mapping[tuple[str, str], type]] = {
        ("numpy", "dtype"): _Type,
        ("numpy.core.multiarray", "scalar"): _Scalar,
        ("numpy._core.multiarray", "scalar"): _Scalar,
    }

    def __init__(self, file: io.BytesIO, source: str) -> None:
        super().__init__(file)
        self.source = source

    def find_class(self, module: str, name: str, /) -> Any:
        found = self.allowed.get((module, name))
        if found is None:
            shown = shorten(visible(f"{module}.{name}"), 100)
            raise DataError(
                f"{self.source}: names {shown}, which is refused: a table here holds numbers alone"
            )
        return found

    def persistent_load(self, pid: Any, /) -> Any:
        raise DataError(f"{self.source}: refers to objects outside itself")


def _short(value: object) -> str:
    """Return a value in few characters, and in little time where lists hold one another many times."""
    return shorten(visible(reprlib.repr(value)), 80)


def _code(code: object, source: str) -> int:
    if type(code) is not int or not 0 <= code < 90_000:
        raise DataError(
            f"{source}: expected the number of an architecture, 0 to 89,999, found {_short(code)}"
        )
    return code


def _truth(values: object, code: object, source: str) -> Truth:
    """Return the four numbers of an architecture, checked."""
    where = f"{source}: architecture {code}"
    if not isinstance(values, dict) or {*values} != {*_KEYS}:
        raise DataError(f"{where}: expected {', '.join(_KEYS)}, found {_short(values)}")
    found = []
    for key in _KEYS:
        value = values[key]
        number = value.value if isinstance(value, _Scalar) else value
        if number is None or type(number) not in (float, int) or not math.isfinite(number):
            raise DataError(f"{where}: {key}: expected a finite number, found {_short(number)}")
        found.append(float(number))
    validation, test, latency, parameters = found
    if not (0 <= validation <= 1 and 0 <= test <= 1 and latency >= 0 and parameters >= 0):
        raise DataError(f"{where}: expected scores from 0 to 1, and no negative size, found {found}")
    return Truth(validation, test, latency, parameters)
