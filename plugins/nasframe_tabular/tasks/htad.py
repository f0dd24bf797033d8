"""The task `htad`: one of seven activities at home, from sound and from a watch on the wrist."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from attrs import define

from nasframe import StartingValues
from nasframe_tabular.preparation import read_number_table
from nasframe_tabular.tasks.starting import experiment_on_views
from nasframe_tabular.tasks.views import Views, ViewTask
from nasframe_tabular.wheels import Wheel

__all__ = ["HTAD", "HomeActivities"]

HTAD = Wheel("multiviewstacking", "0.7.5", "b13e4d6b99e9daf7e14af4357f1df02cc7d23ec4a7fd6b0ca6c4fb9e3efd6c2d")

_COEFFICIENTS = 12  # of each of the three windows of sound
_AXES = ("meanX", "meanY", "meanZ", "sdX", "sdY", "sdZ", "maxX", "maxY", "maxZ")
_WHOLE = ("corXY", "corXZ", "corYZ", "meanMagnitude", "sdMagnitude", "auc", "meanDif")

COLUMNS = {
    **{
        f"sound_{window + 1}": [
            f"v1_mfcc{window * _COEFFICIENTS + number + 1}" for number in range(_COEFFICIENTS)
        ]
        for window in range(3)
    },
    "wrist_axes": [f"v2_{name}" for name in _AXES],
    "wrist_whole": [f"v2_{name}" for name in _WHOLE],
}
"""View → its columns in the table."""


@define(kw_only=True)
class HomeActivities(ViewTask):
    """Seven activities at home, from sound and wrist acceleration that were recorded together (HTAD).

    Inputs are `sound_1` to `sound_3`, 12 cepstral coefficients of each of three windows of sound, and of the
    accelerometer `wrist_axes`, nine statistics of its three axes, and `wrist_whole`, seven of all together.
    """

    wheel: ClassVar[Wheel] = HTAD
    members: ClassVar[tuple[str, ...]] = ("multiviewstacking/data/htad.csv",)
    example: ClassVar[str] = "window"
    classes: ClassVar[tuple[str, ...]] = (
        "brush_teeth",
        "eat_chips",
        "mop_floor",
        "sweep",
        "type_on_keyboard",
        "wash_hands",
        "watch_tv",
    )
    starting: ClassVar[StartingValues] = experiment_on_views(epochs=30, rate=1e-2)

    def read(self, folder: Path) -> Views:
        columns = [name for names in COLUMNS.values() for name in names]
        values, labels = read_number_table(folder / "htad.csv", columns, label="class")
        sizes = [len(names) for names in COLUMNS.values()]
        features = dict(zip(COLUMNS, torch.split(values, sizes, dim=1), strict=True))
        return Views(features, torch.tensor([self.number(label) for label in labels]))
