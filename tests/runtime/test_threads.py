"""The number of threads of a library belongs to the process, and is kept."""

from __future__ import annotations

import pytest

from nasframe.runtime import ThreadsKept


class Library:
    number = 4

    def read(self) -> int:
        return self.number

    def write(self, number: int) -> None:
        self.number = number


def test_of_blocks_that_overlap_the_last_restores_the_number_that_the_first_found() -> None:
    library = Library()
    kept = ThreadsKept(library.read, library.write)
    kept.__enter__()
    library.write(1)
    kept.__enter__()
    kept.__exit__()
    assert library.number == 1  # the other block still counts on it
    kept.__exit__()
    assert library.number == 4
    library.write(3)
    with kept:
        library.write(1)
    assert library.number == 3


def test_a_block_that_fails_restores_the_number_too() -> None:
    library = Library()
    with pytest.raises(ZeroDivisionError), ThreadsKept(library.read, library.write):
        library.write(1 // 0)
    assert library.number == 4
