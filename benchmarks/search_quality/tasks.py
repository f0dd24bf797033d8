"""The tasks on which searches are judged: their experiments, in one or two draws of their data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

import nasframe_deepfake
import nasframe_tabular
from nasframe.experiment import with_preset

__all__ = ["TASKS", "JudgedTask"]

_TABLES = Path(nasframe_tabular.__file__).with_name("tables")
_DEMO = Path(nasframe_deepfake.__file__).with_name("demo.toml")


@frozen
class JudgedTask:
    """A task.

    Attributes:
        name: for people.
        recipe: the file of its experiment.
        overrides: of that, for every search.
        draws: the overrides that make each draw of its data.
        points: overrides that the seeds take in turn, such as folds.
        table: of the truth for the first draw; empty where there is none.
        trainings: of a network whose mean test score counts.
        preset: laid over the experiment; empty for none.
    """

    name: str
    recipe: Path
    overrides: Sequence[str] = ()
    draws: Sequence[Sequence[str]] = ((),)
    points: Sequence[Sequence[str]] = ((),)
    table: str = ""
    trainings: int = 3
    preset: str = ""

    def values(self) -> Mapping[str, Any]:
        """Return what the file holds, with the preset laid over it."""
        found = tomllib.loads(self.recipe.read_text("utf-8"))
        return with_preset(found, str(self.recipe), self.preset) if self.preset else found


_EXACT = ("space.ports=distinct",)
_TWO_DRAWS = (("task.split_seed=0",), ("task.split_seed=1",))
_EMBEDDED = (
    "space.ports=distinct",
    "device=cpu",
    "task.shares=[0.34, 0.16, 0.12, 0.38]",
    "task.picture_epochs=4",
    "task.sound_epochs=3",
    'task.categories=["pairing"]',
    "loop.weight_rate=3e-3",  # with less, no network learns to recognise pairings
    "baselines.task=false",
    "baselines.random=0",
)

TASKS: Mapping[str, JudgedTask] = {
    "av": JudgedTask(
        "av_digits, two views",
        _TABLES / "av-digits-fusion.toml",
        _EXACT,
        _TWO_DRAWS,
        table="av-digits-fusion",
    ),
    "av8": JudgedTask(
        "av_digits, eight views",
        _TABLES / "av-digits-views.toml",
        _EXACT,
        _TWO_DRAWS,
        table="av-digits-views",
    ),
    "htad": JudgedTask(
        "htad, five folds",
        _TABLES / "htad-fusion.toml",
        _EXACT,
        _TWO_DRAWS,
        [[f"task.fold={fold}"] for fold in range(5)],
        table="htad-fusion",
    ),
    "mnist1d": JudgedTask(
        "mnist1d, cells", _TABLES / "mnist1d-cells.toml", (), _TWO_DRAWS, table="mnist1d-cells"
    ),
    "pairings": JudgedTask("embedded, pairings alone", _DEMO, _EMBEDDED, trainings=1, preset="paper"),
    "plain": JudgedTask(
        "embedded, without the standardised copies",
        _DEMO,
        (*_EMBEDDED, "task.standardised=false"),
        trainings=1,
        preset="paper",
    ),
}
