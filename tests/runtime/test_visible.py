"""Text for terminals: every character of a name can be seen, and none moves the cursor."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasframe.runtime import (
    csv_text,
    make_progress,
    print_columns,
    print_json,
    print_message,
    print_text,
    shell_line,
    shorten,
    visible,
)

ROOT = Path(__file__).parents[2]
HOSTILE = {
    "\x1b[31mred": r"\x1b[31mred",
    "\x1b]8;;https://x\x07link": r"\x1b]8;;https://x\x07link",
    "\x9b31m": r"\x9b31m",
    "a\rb": r"a\rb",
    "a\nb": r"a\nb",
    "a\tb": r"a\tb",
    "a\u202egpj.exe": r"a\u202egpj.exe",
    "\u2066x\u2069": r"\u2066x\u2069",
    "a\u200bb\ufeff": r"a\u200bb\ufeff",
    "a\u2028b\u2029c\x85d": r"a\u2028b\u2029c\x85d",
    "\U000e0041": r"\U000e0041",
    "\udcff": r"\udcff",
    "\x7f": r"\x7f",
}
TEXT = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\n\r\x9b\u202e\u200b\u2028\udcff \\'")))


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_seen_is_written_out(name: str) -> None:
    assert visible(name) == HOSTILE[name]


@pytest.mark.parametrize("name", ["Zürich", "東京", "a b", "[red]x[/red]", "C:\\new", "ñ", "👍", "한국"])
def test_what_can_be_seen_stays(name: str) -> None:
    assert visible(name) == name


@given(TEXT)
def test_no_control_and_no_mark_of_direction_is_left(text: str) -> None:
    kinds = {unicodedata.category(letter) for letter in visible(text)}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert len(visible(text).splitlines()) <= 1


@given(TEXT)
def test_json_is_one_line_that_holds_the_name_as_it_is(text: str) -> None:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        print_json({"file": text}, indent=None)
    line = out.getvalue().removesuffix("\n")
    assert len(line.splitlines()) == 1
    line.encode()
    assert json.loads(line) == {"file": text}


def test_printed_text_messages_columns_and_progress_hold_nothing_unseen(capfd: Any) -> None:
    for name, shown in HOSTILE.items():
        print_columns([(name, "x")])
        print_message(f"nasframe: {name}")
        make_progress().say(f"{name}: done")
        print_text(f"  {visible(name)}\nnext")
        out, err = capfd.readouterr()
        assert out.splitlines() == [f"{shown}  x", f"  {shown}", "next"]
        assert err.splitlines() == [f"nasframe: {shown}", f"{shown}: done"]


def test_a_message_keeps_the_lines_of_its_list(capfd: Any) -> None:
    print_message("2 problems:\n  a: wrong\n  b: wrong\nnasframe: all is well")
    lines = capfd.readouterr().err.splitlines()
    assert lines == ["2 problems:", "  a: wrong", "  b: wrong\\nnasframe: all is well"]


def test_a_bar_shows_a_name_in_brackets_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    progress: Any = make_progress()
    progress.patience = -1.0
    with progress.task("[/] [red]x[/red] \x1b]8;;x\x07", 2) as advance:
        advance(2)
    assert "[/] [red]x[/red] \\x1b]8;;x\\x07" in terminal.getvalue()


@given(TEXT.filter(lambda text: "\0" not in text))
def test_a_command_for_the_shell_is_one_line_that_the_shell_reads_as_the_same_words(text: str) -> None:
    line = shell_line(["printf", "%s", text])
    assert line == visible(line)


@pytest.mark.parametrize("word", ["a b", "a\nb", "it's\x1b[0m\\n", "é\u202e", "\udcff", ""])
def test_a_shell_reads_such_a_command(word: str) -> None:
    found = subprocess.run(
        ["bash", "-c", shell_line(["printf", "%s", word])], capture_output=True, check=True
    )
    assert found.stdout == word.encode("utf-8", "surrogateescape")
    assert visible(word) != word or shell_line([word]) == shlex.quote(word)


@given(st.text(max_size=40), st.integers(2, 20))
def test_a_shortened_name_keeps_its_ends(text: str, most: int) -> None:
    found = shorten(text, most)
    assert len(found) <= most
    assert found == text or (text.startswith(found.split("…")[0]) and len(text) > most)


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2))
)
def test_cells_of_our_own_csv_are_read_back_as_they_were(rows: list[list[str]]) -> None:
    assert list(csv.reader(io.StringIO(csv_text(rows), newline=""))) == rows


def test_nothing_but_one_file_prints() -> None:
    printing = re.compile(r"(?<![\w.>] )(?<![\w.])print\(|sys\.std(out|err)\.write|print_exc\(")
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("nasframe", "plugins", "search_spaces")
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if printing.search(line) and ">>>" not in line and "..." not in line
    }
    # these two must work where the others cannot be imported, and escape what they print themselves
    alone = {"nasframe/__main__.py", "nasframe/doctor/command.py"}
    assert found - alone == {"nasframe/runtime/console.py"}
