"""The check of a task before any work, and of the numbers that it returns later."""

from __future__ import annotations

from nasframe.tasks.check.calibration import calibrated
from nasframe.tasks.check.checked_caveats import checked_caveats
from nasframe.tasks.check.fine_tuning_check import checked_fine_tuning, tuned_test_split
from nasframe.tasks.check.metric_values import checked_metrics, evaluated, validation_metrics
from nasframe.tasks.check.task_check import (
    check_test_targets,
    checked_data,
    checked_other_stages,
    checked_other_test,
    checked_stages,
    open_test_split,
)

__all__ = [
    "calibrated",
    "check_test_targets",
    "checked_caveats",
    "checked_data",
    "checked_fine_tuning",
    "checked_metrics",
    "checked_other_stages",
    "checked_other_test",
    "checked_stages",
    "evaluated",
    "open_test_split",
    "tuned_test_split",
    "validation_metrics",
]
