"""The same data: what is trained or searched now sees the bytes from which a table was made."""

from __future__ import annotations

from nasframe.errors import RunError
from nasframe.experiment import Experiment
from nasframe.pipeline.preparation import Prepared
from nasframe.tables import TableTraining, TabularBenchmark

__all__ = ["check_data", "check_search_data"]


def check_data(table: TabularBenchmark, training: TableTraining, prepared: Prepared) -> None:
    """Compare prepared data with that of a training of a table.

    Raises:
        RunError: they are others; says both fingerprints.
    """
    found = str(prepared.record["fingerprint"])
    if training.data and training.data != found:
        point = f" at {dict(training.point)}" if training.point else ""
        there = f"fingerprint {training.data[:16]} in the table, {found[:16]} here"
        raise RunError(
            f"table {table.title!r}: was made from other data{point}: {there}. Its task is "
            f"{table.experiment().names['task']!r}, and --data names the data"
        )


def check_search_data(table: TabularBenchmark, experiment: Experiment, prepared: Prepared) -> None:
    """Compare the data of a search that a table judges with that of its trainings by the same task.

    A task with other options than any training has other data on purpose, and passes.

    Raises:
        RunError: as `check_data`.
    """
    for training in table.trainings:
        if table.recipe.experiment(training.point, training.seed).task == experiment.task:
            check_data(table, training, prepared)
