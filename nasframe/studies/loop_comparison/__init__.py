"""Loops side by side on a table of the truth, where a finalist's score is looked up."""

from __future__ import annotations

from nasframe.studies.loop_comparison.comparing_loops import compare_on_table
from nasframe.studies.loop_comparison.loop_trial import SEARCHES

__all__ = ["SEARCHES", "compare_on_table"]
