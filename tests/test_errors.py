"""Errors hint at a name where it is near, and list the names where none is."""

from __future__ import annotations

import pytest

from nasframe.errors import near_names, nearest

DEGRADATIONS = ("h264", "jpeg", "resize", "pixel-noise", "blur", "aac", "mp3", "sound-noise")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("blurr", "blur"),
        ("jpg", "jpeg"),
        ("pixel_noise", "pixel-noise"),
        ("rezise", "resize"),
        ("mp4", "mp3"),
    ],
)
def test_a_mistyped_name_is_answered_with_the_one_that_was_meant(typed: str, meant: str) -> None:
    assert nearest(typed, DEGRADATIONS).startswith(f"; did you mean {meant!r}")


@pytest.mark.parametrize("typed", ["nope", "none", "video", "x"])
def test_a_name_that_is_near_to_none_is_answered_with_all(typed: str) -> None:
    assert nearest(typed, DEGRADATIONS) == f"; valid: {', '.join(sorted(DEGRADATIONS))}"


def test_no_name_of_one_letter_is_near_to_another() -> None:
    assert near_names("w", ["t", "n", "wide"]) == []


def test_the_same_name_in_small_or_capital_letters_is_near() -> None:
    assert near_names("Y", ["x", "y"]) == ["y"]


@pytest.mark.parametrize(("typed", "meant"), [("fine", "finetune_epochs"), ("seg", "segmentation_size")])
def test_a_beginning_is_near_however_much_is_missing(typed: str, meant: str) -> None:
    assert near_names(typed, ["finetune_epochs", "segmentation_size", "size"]) == [meant]
