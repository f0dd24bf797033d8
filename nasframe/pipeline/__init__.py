"""The steps that fill a run: prepare, search, train, evaluate, predict.

The command line calls the same.
"""

from __future__ import annotations

from nasframe.pipeline.architecture_search import SearchResult, search
from nasframe.pipeline.baselines import draw_different
from nasframe.pipeline.evaluation import evaluate, predict
from nasframe.pipeline.experiment import run_experiment
from nasframe.pipeline.final_training import train
from nasframe.pipeline.loading import draw, load_architecture, load_experiment, load_run
from nasframe.pipeline.preparation import Prepared, keeping_old_run, prepare
from nasframe.pipeline.standalone import train_alone
from nasframe.pipeline.supernet import load_supernet

__all__ = [
    "Prepared",
    "SearchResult",
    "draw",
    "draw_different",
    "evaluate",
    "keeping_old_run",
    "load_architecture",
    "load_experiment",
    "load_run",
    "load_supernet",
    "predict",
    "prepare",
    "run_experiment",
    "search",
    "train",
    "train_alone",
]
