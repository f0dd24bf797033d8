"""nasframe: modular neural architecture search on PyTorch.

- **an experiment**: `Experiment`, `load_experiment`; its sections are `SearchOptions`, `TrainOptions` and
  `BaselineOptions`
- **its steps**: `run_experiment`, or one by one `prepare` (`Prepared`), `search` (`SearchResult`), `train`,
  `evaluate`, `evaluate_on`, `evaluate_matrix`
- **a trained run**: `predict` scores files, `load_scorer` (`Scorer`) loads it once for many calls, `export`
  writes its network for other programs
- **what comes out**: `Run`, `load_run`, `Architecture`, `load_architecture`; `draw` (`Drawing`)
- **studies**: `compare`, `sweep`, `tabulate`; tables: `load_table` (`TabularBenchmark`),
  `truth_on_demand`; for one release also
  `census`, `load_census`, the former names of the last two functions
- **plugins**: `hookimpl`, `hookspec`, `load_plugin`, `manager`, `Registered`
- **operations**: `Operation`, `OpSpec`, `Shape`, `arity_of`; `module_key`, for parameters named after ports
- **search spaces**: `SearchSpace`, `SpaceFactory`, `Choice`, `derive`, `network_key`; `Decisions`,
  `Decision`, `Alternative`, `State`, `Wiring`
- **networks**: `Network`, `build`, `cost_of` (`Cost`); the relaxed one is `Supernet`, `load_supernet`
- **relaxations**: `Relaxation`, `Sample`; the others are in `nasframe.relaxations`
- **search loops**: `GradientLoop`, `Update`; with the optimisers of the paper `AdamLoop`; without logits
  `OneShot`, for loops that draw architectures in another way; `JoinedSplit` and `number_of_batches`, for the
  updates of a loop; those that propose architectures: `ProposalLoop`, `Proposer`, `Proposal`, `Result`,
  `SearchProblem`
- **tasks**: `Task`, `TensorTask`, `DatasetTask`, `Data`, `Splits`, `SPLITS`, `Split`, `TensorSplit`, `Batch`,
  `Scores`, `Baseline`, `FileScorer`, `Exported`, `OtherTest`, `FineTuning`; their stages `Stage`,
  `StageContext`, `stage_fingerprints`; `StartingValues`, what `nasframe new` writes
- **work on a run**: `claimed` keeps other processes out of its folder, `naming_missing_plugins` names in an
  error the plugins that it was made with and that are not here

A plugin imports from here, from `nasframe.errors`, `nasframe.options`, `nasframe.runtime`, `nasframe.jobs`,
`nasframe.display`, `nasframe.relaxations`, `nasframe.tables` and `nasframe.testing`, and from no other module
of nasframe. Names that moved into a plugin are still here for one release, with a warning.

Every name is imported when it is first used, so that `nasframe --help` and completion never wait for torch.
"""

# First of all: the other imports would look in the working folder. (`from __future__` is one of them.)
from nasframe.module_search_path import exclude_working_folder

exclude_working_folder()

TYPE_CHECKING = False  # a type checker takes it for true; typing itself would be an import
if TYPE_CHECKING:
    from typing import Any

    from nasframe.experiment import Experiment as Experiment
    from nasframe.module_names import module_key as module_key
    from nasframe.network import Network as Network
    from nasframe.network import build as build
    from nasframe.network import cost_of as cost_of
    from nasframe.operations import Cost as Cost
    from nasframe.operations import Operation as Operation
    from nasframe.operations import OpSpec as OpSpec
    from nasframe.operations import Shape as Shape
    from nasframe.operations import arity_of as arity_of
    from nasframe.pipeline import Prepared as Prepared
    from nasframe.pipeline import Scorer as Scorer
    from nasframe.pipeline import SearchResult as SearchResult
    from nasframe.pipeline import draw as draw
    from nasframe.pipeline import evaluate as evaluate
    from nasframe.pipeline import evaluate_matrix as evaluate_matrix
    from nasframe.pipeline import evaluate_on as evaluate_on
    from nasframe.pipeline import export as export
    from nasframe.pipeline import load_architecture as load_architecture
    from nasframe.pipeline import load_experiment as load_experiment
    from nasframe.pipeline import load_run as load_run
    from nasframe.pipeline import load_scorer as load_scorer
    from nasframe.pipeline import load_supernet as load_supernet
    from nasframe.pipeline import predict as predict
    from nasframe.pipeline import prepare as prepare
    from nasframe.pipeline import run_experiment as run_experiment
    from nasframe.pipeline import search as search
    from nasframe.pipeline import train as train
    from nasframe.pipeline import truth_on_demand as truth_on_demand
    from nasframe.plugins import Registered as Registered
    from nasframe.plugins import hookimpl as hookimpl
    from nasframe.plugins import hookspec as hookspec
    from nasframe.plugins import load_plugin as load_plugin
    from nasframe.plugins import manager as manager
    from nasframe.relaxations import Relaxation as Relaxation
    from nasframe.relaxations import Sample as Sample
    from nasframe.render import Drawing as Drawing
    from nasframe.runs import Run as Run
    from nasframe.runs import claimed as claimed
    from nasframe.runs import naming_missing_plugins as naming_missing_plugins
    from nasframe.searching import AdamLoop as AdamLoop
    from nasframe.searching import GradientLoop as GradientLoop
    from nasframe.searching import OneShot as OneShot
    from nasframe.searching import Proposal as Proposal
    from nasframe.searching import ProposalLoop as ProposalLoop
    from nasframe.searching import Proposer as Proposer
    from nasframe.searching import Result as Result
    from nasframe.searching import SearchOptions as SearchOptions
    from nasframe.searching import SearchProblem as SearchProblem
    from nasframe.searching import Update as Update
    from nasframe.searching import derive as derive
    from nasframe.space import Alternative as Alternative
    from nasframe.space import Architecture as Architecture
    from nasframe.space import Choice as Choice
    from nasframe.space import Decision as Decision
    from nasframe.space import Decisions as Decisions
    from nasframe.space import SearchSpace as SearchSpace
    from nasframe.space import SpaceFactory as SpaceFactory
    from nasframe.space import State as State
    from nasframe.space import Wiring as Wiring
    from nasframe.space import network_key as network_key
    from nasframe.studies import census as census
    from nasframe.studies import compare as compare
    from nasframe.studies import load_census as load_census
    from nasframe.studies import sweep as sweep
    from nasframe.studies import tabulate as tabulate
    from nasframe.supernet import Supernet as Supernet
    from nasframe.tables import TabularBenchmark as TabularBenchmark
    from nasframe.tables import load_table as load_table
    from nasframe.tasks import SPLITS as SPLITS
    from nasframe.tasks import Baseline as Baseline
    from nasframe.tasks import Batch as Batch
    from nasframe.tasks import Data as Data
    from nasframe.tasks import DatasetTask as DatasetTask
    from nasframe.tasks import Exported as Exported
    from nasframe.tasks import FileScorer as FileScorer
    from nasframe.tasks import FineTuning as FineTuning
    from nasframe.tasks import OtherTest as OtherTest
    from nasframe.tasks import Scores as Scores
    from nasframe.tasks import Split as Split
    from nasframe.tasks import Splits as Splits
    from nasframe.tasks import Stage as Stage
    from nasframe.tasks import StageContext as StageContext
    from nasframe.tasks import StartingValues as StartingValues
    from nasframe.tasks import Task as Task
    from nasframe.tasks import TensorSplit as TensorSplit
    from nasframe.tasks import TensorTask as TensorTask
    from nasframe.tasks import stage_fingerprints as stage_fingerprints
    from nasframe.training import BaselineOptions as BaselineOptions
    from nasframe.training import JoinedSplit as JoinedSplit
    from nasframe.training import TrainOptions as TrainOptions
    from nasframe.training import number_of_batches as number_of_batches

