"""Reading of files that a stranger may have written: regular files only, bounded, checked.

Every reader raises the error class that its caller names, with the file, the place in it and the expectation.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from attrs import frozen

from nasframe.errors import DataError, NasframeError, RunError
from nasframe.runtime.shapes import ANYTHING, Shape, ShapeError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = [
    "DOCUMENT",
    "LISTING",
    "check_shape",
    "check_tensors",
    "damage_in_words",
    "parse_json",
    "path_inside",
    "read_bytes",
    "read_csv",
    "read_json",
    "read_json_lines",
    "read_tensors",
    "read_text",
    "require_regular",
]

MakeError = Callable[[str], NasframeError]
"""Makes the error from its message: a class of `nasframe.errors`."""

DOCUMENT = 32 * 2**20
"""The most bytes of a document that a person could read, such as a record or an experiment."""

LISTING = 256 * 2**20
"""The most bytes of a file with a line or a number for each of many things."""

_TENSORS = 64 * 2**30  # bytes; they are mapped and not copied
_DIMENSIONS = 16  # of a tensor
_DEPTH = 64  # of nested lists and objects
_LONGEST = 200  # characters of what was found, in a message
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def require_regular(path: Path, error: MakeError = DataError, limit: int | None = None) -> int:
    """Return the size of a regular file in bytes. Opening another kind may wait, reading it may never end.

    Args:
        path: of the file; links are followed.
        error: made from the message.
        limit: the most bytes; None for any number.

    Raises:
        NasframeError: made by `error`: no file is there, something else than a file, or a larger one.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as problem:
        raise error(f"{path}: {_reason(problem)}") from problem
    return _checked(path, status, error, limit)


def read_bytes(path: Path, error: MakeError = DataError, limit: int = DOCUMENT) -> bytes:
    """Return the content of a regular file; see `require_regular` for the arguments and errors."""
    require_regular(path, error, limit)
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        # by now another file may have the name
        with os.fdopen(os.open(path, flags), "rb") as file:
            _checked(path, os.fstat(file.fileno()), error, limit)
            content = file.read(limit + 1) or b""  # a file of the kernel may have nothing now
    except (OSError, ValueError) as problem:
        raise error(f"{path}: {_reason(problem)}") from problem
    if len(content) > limit:  # files of the kernel say that they are empty
        raise error(f"{path}: is larger than {_megabytes(limit)}")
    return content


def read_text(path: Path, error: MakeError = DataError, limit: int = DOCUMENT, errors: str = "strict") -> str:
    """Return the text of a regular file in UTF-8, its line ends as they are; a mark of UTF-8 at its start is
    dropped.

    Args:
        path, error, limit: see `require_regular`.
        errors: as `bytes.decode` takes it.

    Raises:
        NasframeError: made by `error`, also where the file is not UTF-8.
    """
    content = read_bytes(path, error, limit)
    try:
        return content.decode("utf-8-sig", errors)
    except UnicodeDecodeError as problem:
        raise error(f"{path}: byte {problem.start} is not UTF-8") from problem


def read_json(path: Path, shape: Shape = ANYTHING, error: MakeError = RunError, limit: int = DOCUMENT) -> Any:
    """Return the value of a JSON file.

    Args:
        path, error, limit: see `require_regular`.
        shape: the value must have it.

    Raises:
        NasframeError: made by `error`: it cannot be read, is no JSON (NaN, infinity, a key twice, a number
            that no float can hold, more than 64 levels), or has another shape. Names the key.
    """
    return parse_json(read_text(path, error, limit), str(path), shape, error)


def read_json_lines(
    path: Path,
    shape: Shape = ANYTHING,
    error: MakeError = RunError,
    limit: int = LISTING,
    *,
    torn: bool = False,
) -> list[Any]:
    """Return the value of each line of a file of JSON lines.

    Args:
        path, error, limit: see `require_regular`.
        shape: that of each value.
        torn: leave out a last line without an end, which a kill cut short.

    Raises:
        NasframeError: see `read_json`; names the line.
    """
    # not by `splitlines`: a text in JSON may hold U+2028 and the like
    *lines, last = read_text(path, error, limit).split("\n")
    if last and not torn:
        lines.append(last)
    return [parse_json(line, f"{path}: line {number}", shape, error) for number, line in enumerate(lines, 1)]


