"""Reports: an HTML file for a run, a comparison or a sweep, which needs no network to be read."""

from __future__ import annotations

from nasframe.report.baselines import baseline_table
from nasframe.report.comparison_page import write_comparison_page
from nasframe.report.costs import COSTS, unit_of
from nasframe.report.run_page import write_report
from nasframe.report.sweep_page import write_sweep_page

__all__ = ["COSTS", "baseline_table", "unit_of", "write_comparison_page", "write_report", "write_sweep_page"]
