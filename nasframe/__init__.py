"""nasframe: modular neural architecture search on PyTorch.

Everything public is reachable from here and imported on first use, so that `nasframe --help` and
completion never wait for torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasframe.api import SearchResult as SearchResult
    from nasframe.api import draw as draw
    from nasframe.api import evaluate as evaluate
    from nasframe.api import load_architecture as load_architecture
    from nasframe.api import load_experiment as load_experiment
    from nasframe.api import load_run as load_run
    from nasframe.api import predict as predict
    from nasframe.api import run_experiment as run_experiment
    from nasframe.api import search as search
    from nasframe.api import train as train
    from nasframe.architecture import Architecture as Architecture
    from nasframe.estimators import Measurement as Measurement
    from nasframe.estimators import measure_estimators as measure_estimators
    from nasframe.experiment import Experiment as Experiment
    from nasframe.hookspecs import hookimpl as hookimpl
    from nasframe.loops import BaselineOptions as BaselineOptions
    from nasframe.loops import SearchLoop as SearchLoop
    from nasframe.loops import SearchOptions as SearchOptions
    from nasframe.loops import TrainOptions as TrainOptions
    from nasframe.loops import Update as Update
    from nasframe.network import Network as Network
    from nasframe.network import build as build
    from nasframe.network import cost_of as cost_of
    from nasframe.operations import Operation as Operation
    from nasframe.operations import OpSpec as OpSpec
    from nasframe.operations import Shape as Shape
    from nasframe.plugins import load_plugin as load_plugin
    from nasframe.relaxations import Relaxation as Relaxation
    from nasframe.relaxations import Sample as Sample
    from nasframe.run import Run as Run
    from nasframe.space import Choice as Choice
    from nasframe.space import SearchSpace as SearchSpace
    from nasframe.space import SpaceFactory as SpaceFactory
    from nasframe.studies.census import census as census
    from nasframe.studies.census_table import load_census as load_census
    from nasframe.studies.comparison import compare as compare
    from nasframe.studies.sweep import sweep as sweep
    from nasframe.supernet import Supernet as Supernet
    from nasframe.task import Batch as Batch
    from nasframe.task import Data as Data
    from nasframe.task import Scores as Scores
    from nasframe.task import Split as Split
    from nasframe.task import Splits as Splits
    from nasframe.task import Stage as Stage
    from nasframe.task import StageContext as StageContext
    from nasframe.task import Task as Task
    from nasframe.task import TensorSplit as TensorSplit
    from nasframe.task import TensorTask as TensorTask

__version__ = "0.1.0"

_HOME = {
    "hookimpl": "nasframe.hookspecs",
    "load_plugin": "nasframe.plugins",
    **dict.fromkeys(("OpSpec", "Operation", "Shape"), "nasframe.operations"),
    **dict.fromkeys(("Relaxation", "Sample"), "nasframe.relaxations"),
    **dict.fromkeys(("Choice", "SearchSpace", "SpaceFactory"), "nasframe.space"),
    "Architecture": "nasframe.architecture",
    **dict.fromkeys(("Network", "build", "cost_of"), "nasframe.network"),
    "Supernet": "nasframe.supernet",
    **dict.fromkeys(
        (
            "SearchResult",
            "draw",
            "evaluate",
            "load_architecture",
            "load_experiment",
            "load_run",
            "predict",
            "run_experiment",
            "search",
            "train",
        ),
        "nasframe.api",
    ),
    **dict.fromkeys(("Measurement", "measure_estimators"), "nasframe.estimators"),
    "census": "nasframe.studies.census",
    "load_census": "nasframe.studies.census_table",
    "compare": "nasframe.studies.comparison",
    "Experiment": "nasframe.experiment",
    "Run": "nasframe.run",
    "sweep": "nasframe.studies.sweep",
    **dict.fromkeys(
        ("BaselineOptions", "SearchLoop", "SearchOptions", "TrainOptions", "Update"), "nasframe.loops"
    ),
    **dict.fromkeys(
        (
            "Batch",
            "Data",
            "Scores",
            "Split",
            "Splits",
            "Stage",
            "StageContext",
            "Task",
            "TensorSplit",
            "TensorTask",
        ),
        "nasframe.task",
    ),
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'nasframe' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
