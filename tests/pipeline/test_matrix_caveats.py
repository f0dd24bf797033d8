"""What the numbers of a matrix do not say is said once, with the cells that it applies to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nasframe.pipeline.matrix import caveats_of_matrix


def cell(*caveats: str, left_out: int = 0) -> dict[str, Any]:
    reasons = {"they are known": left_out} if left_out else {}
    return {"examples": ["a"], "left_out": reasons, "notes": [], "metrics": {"caveats": [*caveats]}}


def test_a_caveat_stands_once_with_all_that_it_applies_to() -> None:
    places = {"x": Path("x"), "y": Path("y")}
    cells = {
        ("one", "x"): cell("Few people.", "All."),
        ("one", "y"): cell("All.", left_out=1),
        ("two", "x"): cell("Few people.", "All."),
        ("two", "y"): cell("All.", left_out=2),
    }
    assert [*caveats_of_matrix(["one", "two"], places, cells)] == [
        "one on x, two on x: Few people.",
        "all: All.",
        "one on y: 1 test example left out: they are known.",
        "two on y: 2 test examples left out: they are known.",
    ]
