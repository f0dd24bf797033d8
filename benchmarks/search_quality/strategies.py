"""The strategies that are compared, as overrides of a task's experiment."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["BESIDE", "CLAIMED", "FIXED", "SETTINGS", "overrides"]

CLAIMED = "one_shot"
"""The strategy that was chosen on the tuning seeds; the tests are about it."""

BESIDE = (
    "softmax",
    "stgs",
    "grmc",
    "exact",
    "grmc with finalists",
    "evolution",
    "halving",
    "random best of 3",
)
"""Strategies beside it, without tests; halving is also one of the two rivals at equal cost."""

FIXED = "fixed networks"
"""No search: the networks that a task brings to compare with, and one random one."""

SETTINGS = {
    # epochs of the supernet, by those of a training
    "supernet": 1.0,
    "candidates": 300,
    "finalists": 72,
    "drawn": 36,
    # of the first round, by those of a training
    "first": 1 / 30,
    "keep": 3,
}
"""Of `one_shot`: one setting for all tasks."""


def overrides(strategy: str, epochs: int, rate: float) -> list[str]:
    """Return the overrides of a strategy, given the epochs of a training and the rate of the weights."""
    finals = [
        f"search.finalists={SETTINGS['finalists']}",
        f"search.finalists_drawn={SETTINGS['drawn']}",
        f"search.finalist_epochs={max(1, round(epochs * SETTINGS['first']))}",
        f"search.finalist_keep={SETTINGS['keep']}",
        "search.finalist_start=scratch",
    ]
    relaxations: dict[str, Sequence[str]] = {
        "softmax": ["relaxation.name=softmax"],
        "stgs": ["relaxation.name=stgs", "relaxation.temperature=0.1"],
        "grmc": [],
        "exact": ['relaxation.samples="exact"'],
    }
    if strategy in relaxations:
        return [*relaxations[strategy], "search.candidates=1", "search.finalists=0"]
    if strategy == "grmc with finalists":
        return [f"search.candidates={SETTINGS['candidates']}", *finals]
    if strategy == "one_shot":
        return [
            "loop.name=one_shot",
            f"loop.weight_rate={rate}",
            f"search.epochs={round(epochs * SETTINGS['supernet'])}",
            "search.min_epochs=0",
            "search.warmup_epochs=0",
            f"search.candidates={SETTINGS['candidates']}",
            *finals,
        ]
    name, _, number = strategy.partition(" ")
    if strategy == FIXED:
        return ["loop.name=random", "loop.trials=1"]
    if name == "random":
        return ["loop.name=random", f"loop.trials={int(number.split()[-1])}"]
    if name == "halving":
        return ["loop.name=halving", f"loop.candidates={int(number or 27)}", "loop.eta=3", "loop.least=1"]
    if name == "evolution":
        return [
            "loop.name=evolution",
            f"loop.trials={int(number or 10)}",
            "loop.population=4",
            "loop.sample=2",
        ]
    raise ValueError(f"unknown strategy {strategy!r}")
