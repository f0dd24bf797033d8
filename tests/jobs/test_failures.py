"""Failures of trials: which of them stop all, and how they are said."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from nasframe.jobs import Trial, is_disk_full
from nasframe.jobs.failures import sqlite_codes
from nasframe.jobs.trial import do_trial


def raised(act: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as found:  # noqa: PT011 - any
        act()
    return found.value


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_the_number_of_the_systems_error_says_that_the_disk_is_full(number: int, tmp_path: Path) -> None:
    assert is_disk_full(OSError(number, "in any language"), tmp_path)


def test_an_error_that_a_full_disk_led_to_counts_too(tmp_path: Path) -> None:
    error = ValueError("no data")
    error.__cause__ = OSError(errno.ENOSPC, "")
    assert is_disk_full(error, tmp_path)


def test_words_do_not_say_that_the_disk_is_full(tmp_path: Path) -> None:
    assert not is_disk_full(ValueError("No space left on device"), tmp_path)
    assert not is_disk_full(OSError(errno.EACCES, "No space left on device"), tmp_path)


def test_where_an_error_has_no_number_the_free_space_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage, asked = shutil.disk_usage(tmp_path), []

    def full(place: Path) -> object:
        asked.append(place)
        return usage._replace(free=0)

    monkeypatch.setattr(shutil, "disk_usage", full)
    assert is_disk_full(RuntimeError("unexpected position 576"), tmp_path / "run" / "file")
    assert asked == [tmp_path]  # the part of the path that is there
    assert not is_disk_full(OSError(errno.EACCES, "denied"), tmp_path)


@pytest.mark.parametrize(
    ("code", "statement", "address"),
    [
        (sqlite3.SQLITE_READONLY, "CREATE TABLE other (number)", "file:{}?mode=ro"),
        (sqlite3.SQLITE_CANTOPEN, "SELECT 1", "file:{}.not-there?mode=ro"),
        (sqlite3.SQLITE_BUSY, "CREATE TABLE other (number)", "file:{}?mode=rw"),
    ],
)
def test_the_code_of_sqlite_is_found_behind_an_error_of_another_library(
    code: int, statement: str, address: str, tmp_path: Path
) -> None:
    file = tmp_path / "some.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE one (number)")
        if code == sqlite3.SQLITE_BUSY:
            database.execute("BEGIN EXCLUSIVE")
        url = f"sqlite:///{address.format(file)}&uri=true"
        engine = create_engine(url, connect_args={"timeout": 0})

        def act() -> None:
            with engine.connect() as connection:
                connection.execute(text(statement))

        error = raised(act)
        engine.dispose()
    assert isinstance(error, SQLAlchemyError)
    assert sqlite_codes(error) == {code}
    assert not is_disk_full(error, tmp_path)


def test_a_trial_whose_function_is_not_there_says_so_without_a_line_of_ours(tmp_path: Path) -> None:
    outcome = do_trial(Trial("a", tmp_path, "no_such_module:do"))
    assert outcome.error == "ModuleNotFoundError: No module named 'no_such_module'"
