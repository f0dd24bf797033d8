"""A number stands beside its noun as one writes it."""

from __future__ import annotations

from nasframe.runtime import counted


def test_one_is_singular_and_all_others_are_plural() -> None:
    assert [counted(count, "epoch") for count in (0, 1, 2, 12_000)] == [
        "0 epochs",
        "1 epoch",
        "2 epochs",
        "12,000 epochs",
    ]
    assert [counted(count, "person", "people") for count in (1, 2)] == ["1 person", "2 people"]
