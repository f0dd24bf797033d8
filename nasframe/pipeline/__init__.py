"""The steps that fill a run, which the command line calls too.

`whole_run` makes all of them in order: `preparation` of the data, `architecture_search`, `final_training`,
`baselines`, `evaluation`; `other_data` tests a trained run on another data set, `matrix` several runs on
several sets. A run that is trained is used by `scorer`, `prediction` and `exporting`; its
`file_records` are held to the contract. `plan_check` refuses what no data would mend, `engines` sets up the
search and the training by an experiment, `training_records` removes a training that is made again, and
`standalone_training` trains one network outside any run, `candidate_training` those that a search proposes,
`taking_part` the part of a search that other processes have,
`training_on_demand` what a table lacks, on `same_data` alone.
`loading` reads experiments, runs and what they hold, `resuming` goes on with what was interrupted;
`written_experiment` hands an experiment to another process; `search_result`, `trained_network`, `scores` and
`picture` are what the steps return and save.
"""

from __future__ import annotations

from nasframe.pipeline.architecture_search import search
from nasframe.pipeline.baselines import draw_architectures, draw_distinct_architectures
from nasframe.pipeline.evaluation import evaluate
from nasframe.pipeline.exporting import export
from nasframe.pipeline.file_records import error_record
from nasframe.pipeline.final_training import train
from nasframe.pipeline.loading import load_architecture, load_experiment, load_run, load_supernet
from nasframe.pipeline.matrix import MATRIX, evaluate_matrix
from nasframe.pipeline.other_data import evaluate_on
from nasframe.pipeline.picture import draw
from nasframe.pipeline.plan_check import check_plan
from nasframe.pipeline.prediction import predict
from nasframe.pipeline.preparation import Prepared, keeping_old_run, prepare
from nasframe.pipeline.recorded_cache import recorded_cache
from nasframe.pipeline.resuming import require_plugin_files, resume
from nasframe.pipeline.same_data import check_search_data
from nasframe.pipeline.scorer import Scorer, load_scorer
from nasframe.pipeline.search_result import SearchResult
from nasframe.pipeline.standalone_training import measure_epochs, train_alone
from nasframe.pipeline.taking_part import take_part
from nasframe.pipeline.training_on_demand import truth_on_demand
from nasframe.pipeline.whole_run import run_experiment
from nasframe.pipeline.written_experiment import experiment_arguments, read_experiment, save_tensors

__all__ = [
    "MATRIX",
    "Prepared",
    "Scorer",
    "SearchResult",
    "check_plan",
    "check_search_data",
    "draw",
    "draw_architectures",
    "draw_distinct_architectures",
    "error_record",
    "evaluate",
    "evaluate_matrix",
    "evaluate_on",
    "experiment_arguments",
    "export",
    "keeping_old_run",
    "load_architecture",
    "load_experiment",
    "load_run",
    "load_scorer",
    "load_supernet",
    "measure_epochs",
    "predict",
    "prepare",
    "read_experiment",
    "recorded_cache",
    "require_plugin_files",
    "resume",
    "run_experiment",
    "save_tensors",
    "search",
    "take_part",
    "train",
    "train_alone",
    "truth_on_demand",
]
