"""Loops side by side on a table of the truth, where a finalist's score is looked up."""

from __future__ import annotations

from nasframe.studies.loop_comparison.comparing_loops import compare_on_table

__all__ = ["compare_on_table"]
