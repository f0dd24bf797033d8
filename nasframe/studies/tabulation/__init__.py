"""Tables of a search space: its networks, each trained from scratch and scored after every epoch."""

from __future__ import annotations

from nasframe.studies.tabulation.tabulating import tabulate
from nasframe.studies.tabulation.trainings import NETWORKS

__all__ = ["NETWORKS", "tabulate"]
