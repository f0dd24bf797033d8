"""Mutators: from a valid file, one that somebody edited, cut, damaged, or made to do harm."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

__all__ = ["KINDS", "mutate"]

ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    0.5,
    1e308,
    10**30,
    -(2**63),
    2**31,
    10**5000,
    float("nan"),
    float("inf"),
    float("-inf"),
    "",
    " ",
    "x",
    "é\u0000\u001b[31m\r\n",
    "\u202e\u2028",
    "\ud800",
    "../../x",
    "/dev/zero",
    "/",
    "=1+1",
    "<script>1</script>",
    "%s{0}$(x)`x`",
    "1e400",
    "nan",
    "a" * 10_000,
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"__class__": "x"},
    [1, "a", None],
]
"""Values that a place in a document was not made for."""

TOKENS = [
    b"",
    b"-1",
    b"0",
    b"1e400",
    b"1e308",
    b"nan",
    b"inf",
    b"9" * 5000,
    b"true",
    b"null",
    b'"',
    b"'",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[" * 200_00,
    b",",
    b"=",
    b"\n",
    b"\r",
    b"\x00",
    b"\x1b[2J",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    "\u202e".encode(),
    b"../../x",
    b"a" * 200_000,
    b"<svg onload=1>",
]
"""Bytes that a place in a text was not made for."""

_WORD = re.compile(rb"[\w.+-]+")


def mutate(content: bytes, random: Random, kind: str) -> bytes:
    """Content of a file of a kind (one of KINDS), changed in one to three places."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        content = random.choice(KINDS[kind])(content, random)
    return content


# -- any bytes --------------------------------------------------------------------------------------------


def _place(content: bytes, random: Random) -> int:
    return random.randrange(len(content) + 1)


def flip(content: bytes, random: Random) -> bytes:
    """One to eight bits are others."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 8) if changed else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def cut(content: bytes, random: Random) -> bytes:
    """The end is gone, or the beginning."""
    place = _place(content, random)
    return content[:place] if random.random() < 0.8 else content[place:]


def remove(content: bytes, random: Random) -> bytes:
    """A piece is gone."""
    first = _place(content, random)
    return content[:first] + content[first + random.choice((1, 4, 50, 5000)) :]


def insert(content: bytes, random: Random) -> bytes:
    """Something stands between."""
    place = _place(content, random)
    return content[:place] + random.choice((random.choice(TOKENS), random.randbytes(8))) + content[place:]


def repeat(content: bytes, random: Random) -> bytes:
    """A piece is there twice."""
    first = _place(content, random)
    last = min(len(content), first + random.choice((1, 10, 200, 5000)))
    return content[:last] + content[first:last] + content[last:]


# -- texts ------------------------------------------------------------------------------------------------


def word(content: bytes, random: Random) -> bytes:
    """A word or a number is another one."""
    found = list(_WORD.finditer(content[:1_000_000]))
    if not found:
        return insert(content, random)
    match = random.choice(found)
    return content[: match.start()] + random.choice(TOKENS) + content[match.end() :]


def digit(content: bytes, random: Random) -> bytes:
    """A digit is another digit, as a person would change it: such inputs are often right."""
    found = [place for place, byte in enumerate(content[:100_000]) if byte in b"0123456789"]
    if not found:
        return word(content, random)
    changed = bytearray(content)
    changed[random.choice(found)] = random.choice(b"0123456789")
    return bytes(changed)


def line(content: bytes, random: Random) -> bytes:
    """A line is gone, is there twice, or changes its place."""
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    taken = lines.pop(random.randrange(len(lines)))
    for _ in range(random.choice((0, 1, 2))):
        lines.insert(random.randrange(len(lines) + 1), taken)
    return b"".join(lines)


def other_encoding(content: bytes, random: Random) -> bytes:
    """The same text, encoded as another program would."""
    text = content.decode(errors="surrogateescape")
    return text.encode(random.choice(("utf-16", "utf-8-sig", "utf-7")), errors="replace")


# -- JSON -------------------------------------------------------------------------------------------------


def in_document(content: bytes, random: Random) -> bytes:
    """One place of a JSON document holds something else, is gone, has another name, or is nested."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return flip(content, random)
    return _written(_elsewhere(document, random), random)


