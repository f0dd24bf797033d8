"""Hundreds of damaged copies of every file that is read back: each is refused in words, or taken."""

from __future__ import annotations

from pathlib import Path

import nasframe
from nasframe import Experiment
from nasframe.network import build
from nasframe.pipeline.engines import training_engine
from nasframe.runtime import SILENT
from tests.mutations import survive
from tests.readers import readers_of_run, readers_of_studies


def test_a_damaged_copy_of_a_file_of_a_run_ends_in_words(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    folders = {name: Path(path) for name, path in run.record["data"]["folders"].items()}
    data = experiment.task.data(folders)
    network = build(run.architecture)
    training_engine(network, experiment, data, SILENT, run=run, name="half", key="half").fit()
    for reader in readers_of_run(run, experiment, data):
        assert survive(reader, 60) > 10


def test_a_damaged_copy_of_a_document_of_a_study_ends_in_words(tmp_path: Path) -> None:
    for reader in readers_of_studies(tmp_path):
        assert survive(reader, 200) > 50
