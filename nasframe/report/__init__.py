"""Reports: an HTML file for a run or a study that needs no network, and the tables and figures on it."""

from __future__ import annotations

from nasframe.report.baselines import baseline_table
from nasframe.report.comparison_page import comparison_page, comparison_tables, write_comparison_page
from nasframe.report.costs import COSTS, unit_of, value_of
from nasframe.report.page import PAGE, Page
from nasframe.report.reading import read_page
from nasframe.report.run_page import run_page, run_tables, write_report
from nasframe.report.sweep_page import sweep_figures, sweep_page, sweep_tables, write_sweep_page
from nasframe.report.table_page import table_page, table_tables, write_table_page

__all__ = [
    "COSTS",
    "PAGE",
    "Page",
    "baseline_table",
    "comparison_page",
    "comparison_tables",
    "read_page",
    "run_page",
    "run_tables",
    "sweep_figures",
    "sweep_page",
    "sweep_tables",
    "table_page",
    "table_tables",
    "unit_of",
    "value_of",
    "write_comparison_page",
    "write_report",
    "write_sweep_page",
    "write_table_page",
]
