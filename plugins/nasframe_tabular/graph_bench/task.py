"""The task of NAS-Bench-Graph: nodes of a graph are classified; its data is not here, its results are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from attrs import define
from torch import Tensor

from nasframe import Data, Stage, Task
from nasframe.errors import DataError
from nasframe.options import option
from nasframe_tabular.graph_bench.codes import DATA_SETS

__all__ = ["NASBenchGraphTask"]


@define(kw_only=True)
class NASBenchGraphTask(Task):
    """One of the nine graphs of NAS-Bench-Graph. A table knows the scores; nothing is trained here."""

    objective: ClassVar[str] = "score"
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {"score": (0.0, 1.0)}

    data_set: str = option("cora", help="the graph", choices=DATA_SETS)

    @classmethod
    def starting_values(cls, source: Path | None, given: Mapping[str, Any]) -> NoReturn:
        """Refuse: nothing can be trained on it."""
        cls(**({"data_set": given["data_set"]} if given.get("data_set") in DATA_SETS else {}))._refuse()

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        self._refuse()

    def data(self, folders: Mapping[str, Path]) -> Data:
        self._refuse()

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        self._refuse()

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise DataError(
            f"the graph {self.data_set} is not here, and nothing can be trained on it: its results are "
            f"looked up. `nasframe graph-bench {self.data_set} --out TABLE` writes the table, and "
            "`nasframe compare --on TABLE --loop random,evolution` searches on it"
        )
