"""JSON in a compressed file (`.json.xz`) that a stranger may have written: bounded before and after."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.runtime.files import write_bytes
from nasframe.runtime.json_documents import parse_json
from nasframe.runtime.reading import DOCUMENT, LISTING, MakeError, read_bytes, short
from nasframe.runtime.shapes import ANYTHING, Shape

__all__ = ["read_compressed_json", "write_compressed_json"]

_MEMORY = 128 * 2**20
"""The most bytes that the decoder may take; the highest preset of xz needs half of it."""

_STEP = 2**20


def read_compressed_json(
    path: Path, shape: Shape = ANYTHING, error: MakeError = RunError, limit: int = LISTING
) -> Any:
    """Return the value of a JSON file that is compressed as xz does.

    Args:
        path, error: see `require_regular`.
        shape: the value must have it.
        limit: the most bytes of the text. A file whose text is larger is left after so many.

    Raises:
        NasframeError: made by `error`: see `read_json`; or it is no xz file, cut short, damaged,
            or too large.
    """
    packed = read_bytes(path, error, DOCUMENT)
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
    parts: list[bytes] = []
    size, given = 0, packed
    try:
        while not decoder.eof:
            part = decoder.decompress(given, max_length=_STEP)
            given = b""
            size += len(part)
            if size > limit:
                raise error(f"{path}: holds more than {limit / 1e6:,.0f} MB of text")
            if not part and decoder.needs_input:
                raise error(f"{path}: is cut short: its compressed text does not end")
            parts.append(part)
    except lzma.LZMAError as problem:
        raise error(f"{path}: cannot be decompressed: {short(str(problem))}") from problem
    if decoder.unused_data:
        raise error(f"{path}: holds {len(decoder.unused_data):,} bytes behind its compressed text")
    try:
        text = b"".join(parts).decode()
    except UnicodeDecodeError as problem:
        raise error(f"{path}: byte {problem.start} of its text is not UTF-8") from problem
    return parse_json(text, str(path), shape, error)


def write_compressed_json(path: Path, value: Any) -> None:
    """Write a whole JSON file, compressed as xz does; the same value gives the same bytes.

    Raises:
        ValueError: there is a NaN or an infinity in it, which JSON cannot hold; see `without_nan`.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    packed = lzma.compress(text.encode(errors="backslashreplace"), check=lzma.CHECK_CRC64, preset=9)
    write_bytes(path, packed)
