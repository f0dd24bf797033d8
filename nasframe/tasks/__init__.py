"""Tasks: data in four splits, a loss, metrics, and the stages that prepare the data."""

from __future__ import annotations

from nasframe.tasks.baseline import Baseline, OwnLoss, baseline_records
from nasframe.tasks.cached_stages import CachedStage, cached_stages, chosen_stages, remove_stage
from nasframe.tasks.check import (
    calibrated,
    check_test_targets,
    checked_caveats,
    checked_data,
    checked_fine_tuning,
    checked_metrics,
    checked_other_stages,
    checked_other_test,
    checked_stages,
    evaluated,
    open_test_split,
    tuned_test_split,
    validation_metrics,
)
from nasframe.tasks.data import SPLITS, Batch, Data, Split, Splits
from nasframe.tasks.data_files import TensorFileTask, data_file_hint, file_in_words
from nasframe.tasks.datasets import DatasetSplit, DatasetTask
from nasframe.tasks.exported import Exported
from nasframe.tasks.file_scorer import FileScorer
from nasframe.tasks.fine_tuning import FineTuning
from nasframe.tasks.named_baselines import NamedBaseline, make_each_once, named_baselines
from nasframe.tasks.other_test import OtherTest
from nasframe.tasks.scores import Scores
from nasframe.tasks.stages import (
    STAGE_RECORD,
    Stage,
    StageContext,
    holds_stages,
    read_stage,
    run_stages,
    stage_fingerprints,
)
from nasframe.tasks.stages_in_use import StagesInUse
from nasframe.tasks.starting_values import StartingValues
from nasframe.tasks.task import Task
from nasframe.tasks.tensors import TensorSplit, TensorTask

__all__ = [
    "SPLITS",
    "STAGE_RECORD",
    "Baseline",
    "Batch",
    "CachedStage",
    "Data",
    "DatasetSplit",
    "DatasetTask",
    "Exported",
    "FileScorer",
    "FineTuning",
    "NamedBaseline",
    "OtherTest",
    "OwnLoss",
    "Scores",
    "Split",
    "Splits",
    "Stage",
    "StageContext",
    "StagesInUse",
    "StartingValues",
    "Task",
    "TensorFileTask",
    "TensorSplit",
    "TensorTask",
    "baseline_records",
    "cached_stages",
    "calibrated",
    "check_test_targets",
    "checked_caveats",
    "checked_data",
    "checked_fine_tuning",
    "checked_metrics",
    "checked_other_stages",
    "checked_other_test",
    "checked_stages",
    "chosen_stages",
    "data_file_hint",
    "evaluated",
    "file_in_words",
    "holds_stages",
    "make_each_once",
    "named_baselines",
    "open_test_split",
    "read_stage",
    "remove_stage",
    "run_stages",
    "stage_fingerprints",
    "tuned_test_split",
    "validation_metrics",
]
