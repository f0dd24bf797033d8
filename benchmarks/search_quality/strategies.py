"""The strategies that are compared, as overrides of a task's experiment."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

__all__ = ["BESIDE", "CLAIMED", "FIXED", "SETTINGS", "Setting", "overrides"]

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

CANDIDATES = 300
"""That the supernet of `one_shot` scores, whatever the setting."""


@frozen
class Setting:
    """A setting of `one_shot`.

    Attributes:
        supernet: its epochs, by those of a training.
        finalists: networks that are trained.
        first: epochs of the first round of finalists, by those of a training.
        keep: of so many finalists one goes on.
        drawn: so many finalists are uniform draws.
        rank_by: see `OneShot`.
        evolved: share of the candidates that an evolution tries; the others are uniform draws.
    """

    supernet: float
    finalists: int
    first: float
    keep: int
    drawn: int = 0
    rank_by: str = "loss"
    evolved: float = 1.0


_WIDE = Setting(1.0, 72, 1 / 30, 3)

SETTINGS = {
    CLAIMED: evolve(_WIDE, drawn=36),
    f"{CLAIMED} 2T 12": Setting(2.0, 12, 1 / 3, 4),
    f"{CLAIMED} 2T 27": Setting(2.0, 27, 1 / 9, 3),
    f"{CLAIMED} 27": Setting(1.0, 27, 1 / 9, 3),
    f"{CLAIMED} 48": Setting(1.0, 48, 1 / 15, 4),
    f"{CLAIMED} 72": _WIDE,
    f"{CLAIMED} 72 by objective": evolve(_WIDE, rank_by="objective"),
    f"{CLAIMED} 72 of draws": evolve(_WIDE, evolved=0.0),
    f"{CLAIMED} 72 of half draws": evolve(_WIDE, evolved=0.5),
}
"""The settings that were tried on the tuning seeds; the first is the registered one, for all tasks."""


def overrides(strategy: str, epochs: int, rate: float) -> list[str]:
    """Return the overrides of a strategy, given the epochs of a training and the rate of the weights."""
    relaxations: dict[str, Sequence[str]] = {
        "softmax": ["relaxation.name=softmax"],
        "stgs": ["relaxation.name=stgs", "relaxation.temperature=0.1"],
        "grmc": [],
        "exact": ['relaxation.samples="exact"'],
    }
    if strategy in relaxations:
        return [*relaxations[strategy], "search.candidates=1", "search.finalists=0"]
    if strategy == "grmc with finalists":
        return _finals(SETTINGS[CLAIMED], epochs)
    if strategy in SETTINGS:
        setting = SETTINGS[strategy]
        return [
            "loop.name=one_shot",
            f"loop.weight_rate={rate}",
            f"loop.rank_by={setting.rank_by}",
            f"search.epochs={round(epochs * setting.supernet)}",
            "search.min_epochs=0",
            "search.warmup_epochs=0",
            *_finals(setting, epochs),
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


def _finals(setting: Setting, epochs: int) -> list[str]:
    """Return the overrides of the candidates and of the finalists."""
    return [
        f"search.candidates={CANDIDATES}",
        f"search.finalists={setting.finalists}",
        f"search.finalists_drawn={setting.drawn}",
        f"search.finalist_epochs={max(1, round(epochs * setting.first))}",
        f"search.finalist_keep={setting.keep}",
        "search.finalist_start=scratch",
    ]