__version__ = "0.2.0"  # recorded in every run; the package takes its version from this line

_MODULES = {
    **dict.fromkeys(("hookimpl", "hookspec", "load_plugin", "manager", "Registered"), "nasframe.plugins"),
    **dict.fromkeys(("Cost", "Operation", "OpSpec", "Shape", "arity_of"), "nasframe.operations"),
    **dict.fromkeys(
        (
            "SPLITS",
            "Baseline",
            "Batch",
            "Data",
            "DatasetTask",
            "Exported",
            "FileScorer",
            "OtherTest",
            "Scores",
            "Split",
            "Splits",
            "Stage",
            "StageContext",
            "StartingValues",
            "Task",
            "TensorSplit",
            "TensorTask",
            "FineTuning",
            "stage_fingerprints",
        ),
        "nasframe.tasks",
    ),
    **dict.fromkeys(
        ("Architecture", "Choice", "SearchSpace", "SpaceFactory", "network_key"), "nasframe.space"
    ),
    **dict.fromkeys(("Alternative", "Decision", "Decisions", "State", "Wiring"), "nasframe.space"),
    **dict.fromkeys(("Run", "claimed", "naming_missing_plugins"), "nasframe.runs"),
    **dict.fromkeys(("Relaxation", "Sample"), "nasframe.relaxations"),
    **dict.fromkeys(("Network", "build", "cost_of"), "nasframe.network"),
    "module_key": "nasframe.module_names",
    "Supernet": "nasframe.supernet",
    "Drawing": "nasframe.render",
    **dict.fromkeys(
        ("BaselineOptions", "JoinedSplit", "TrainOptions", "number_of_batches"), "nasframe.training"
    ),
    **dict.fromkeys(
        (
            "AdamLoop",
            "GradientLoop",
            "OneShot",
            "Proposal",
            "ProposalLoop",
            "Proposer",
            "Result",
            "SearchOptions",
            "SearchProblem",
            "Update",
            "derive",
        ),
        "nasframe.searching",
    ),
    "Experiment": "nasframe.experiment",
    **dict.fromkeys(
        (
            "Prepared",
            "Scorer",
            "SearchResult",
            "draw",
            "evaluate",
            "evaluate_matrix",
            "evaluate_on",
            "export",
            "load_architecture",
            "load_experiment",
            "load_run",
            "load_scorer",
            "load_supernet",
            "predict",
            "prepare",
            "run_experiment",
            "search",
            "train",
            "truth_on_demand",
        ),
        "nasframe.pipeline",
    ),
    **dict.fromkeys(
        ("census", "compare", "load_census", "sweep", "tabulate"),
        "nasframe.studies",
    ),
    **dict.fromkeys(("TabularBenchmark", "load_table"), "nasframe.tables"),
}

__all__ = ["__version__", *sorted(_MODULES)]


def __getattr__(name: str) -> "Any":
    if name in _MODULES:
        import importlib

        return getattr(importlib.import_module(_MODULES[name]), name)
    from nasframe.former_names import forwarded

    return forwarded(__name__, name)


def __dir__() -> list[str]:
    return __all__
