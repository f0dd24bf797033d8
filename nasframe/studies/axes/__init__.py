"""Axes of a study: options of the experiment that vary between its trials, and the values each takes."""

from __future__ import annotations

from nasframe.studies.axes.axis import Axis, is_axis, parse_axes, words_of
from nasframe.studies.axes.experiments import experiment_at, experiments_at, stage_seed
from nasframe.studies.axes.given_options import experiments_with, given_values, with_given
from nasframe.studies.axes.points import Point, point_name, points, short_names
from nasframe.studies.axes.shared_plan import shared_plan
from nasframe.studies.axes.trial_limit import MOST_TRIALS, check_trials, count_points

__all__ = [
    "MOST_TRIALS",
    "Axis",
    "Point",
    "check_trials",
    "count_points",
    "experiment_at",
    "experiments_at",
    "experiments_with",
    "given_values",
    "is_axis",
    "parse_axes",
    "point_name",
    "points",
    "shared_plan",
    "short_names",
    "stage_seed",
    "with_given",
    "words_of",
]
