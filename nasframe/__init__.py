"""nasframe: modular neural architecture search on PyTorch.

Everything public is reachable from here and imported on first use, so that `nasframe --help` and
completion never wait for torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"  # before anything of ours is imported, which may want it

from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from nasframe.estimators import Measurement as Measurement
    from nasframe.estimators import measure_estimators as measure_estimators
    from nasframe.experiment import Experiment as Experiment
    from nasframe.network import Network as Network
    from nasframe.network import build as build
    from nasframe.network import cost_of as cost_of
    from nasframe.operations import Operation as Operation
    from nasframe.operations import OpSpec as OpSpec
    from nasframe.operations import Shape as Shape
    from nasframe.pipeline import SearchResult as SearchResult
    from nasframe.pipeline import draw as draw
    from nasframe.pipeline import evaluate as evaluate
    from nasframe.pipeline import load_architecture as load_architecture
    from nasframe.pipeline import load_experiment as load_experiment
    from nasframe.pipeline import load_run as load_run
    from nasframe.pipeline import predict as predict
    from nasframe.pipeline import run_experiment as run_experiment
    from nasframe.pipeline import search as search
    from nasframe.pipeline import train as train
    from nasframe.plugins import hookimpl as hookimpl
    from nasframe.plugins import load_plugin as load_plugin
    from nasframe.relaxations import Relaxation as Relaxation
    from nasframe.relaxations import Sample as Sample
    from nasframe.runs import Run as Run
    from nasframe.searching import SearchLoop as SearchLoop
    from nasframe.searching import SearchOptions as SearchOptions
    from nasframe.searching import Update as Update
    from nasframe.space import Architecture as Architecture
    from nasframe.space import Choice as Choice
    from nasframe.space import SearchSpace as SearchSpace
    from nasframe.space import SpaceFactory as SpaceFactory
    from nasframe.studies import census as census
    from nasframe.studies import compare as compare
    from nasframe.studies import load_census as load_census
    from nasframe.studies import sweep as sweep
    from nasframe.supernet import Supernet as Supernet
    from nasframe.tasks import Batch as Batch
    from nasframe.tasks import Data as Data
    from nasframe.tasks import Scores as Scores
    from nasframe.tasks import Split as Split
    from nasframe.tasks import Splits as Splits
    from nasframe.tasks import Stage as Stage
    from nasframe.tasks import StageContext as StageContext
    from nasframe.tasks import Task as Task
    from nasframe.tasks import TensorSplit as TensorSplit
    from nasframe.tasks import TensorTask as TensorTask
    from nasframe.training import BaselineOptions as BaselineOptions
    from nasframe.training import TrainOptions as TrainOptions

_HOMES = {
    **dict.fromkeys(("hookimpl", "load_plugin"), "nasframe.plugins"),
    **dict.fromkeys(("OpSpec", "Operation", "Shape"), "nasframe.operations"),
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
        "nasframe.tasks",
    ),
    **dict.fromkeys(("Architecture", "Choice", "SearchSpace", "SpaceFactory"), "nasframe.space"),
    "Run": "nasframe.runs",
    **dict.fromkeys(("Relaxation", "Sample"), "nasframe.relaxations"),
    **dict.fromkeys(("Network", "build", "cost_of"), "nasframe.network"),
    "Supernet": "nasframe.supernet",
    **dict.fromkeys(("BaselineOptions", "TrainOptions"), "nasframe.training"),
    **dict.fromkeys(("SearchLoop", "SearchOptions", "Update"), "nasframe.searching"),
    "Experiment": "nasframe.experiment",
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
        "nasframe.pipeline",
    ),
    **dict.fromkeys(("census", "compare", "load_census", "sweep"), "nasframe.studies"),
    **dict.fromkeys(("Measurement", "measure_estimators"), "nasframe.estimators"),
}

__all__ = ["__version__", *sorted(_HOMES)]
__getattr__, __dir__ = lazy_page(__name__, _HOMES)
