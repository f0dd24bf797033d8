"""One search with a setting of early training, and the score of the network that it finds, kept in a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from unittest import mock

import attrs
import torch
from dropping_pass import DroppingPass
from early import SETTINGS, Early, Now
from early_learner import EarlyLearner

import nasframe
import nasframe.supernet.supernet as supernet_module
from nasframe import Architecture, Experiment, TabularBenchmark
from nasframe.pipeline import prepare, truth_on_demand
from nasframe.pipeline.engines import search_engine
from nasframe.runtime import SILENT, write_json

__all__ = ["TABLES", "tried"]

TABLES = {"av": "av-digits-fusion", "av8": "av-digits-views", "htad": "htad-fusion"}


def tried(work: tuple[str, str, int, Path]) -> float:
    """Return the test score of the network that a setting finds on a task with a seed."""
    task, setting, seed, out = work
    file = out / task / setting.replace(" ", "-") / f"{seed}.json"
    if not file.exists():
        torch.set_num_threads(1)
        table = nasframe.load_table(TABLES[task])
        architecture = searched(table, SETTINGS[setting], seed, out / "cache")
        entry = table.find(architecture) or truth_on_demand(
            table, architecture, cache=out / "cache", other_versions=True
        )
        found = {"test": table.score(entry, "test"), "assignment": dict(architecture.assignment)}
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, found)
        print(f"{task} {setting} {seed}: {found['test']:.4f}", file=sys.stderr, flush=True)
    return float(json.loads(file.read_text("utf-8"))["test"])


def searched(table: TabularBenchmark, early: Early, seed: int, cache: Path) -> Architecture:
    """Return the architecture that a search with a setting derives; the points of a table take turns."""
    assert table.recipe is not None
    points = [*{str(training.point): training.point for training in table.trainings}.values()]
    values = table.recipe.values(points[seed % len(points)])
    overrides = [f"space.ports={early.ports}", f"cache='{cache}'"]
    overrides += [] if early.decays else ["loop.architecture_decay=0.0"]
    overrides += [f"search.warmup_epochs={values['search']['epochs'] // 3}"] if early.warms_up else []
    experiment = attrs.evolve(Experiment.parse(values, "early", overrides, seed=seed), data_seed=0)
    prepared = prepare(experiment, None, None, SILENT)
    now = Now(early, seed)
    with mock.patch.object(supernet_module, "ForwardPass", lambda **given: DroppingPass(now, **given)):
        engine = search_engine(experiment, prepared, None, None, SILENT)
        engine.learner = EarlyLearner(engine.learner, now)
        return engine.fit()
