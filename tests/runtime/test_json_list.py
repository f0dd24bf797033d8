"""Lists of any length in JSON, read entry by entry."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from nasframe.errors import DataError
from nasframe.runtime import read_json_list


def read(path: Path, content: str | bytes) -> list[Any]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [*read_json_list(path, DataError)]


@pytest.mark.parametrize(
    "values",
    [[], [1], [{"a": [1.5, None, True]}, "é\u2028", -3, []], [[]] * 3, [10**15, 12]],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_every_entry_comes_with_its_number(values: list[Any], indent: int | None, tmp_path: Path) -> None:
    found = read(tmp_path / "a.json", f"\ufeff {json.dumps(values, indent=indent)}\n")
    assert found == [*enumerate(values, 1)]


@pytest.mark.parametrize("size", range(2**20 - 9, 2**20 + 9))
def test_an_entry_across_the_end_of_what_is_read_at_once_is_whole(size: int, tmp_path: Path) -> None:
    values = ["ü" * (size // 2), 123456789, {"key": "é"}, 3]
    text = json.dumps(values, ensure_ascii=False)
    assert [value for _, value in read(tmp_path / "a.json", text)] == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.json: cannot be read as JSON: expected a list, which begins with '\\['"),
        ("{}", "a.json: cannot be read as JSON: expected a list, which begins with '\\['"),
        ("[1, 2", "a.json: entry 2: cannot be read as JSON: expected ',' or '\\]' behind it, found the end"),
        ("[1, {", "a.json: entry 2: cannot be read as JSON: Expecting property name"),
        ("[1 2]", "a.json: entry 1: cannot be read as JSON: expected ',' or '\\]' behind it, found '2'"),
        ("[1,]", "a.json: entry 2: cannot be read as JSON: Expecting value"),
        ("[1] 2", "a.json: cannot be read as JSON: there is more behind the list"),
        ("[1, NaN]", "a.json: entry 2: cannot be read as JSON: JSON has no NaN"),
        ('[1, {"a": 1, "a": 2}]', "a.json: entry 2: cannot be read as JSON: the key 'a' is there twice"),
        ("[1, 1e400]", "a.json: entry 2: is a number that is too large"),
        ('[{"b": "\\ud800"}]', "a.json: entry 1: b: holds half a character of UTF-16"),
        (f"[1, {'[' * 65}{']' * 65}]", "a.json: entry 2: .*has more than 64 levels"),
        (f"[{'[' * 100_000}", "a.json: entry 1: has more than 64 levels"),
    ],
)
def test_what_is_no_list_is_refused_with_the_entry(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.json", text)


def test_a_byte_that_is_no_utf8_is_named_wherever_it_is(tmp_path: Path) -> None:
    for before in (2, 2**20 - 1, 2**20, 2**21 + 5):
        with pytest.raises(DataError, match=rf"a\.json: byte {before} is not UTF-8"):
            read(tmp_path / "a.json", b'["' + b"a" * (before - 2) + b'\xff"]')


def test_an_entry_that_never_ends_is_refused_before_all_of_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"[[" + b"1," * 40 * 2**20)
    with pytest.raises(DataError, match=r"entry 1: cannot be read as JSON: Expecting value"):
        next(read_json_list(path, DataError))


def test_the_first_of_many_entries_and_all_of_them_need_memory_for_a_few(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"file": f"{n:06}.mp4", "words": ["a word"] * 20} for n in range(100_000)]))
    assert path.stat().st_size > 20e6
    tracemalloc.start()
    assert sum(1 for _ in read_json_list(path)) == 100_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6