def in_line(content: bytes, random: Random) -> bytes:
    """One place of one document of several, a line each."""
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    place = random.randrange(len(lines))
    lines[place] = in_document(lines[place], random).replace(b"\n", b" ") + b"\n"
    return b"".join(lines)


def key_twice(content: bytes, random: Random) -> bytes:
    """A key of a JSON document is there twice."""
    found = list(re.finditer(rb'"[^"\n]*"\s*:', content))
    if not found:
        return content
    match = random.choice(found)
    return content[: match.start()] + match[0] + b"null," + content[match.start() :]


def _written(document: Any, random: Random) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=random.random() < 0.5).encode(errors="surrogatepass")
    except (RecursionError, ValueError):  # also a number of more digits than Python writes
        return b"[" * 20_000


def _elsewhere(document: Any, random: Random) -> Any:
    """A copy with a change at a random depth."""
    inner = (
        list(document)
        if isinstance(document, dict)
        else range(len(document))
        if isinstance(document, list)
        else []
    )
    if not len(inner) or random.random() < 0.15:
        return _odd(document, random)
    copy = dict(document) if isinstance(document, dict) else list(document)
    place = random.choice(list(inner))
    change = random.random()
    if change < 0.15:
        del copy[place]
    elif change < 0.25 and isinstance(copy, dict):
        copy[random.choice(("", "x", f"{place} ", "__proto__", place.upper()))] = copy.pop(place)
    elif change < 0.3:
        copy[place] = document  # nested in itself, once
    else:
        copy[place] = _elsewhere(copy[place], random)
    return copy


def _odd(value: Any, random: Random) -> Any:
    choice = random.random()
    if choice < 0.15 and isinstance(value, int | float) and not isinstance(value, bool):
        return random.choice((-value, value + 1, value * 1000, value + 0.5, str(value)))
    if choice < 0.15 and isinstance(value, str):
        return random.choice((value + "x", value[:-1], value * 3, [value]))
    if choice < 0.2:
        for _ in range(random.choice((1, 100, 900))):
            value = [value]
        return value
    found = random.choice(ODD)
    return found if not isinstance(found, int) or abs(found) < 10**4000 else float("nan")


# -- tensors ----------------------------------------------------------------------------------------------


def header(content: bytes, random: Random) -> bytes:
    """The header of a safetensors file: its length, or a name, a dtype, a shape or an offset in it."""
    length = int.from_bytes(content[:8], "little")
    if length > len(content) or random.random() < 0.2:
        size = random.choice((0, 1, 2**63, 2**64 - 1, len(content), 100_000_001, random.randrange(2000)))
        return size.to_bytes(8, "little") + content[8:]
    text = in_document(content[8 : 8 + length], random)
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def numbers(content: bytes, random: Random) -> bytes:
    """The values of a tensor are NaN, infinite or huge somewhere; the header is right."""
    if len(content) < 16:
        return content
    place = random.randrange(len(content) // 2, len(content) - 4)
    bad = random.choice((b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f", b"\xff\xff\x7f\x7f", b"\x00\x7e\x00\x7e"))
    return content[:place] + bad + content[place + 4 :]


Mutator = Callable[[bytes, Random], bytes]

BYTES: list[Mutator] = [flip, cut, remove, insert, repeat]
TEXT: list[Mutator] = [*BYTES, word, word, word, digit, line, line, other_encoding]

KINDS: dict[str, list[Mutator]] = {
    "bytes": BYTES,
    "text": TEXT,
    "words": [flip, cut, remove, insert, repeat, word, word, word, digit, digit],
    "json": [*TEXT, *[in_document] * 12, key_twice],
    "lines": [*TEXT, *[in_line] * 12, key_twice],
    "tensors": [*BYTES, *[header] * 5, numbers],
    "array": [*BYTES, word, word, numbers],
}
"""Kind of file → its mutators; one that is there several times is taken more often."""
