"""The settings of early training that are tried, each with its strength at a point of a search."""

from __future__ import annotations

from attrs import define, evolve, field, frozen
from torch import Generator

from nasframe.runtime import generator

__all__ = ["SETTINGS", "Early", "Now", "base_of"]


@frozen
class Early:
    """A setting: what a search does early on against lock-in on an easy view.

    Attributes:
        ports: of the space.
        decays: the logits have the weight decay of the table's recipe.
        warms_up: a third of the epochs have no updates of the logits.
        bonus: the loss of the logits is less by so many times the mean normalised entropy of the choices.
        dropout: probability with which an update of the weights drops a chosen source of a node, in each
            example.
        of_logits: updates of the logits drop sources too.
        mixed: probability with which an update of the weights sees, at a choice, a candidate drawn uniformly.
        until: share of the epochs over which `bonus`, `dropout` and `mixed` fall linearly to 0.
    """

    ports: str = "distinct"
    decays: bool = True
    warms_up: bool = False
    bonus: float = 0.0
    dropout: float = 0.0
    of_logits: bool = False
    mixed: float = 0.0
    until: float = 0.5


_SHARED, _UNDECAYED = Early(ports="shared"), Early(decays=False)

SETTINGS = {
    "distinct ports": Early(),
    "warm-up": Early(warms_up=True),
    "bonus 0.3": Early(bonus=0.3),
    "bonus 1": Early(bonus=1.0),
    "bonus 3": Early(bonus=3.0),
    "dropout 0.25": Early(dropout=0.25),
    "dropout 0.5": Early(dropout=0.5),
    "dropout 0.5, logits too": Early(dropout=0.5, of_logits=True),
    "mixed paths 0.5": Early(mixed=0.5),
    "mixed paths 1": Early(mixed=1.0),
    "warm-up and bonus 1": Early(warms_up=True, bonus=1.0),
    "warm-up and dropout 0.5": Early(warms_up=True, dropout=0.5),
    "warm-up and mixed paths 1": Early(warms_up=True, mixed=1.0),
    "mixed paths 1, over all epochs": Early(mixed=1.0, until=1.0),
    "dropout 0.5 and mixed paths 1": Early(dropout=0.5, mixed=1.0),
    "bonus 0.3 and dropout 0.5": Early(bonus=0.3, dropout=0.5),
    "shared ports": _SHARED,
    "shared ports, warm-up": evolve(_SHARED, warms_up=True),
    "shared ports, bonus 1": evolve(_SHARED, bonus=1.0),
    "shared ports, dropout 0.5": evolve(_SHARED, dropout=0.5),
    "shared ports, mixed paths 1": evolve(_SHARED, mixed=1.0),
    "no decay": _UNDECAYED,
    "no decay, warm-up": evolve(_UNDECAYED, warms_up=True),
    "no decay, bonus 1": evolve(_UNDECAYED, bonus=1.0),
    "no decay, dropout 0.5": evolve(_UNDECAYED, dropout=0.5),
    "no decay, mixed paths 1": evolve(_UNDECAYED, mixed=1.0),
}


def base_of(name: str) -> str:
    """Return the setting with nothing early with which a setting is compared."""
    wanted = Early(ports=SETTINGS[name].ports, decays=SETTINGS[name].decays)
    return next(other for other, setting in SETTINGS.items() if setting == wanted)


@define
class Now:
    """A setting at a point of a search.

    Attributes:
        early: the setting.
        seed: of the search.
        share: of the search, that is done.
        dropout: in the pass that is made.
        noise: of dropout and of mixed paths.
    """

    early: Early
    seed: int
    share: float = 0.0
    dropout: float = 0.0
    noise: Generator = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.noise = generator(self.seed, "early")

    @property
    def left(self) -> float:
        """The share of the first strength that is left, 0 to 1."""
        return max(0.0, 1.0 - self.share / self.early.until)
