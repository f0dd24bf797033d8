"""Files that are whole or absent, their removal, and fingerprints of what they hold."""

from __future__ import annotations

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
    "fingerprint",
    "format_names",
    "remove_path",
    "replacing",
    "without_nan",
    "write_json",
    "write_tensors",
    "write_text",
]

# One class of characters and nothing optional in it: the time is linear in the text.
_NUMBERS = re.compile(r"\[\n([-+.,\deE\s]*)\]")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file in UTF-8, whose line ends are those of the text on every system.

    What is not UTF-8 in a file name becomes an escape, `\\udcff`.
    """
    with replacing(path) as temporary:
        # as bytes: in text mode, Windows would end the lines of CSV with CR CR LF
        temporary.write_bytes(text.encode("utf-8", errors="backslashreplace"))


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

    with replacing(path) as temporary:
        temporary.write_bytes(save(dict(tensors)))


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


def remove_path(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or a link without its target."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def format_names(names: Sequence[str]) -> str:
    """Return the first three names, and the number of the others.

    >>> format_names(["a.txt", "b.txt", "c.txt", "d.txt"])
    'a.txt, b.txt, c.txt and 1 more'
    """
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
