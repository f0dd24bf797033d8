"""Damage: what a bad disk, a bad copy or a stranger makes of a file that was whole. Everything is seeded.

`damaged(valid, kind, random)` returns one damaged copy; a test gives many of them to a reader, which must
take the file or raise a `NasframeError`, and nothing else.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import pytest

from nasframe.errors import NasframeError

__all__ = ["MUTATORS", "Reader", "damaged", "survive"]

Mutator = Callable[[bytes, random.Random], bytes]

_HUGE = "<huge>"
_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        10**12,
        10**400,
        1e308,
        -1e308,
        "",
        "x",
        "\u2028",
        "../../x",
        "/etc/passwd",
    ),
    *("a\x00b", "\ud800", [], [[1]], [None], {}, {"": None}, {"x": {"y": [1]}}, _HUGE),
)


def flip_bits(content: bytes, chance: random.Random) -> bytes:
    """Return the content with one to eight bits changed."""
    found = bytearray(content or b"\0")
    for _ in range(chance.randint(1, 8)):
        found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


def truncate(content: bytes, chance: random.Random) -> bytes:
    """Return the beginning of the content."""
    return content[: chance.randrange(len(content) + 1)]


def splice(content: bytes, chance: random.Random) -> bytes:
    """Return the content with a part of it repeated, left out, or replaced by noise."""
    start = chance.randrange(len(content) + 1)
    end = min(len(content), start + chance.randint(1, 64))
    middle = chance.choice(
        [b"", content[start:end] * 2, chance.randbytes(end - start), b"\0" * 9, b"9" * 5000]
    )
    return content[:start] + middle + content[end:]


def change_json(content: bytes, chance: random.Random) -> bytes:
    """Return a JSON document in which a value has another type, or a key is gone, new or another."""
    return _changed(content.decode("utf-8", "surrogateescape"), chance).encode("utf-8", "surrogatepass")


def change_json_line(content: bytes, chance: random.Random) -> bytes:
    """Return JSON lines of which one is changed."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    place = chance.randrange(len(lines))
    if lines[place]:
        lines[place] = _changed(lines[place], chance)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def change_tensors(content: bytes, chance: random.Random) -> bytes:
    """Return a file of safetensors whose header is changed and as long as it says, or says another length."""
    (size,) = struct.unpack("<Q", content[:8])
    header, data = content[8 : 8 + size], content[8 + size :]
    if chance.random() < 0.1:
        return struct.pack("<Q", chance.choice([0, 1, 2**31, 2**63, 2**64 - 1, size + 1])) + header + data
    if chance.random() < 0.3:  # other values of the same shape
        return content[: 8 + size] + chance.choice([b"\xff", b"\x00", b"\x7f\x80"]) * len(data)
    found = _changed(header.decode(), chance).encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(found)) + found + data


def change_csv(content: bytes, chance: random.Random) -> bytes:
    """Return a CSV file with a field, a row or the header changed."""
    rows = [line.split(",") for line in content.decode("utf-8", "surrogateescape").split("\n")]
    row = rows[chance.randrange(len(rows))]
    fields: list[str] = [
        "",
        '"',
        "\0",
        "-1",
        "1e9",
        "9" * 5000,
        "x" * 200_000,
        "../x",
        "\udcff",
        "=1",
        "a,b",
        '"a\nb',
    ]
    if chance.random() < 0.2:
        row.append(chance.choice(fields))
    elif chance.random() < 0.2:
        row.pop()
    elif row:
        row[chance.randrange(len(row))] = chance.choice(fields)
    return "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogateescape")


_BYTES: tuple[Mutator, ...] = (flip_bits, truncate, splice)

MUTATORS: dict[str, Sequence[Mutator]] = {
    "json": (*_BYTES, change_json, change_json, change_json, change_json),
    "jsonl": (*_BYTES, change_json_line, change_json_line, change_json_line),
    "safetensors": (*_BYTES, change_tensors, change_tensors),
    "csv": (*_BYTES, change_csv, change_csv),
    "bytes": _BYTES,
}
"""Kind of a file → the damages that are tried, each as often as it is listed."""


@attrs.frozen
class Reader:
    """A reader of files of our own making.

    Attributes:
        name: for the report.
        kind: of `MUTATORS`.
        valid: the content of a whole file.
        read: takes the damaged content, puts it where the file is, and reads it as nasframe does.
    """

    name: str
    kind: str
    valid: bytes
    read: Callable[[bytes], object]


def damaged(valid: bytes, kind: str, chance: random.Random) -> bytes:
    """Return one damaged copy of a whole file."""
    found = valid
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        try:
            found = chance.choice(MUTATORS[kind])(found, chance)
        except (
            ValueError,
            LookupError,
            struct.error,
            RecursionError,
        ):  # it is too damaged for this one already
            found = flip_bits(found, chance)
    return found


def survive(reader: Reader, count: int, seed: int = 0) -> int:
    """Read damaged copies; return how many were refused, in words.

    Fails where anything but a `NasframeError` comes out, with the seed that repeats it.
    """
    reader.read(reader.valid)  # the whole file is taken
    refused = 0
    for number in range(count):
        content = damaged(reader.valid, reader.kind, random.Random(f"{reader.name} {seed} {number}"))
        try:
            reader.read(content)
        except NasframeError as error:
            refused += bool(str(error).strip())
        except Exception as error:
            pytest.fail(f"{reader.name}: copy {number} of seed {seed}: {type(error).__name__}: {error}")
    reader.read(reader.valid)
    return refused


def _changed(text: str, chance: random.Random) -> str:
    document = json.loads(text)
    places = list(_places(document, 0))
    if not places:
        return json.dumps(chance.choice(_VALUES[:-1]))
    holder, key = chance.choice(places)
    kind = chance.random()
    if kind < 0.2 and isinstance(holder, dict):
        del holder[key]
    elif kind < 0.3 and isinstance(holder, dict):
        holder[chance.choice(["", "x", "\ud800", f"{key}x"])] = holder.pop(key)
    elif kind < 0.4 and isinstance(holder, list):
        holder[:] = holder[:key] if chance.random() < 0.5 else holder * 2
    else:
        holder[key] = chance.choice(_VALUES)
    found = json.dumps(document)
    huge = chance.choice(
        ["1e400", "9" * 10_000, "NaN", "Infinity", "[" * 3000 + "]" * 3000, '{"a": 1, "a": 2}']
    )
    return found.replace(json.dumps(_HUGE), huge)


def _places(value: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items)[:200]:
        yield value, key
        if depth < 12:
            yield from _places(inner, depth + 1)
