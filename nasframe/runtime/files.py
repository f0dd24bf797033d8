"""Files that are whole or absent, also after a power cut; their removal, and fingerprints of what they hold.

A file is written beside its place, flushed to the disk, and renamed; then the folder is flushed, which holds
the name. An error has the system's number and the name of the file, never that of the temporary one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "append_bytes",
    "append_line",
    "copy_file",
    "fingerprint",
    "flush_file",
    "format_names",
    "naming_file",
    "publish_folder",
    "remove_path",
    "replacing",
    "sha256_of",
    "without_nan",
    "write_bytes",
    "write_json",
    "write_tensors",
    "write_text",
]

# One class of characters and nothing optional in it: the time is linear in the text.
_NUMBERS = re.compile(r"\[\n([-+.,\deE\s]*)\]")


_NAME = 200  # bytes of a file's name in that of its temporary file, which must not be too long by its ending

_UNFLUSHABLE = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}  # file systems that know no fsync


@contextmanager
def naming_file(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Name a file in an error of the system that names none, as those of a full disk do.

    Args:
        path: of the file that the block writes.
        temporary: another name of it, that the user does not know.

    Raises:
        OSError: with the number of the one that was raised.
    """
    try:
        yield
    except OSError as error:
        names = {os.fspath(temporary)} if temporary is not None else set()
        is_unnamed = error.filename is None and error.errno is not None
        if not (is_unnamed or names & {error.filename, error.filename2}):
            raise
        raise OSError(error.errno, os.strerror(error.errno or 0), str(path)) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends without an error.

    When the block has ended, the file is on the disk, under its name.

    Raises:
        OSError: with the system's number, such as that of a full disk; then `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    start = os.fsdecode(os.fsencode(path.name)[:_NAME])
    with naming_file(path):
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{start}.", suffix=".partial")
        except OSError as error:
            raise OSError(error.errno, error.strerror) from error
    os.close(handle)
    temporary = Path(name)
    try:
        with naming_file(path, temporary):
            yield temporary
            temporary.chmod(0o666 & ~_umask())
            flush_file(temporary)
            temporary.replace(path)
            _flush_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):  # an error that is under way tells more
            temporary.unlink(missing_ok=True)


def flush_file(path: Path) -> None:
    """Wait until the content of a file is on the disk; nothing happens where there is no such file.

    Raises:
        OSError: the system could not write it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    with naming_file(path):
        try:
            _flush(descriptor)
        finally:
            os.close(descriptor)


def _flush(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNFLUSHABLE:
            raise


def _flush_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if os.name == "nt":  # where a folder cannot be opened
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # one may write into it, and not list it
        return
    with naming_file(path):
        try:
            _flush(descriptor)
        finally:
            os.close(descriptor)


def publish_folder(made: Path, folder: Path) -> None:
    """Give a folder its name when all that is in it is on the disk; so is its name after that.

    Args:
        made: the folder.
        folder: its new path, on the same disk.

    Raises:
        OSError: with the system's number; `made` has its old name, or the disk failed after the renaming.
    """
    for place, _, files in os.walk(made, topdown=False):
        for name in files:
            if not (item := Path(place, name)).is_symlink():
                flush_file(item)
        _flush_folder(Path(place))
    made.rename(folder)
    _flush_folder(folder.parent)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file.

    Raises:
        OSError: with the system's number, such as that of a full disk; then `path` is as it was.
    """
    with replacing(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | getattr(os, "O_BINARY", 0))
        try:
            _write(descriptor, content)
        finally:
            os.close(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def copy_file(source: Path, path: Path) -> None:
    """Copy the content of a file to a whole file at `path`."""
    with replacing(path) as temporary:
        shutil.copyfile(source, temporary)


def append_line(path: Path, text: str) -> None:
    """Add a line to a text file in UTF-8, in one piece; where that fails, the file is as it was.

    A last line that a kill has cut short is ended first, so that it takes no other line with it. The line is
    on the disk after the next `flush_file`.

    Raises:
        OSError: with the system's number, such as that of a full disk.
    """
    with _appending(path) as (descriptor, size):
        content = f"{text}\n".encode("utf-8", errors="backslashreplace")
        os.lseek(descriptor, max(0, size - 1), os.SEEK_SET)
        is_ended = not size or os.read(descriptor, 1) == b"\n"
        _write(descriptor, content if is_ended else b"\n" + content)


def append_bytes(path: Path, content: bytes) -> None:
    """Add to the end of a file, in one piece; where that fails, the file is as it was.

    Raises:
        OSError: with the system's number, such as that of a full disk.
    """
    with _appending(path) as (descriptor, _):
        _write(descriptor, content)


@contextmanager
def _appending(path: Path) -> Iterator[tuple[int, int]]:
    """Yield the descriptor of a file at whose end is written, and its size; an error in the block gives it
    that size again.
    """
    with naming_file(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
        try:
            size = os.fstat(descriptor).st_size
            try:
                yield descriptor, size
            except BaseException:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file in UTF-8, whose line ends are those of the text on every system.

    What is not UTF-8 in a file name becomes an escape, `\\udcff`.
    """
    # as bytes: in text mode, Windows would end the lines of CSV with CR CR LF
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def write_json(path: Path, value: Any) -> None:
    """Write a whole JSON file that a person can read: indented, a list of numbers on one line.

    Every file name in it is read back as it was.

    Raises:
        ValueError: there is a NaN or an infinity in it, which JSON cannot hold; see `without_nan`.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    # only an indented list has a line break, so no string can match
    text = _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)
    # the escapes of `write_text` are those of JSON
    write_text(path, text + "\n")


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write a whole file of safetensors.

    Args:
        path: of the file.
        tensors: contiguous ones that share no memory, by name.

    Raises:
        OSError: with the system's number, such as that of a full disk; `save_file` of safetensors hides it.
        ValueError, RuntimeError: a tensor is not contiguous, or two share memory.
    """
    from safetensors.torch import save

    write_bytes(path, save(dict(tensors)))


def without_nan(value: Any) -> Any:
    """Return the value with None for every NaN and infinity in it, for JSON; tuples become lists.

    >>> without_nan({"loss": float("nan"), "auc": (0.5, float("inf"))})
    {'loss': None, 'auc': [0.5, None]}
    """
    if isinstance(value, Mapping):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def fingerprint(value: Any) -> str:
    """Return the SHA-256 of a JSON-able value in canonical form, as 64 hexadecimal digits.

    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    >>> fingerprint({"a": 1, "b": 2})[:16]
    '43258cff783fe703'
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, which may be larger than the memory, as 64 hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_path(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or a link without its target."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def format_names(
    names: Sequence[str], most: int = 3, *, between: str = ", ", count: int | None = None
) -> str:
    """Return the first names, and the number of the others; a name that holds a comma and a blank in quotes.

    Args:
        names: all, or at least the first ones.
        most: number of names that are written.
        between: what stands between two of them.
        count: number of all names; None where `names` has them all.

    >>> format_names(["a.txt", "b.txt", "c.txt", "d.txt"])
    'a.txt, b.txt, c.txt and 1 more'
    >>> format_names(["bright leaf, seen am", "dark leaf"])
    '"bright leaf, seen am", dark leaf'
    """
    more = (len(names) if count is None else count) - most
    shown = [f'"{name}"' if ", " in name else name for name in names[:most]]
    return between.join(shown) + (f" and {more} more" if more > 0 else "")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