def read_csv(
    path: Path, error: MakeError = DataError, limit: int = LISTING, errors: str = "strict"
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the last line and the fields of each row of a CSV file in UTF-8.

    Args:
        path, error, limit, errors: see `read_text`.

    Raises:
        NasframeError: made by `error`: it cannot be read, or is no CSV; with strict `errors` also where it
            holds a NUL, which no path can.
    """
    rows = csv.reader(io.StringIO(read_text(path, error, limit, errors), newline=""), strict=False)
    try:
        for row in rows:
            if errors == "strict" and any("\0" in field for field in row):
                raise error(f"{path}: line {rows.line_num}: holds a NUL; expected text")
            yield rows.line_num, row
    except csv.Error as problem:
        raise error(f"{path}: line {rows.line_num}: cannot be read as CSV: {problem}") from problem


def read_tensors(
    path: Path,
    error: MakeError = RunError,
    *,
    expected: Mapping[str, Tensor] | None = None,
    device: torch.device | str = "cpu",
    finite: bool = False,
    limit: int = _TENSORS,
) -> dict[str, Tensor]:
    """Return the tensors of a file of safetensors, by name.

    Args:
        path, error, limit: see `require_regular`.
        expected: name → a tensor of the same dtype and shape, such as the state of a network, on any device,
            meta too. The file must have these and no others. None takes any.
        device: for the tensors.
        finite: refuse NaN and infinity.

    Raises:
        NasframeError: made by `error`: it cannot be read, is damaged, or holds other tensors.
    """
    from safetensors import safe_open

    require_regular(path, error, limit)
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            for name, shape in found.items():
                if len(shape) > _DIMENSIONS:
                    raise error(f"{path}: {_short(name)}: has {len(shape)} dimensions")
            if expected is not None:  # before anything is loaded
                _check_shapes(found, {name: like.shape for name, like in expected.items()}, str(path), error)
            tensors = {name: file.get_tensor(name) for name in found}
            damaged = [name for name, tensor in tensors.items() if finite and not _is_finite(tensor)]
    except NasframeError:
        raise
    except Exception as problem:  # safetensors and torch raise many classes
        raise error(f"{path}: cannot be read as safetensors: {_short(str(problem))}") from problem
    if expected is not None:
        check_tensors(tensors, expected, str(path), error)
    if damaged:
        raise error(f"{path}: {_short(damaged[0])}: holds a value that is not finite")
    return tensors


def check_tensors(
    tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor], source: str, error: MakeError = RunError
) -> None:
    """Refuse tensors with other names, shapes or dtypes; see `read_tensors` for the arguments and errors."""
    found = {name: tensor.shape for name, tensor in tensors.items()}
    _check_shapes(found, {name: like.shape for name, like in expected.items()}, source, error)
    for name, like in expected.items():
        if tensors[name].dtype != like.dtype:
            raise error(f"{source}: {name}: expected {like.dtype}, found {tensors[name].dtype}")


def path_inside(folder: Path, name: str, source: str, error: MakeError = RunError) -> Path:
    """Return the path of a file or folder that a document names, which must lie in `folder`.

    Args:
        folder: it is relative to.
        name: as the document has it, with forward slashes.
        source: the document and the key, for the error.
        error: made from the message.

    Raises:
        NasframeError: made by `error`: an absolute path, one with `..`, or one that a link leads outside.
    """
    forms = PurePosixPath(name), PureWindowsPath(name)
    plain = (
        bool(name)
        and "\0" not in name
        and not any(form.is_absolute() or form.drive or ".." in form.parts for form in forms)
    )
    if not plain:
        raise error(f"{source}: {_short(repr(name))} leads outside {folder}; expected a path inside it")
    path = folder / name
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as problem:  # too long, or a link to itself
        raise error(f"{source}: {_short(repr(name))}: {problem}") from problem
    if not inside:
        raise error(f"{source}: {name!r} is a link that leads outside {folder}; expected a path inside it")
    return path


@contextmanager
def damage_in_words(source: object, error: MakeError = RunError) -> Iterator[None]:
    """Raise an error that names a file in place of those that its values raise in the block.

    It stands around the few lines that put values of a document into objects, after `read_json` has checked
    what a schema can say.

    Args:
        source: the file, and the place in it.
        error: made from the message.

    Raises:
        NasframeError: made by `error`.
    """
    try:
        yield
    except NasframeError:
        raise
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        MemoryError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as problem:
        what = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
        raise error(f"{source}: is damaged: {_short(what)}") from problem


def check_shape(value: Any, shape: Shape, source: str, error: MakeError = RunError) -> None:
    """Refuse a value of another shape.

    Args:
        value: of a JSON document.
        shape: what it must be.
        source: the file, for the message.
        error: made from the message.

    Raises:
        NasframeError: made by `error`; names the key, what was expected and what was found.

    Example:
        >>> from nasframe.runtime import Fields, Number
        >>> check_shape({"epoch": "3"}, Fields({"epoch": Number(whole=True)}), "a.json")
        Traceback (most recent call last):
        ...
        nasframe.errors.RunError: a.json: epoch: expected a whole number, found '3'
    """
    try:
        shape.check(value)
    except ShapeError as problem:
        place = _short(problem.place)
        raise error(f"{source}: {place and f'{place}: '}{problem.message}") from None


def _checked(path: Path, status: os.stat_result, error: MakeError, limit: int | None) -> int:
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        raise error(f"{path}: is {_KINDS.get(kind, 'no file')}; expected a regular file")
    if limit is not None and status.st_size > limit:
        raise error(f"{path}: has {_megabytes(status.st_size)}; expected {_megabytes(limit)} or less")
    return status.st_size


def _reason(problem: OSError | ValueError) -> str:
    if isinstance(problem, FileNotFoundError):
        return "cannot be read: no such file"
    return f"cannot be read: {(problem.strerror if isinstance(problem, OSError) else None) or problem}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def parse_json(text: str, source: str, shape: Shape = ANYTHING, error: MakeError = RunError) -> Any:
    """Return the value of a JSON text; see `read_json`. The errors name `source`."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError as problem:
        raise error(f"{source}: has more than {_DEPTH} levels of lists and objects") from problem
    except ValueError as problem:
        raise error(f"{source}: cannot be read as JSON: {_short(str(problem))}") from problem
    check_shape(value, _JSON, source, error)
    check_shape(value, shape, source, error)
    return value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} is there twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"JSON has no {name}")


