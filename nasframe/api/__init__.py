"""The Python entry: search, train, evaluate, predict, draw. The command line calls the same functions."""

from __future__ import annotations

from nasframe.api._evaluation import evaluate, predict
from nasframe.api._preparation import prepare
from nasframe.api._reading import draw, load_architecture, load_experiment, load_run
from nasframe.api._search import SearchResult, search
from nasframe.api._supernet import load_supernet
from nasframe.api._training import train
from nasframe.api._whole import run_experiment

__all__ = [
    "SearchResult",
    "draw",
    "evaluate",
    "load_architecture",
    "load_experiment",
    "load_run",
    "load_supernet",
    "predict",
    "prepare",
    "run_experiment",
    "search",
    "train",
]
