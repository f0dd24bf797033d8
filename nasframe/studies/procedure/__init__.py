"""The procedure of every study: its settings, its base experiment, its data, its trials, its record."""

from __future__ import annotations

from nasframe.studies.procedure.base_experiment import BaseExperiment
from nasframe.studies.procedure.recorded_call import recorded_call
from nasframe.studies.procedure.settings import Settings
from nasframe.studies.procedure.study import Plan, Study, Work, run_study
from nasframe.studies.procedure.trials import make_trial, read_result_file, reading_experiment

__all__ = [
    "BaseExperiment",
    "Plan",
    "Settings",
    "Study",
    "Work",
    "make_trial",
    "read_result_file",
    "reading_experiment",
    "recorded_call",
    "run_study",
]
