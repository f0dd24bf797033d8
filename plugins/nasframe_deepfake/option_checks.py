"""The checks of options of the task, and of commands that test its runs, that no general one does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["enough_augmentations", "known_augmentations", "problems_of_numbers", "valid_shares"]


def valid_shares(_: Any, attribute: Any, value: Sequence[float]) -> None:
    """Refuse shares that are not four numbers above 0, one for each split."""
    if len(value) != 4 or min(value) <= 0:
        raise ValueError(f"expected four numbers above 0, found {list(value)}")


def known_augmentations(names: Sequence[str] | None) -> None:
    """Refuse names of augmentations that are none, or stand twice."""
    if names is None:
        return
    from nasframe_deepfake.augmentation import problem_of_name  # only where it is used: it imports OpenCV

    for name in names:
        if problem := problem_of_name(name):
            raise ValueError(problem)
    if not names or len({*names}) < len(names):
        raise ValueError(f"expected one or more names, each once, found {list(names)}")


def enough_augmentations(task: Any, copies: int | None) -> None:
    """Refuse more copies than there are augmentations: each copy of a clip has another one."""
    if copies is None:
        return
    from nasframe_deepfake.augmentation import AUGMENTATIONS  # only where it is used: it imports OpenCV

    most = len(AUGMENTATIONS if task.augmentations is None else task.augmentations)
    if copies > most:
        raise ValueError(f"expected at most {most}, the number of augmentations, found {copies}")


def problems_of_numbers(clips: int | None, seed: int, workers: int) -> list[str]:
    """Return a sentence on each of a command's options that is out of its bounds."""
    bounds = (("clips", clips, 2), ("seed", seed, 0), ("workers", workers, 0))
    return [
        f"--{name}: expected {least} or more, found {value}"
        for name, value, least in bounds
        if value is not None and value < least
    ]