@frozen
class _Bounded(Shape):
    """A value whose numbers a float can hold, whose texts can be written, and which is not too deep."""

    depth: int

    def check(self, value: Any) -> None:
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, dict | list):
            if self.depth == 0:
                raise ShapeError(f"has more than {_DEPTH} levels of lists and objects")
            inside = _Bounded(self.depth - 1)
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                try:
                    _check_text(str(key))
                    inside.check(inner)
                except ShapeError as problem:
                    problem.keys.append(key)
                    raise
        elif isinstance(value, int | float) and not _is_float(value):
            raise ShapeError("is a number that is too large")


_JSON = _Bounded(_DEPTH)


def _is_float(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _check_text(value: str) -> None:
    """Refuse half a surrogate pair, which cannot be written or printed; those of file names stay."""
    if not value.isascii():
        try:
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise ShapeError("holds half a character of UTF-16") from None


def _is_finite(tensor: Tensor) -> bool:
    return bool(tensor.isfinite().all())


def _check_shapes(
    found: Mapping[str, Sequence[int]], expected: Mapping[str, Sequence[int]], source: str, error: MakeError
) -> None:
    for name, shape in expected.items():
        if name not in found:
            raise error(f"{source}: lacks the tensor {name!r}")
        if tuple(found[name]) != tuple(shape):
            raise error(f"{source}: {name}: expected the shape {list(shape)}, found {list(found[name])}")
    for name in found:
        if name not in expected:
            raise error(f"{source}: holds a tensor {_short(repr(name))} that is not expected")
