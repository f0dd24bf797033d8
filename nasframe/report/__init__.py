"""Reports: one HTML file for a run, a comparison or a sweep, that opens offline."""

from nasframe.report.comparison_page import write_comparison_page
from nasframe.report.run_page import write_report
from nasframe.report.sweep_page import write_sweep_page

__all__ = ["write_comparison_page", "write_report", "write_sweep_page"]
