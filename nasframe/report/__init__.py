"""Reports: an HTML file for a run or a study that needs no network, and the tables and figures on it."""

from __future__ import annotations

from nasframe.report.baselines import baseline_table
from nasframe.report.caveats import TOLD_APART, metric_caveats, run_caveats, search_caveats
from nasframe.report.comparison_page import comparison_page, comparison_tables, write_comparison_page
from nasframe.report.costs import COSTS, unit_of, value_of
from nasframe.report.documents import check_study_record
from nasframe.report.exported_files import WRITTEN_BY, check_export, write_export
from nasframe.report.finalists import selection_of, selection_verdict
from nasframe.report.growing_page import growing_page
from nasframe.report.loop_page import loop_figures, loop_page, loop_tables, write_loop_page
from nasframe.report.matrix_page import matrix_page, matrix_tables, write_matrix_page
from nasframe.report.overview_page import Watched, overview_page
from nasframe.report.page import PAGE, Live, Page, link_to
from nasframe.report.plugin_sections import report_unusable_sections
from nasframe.report.reading import read_page
from nasframe.report.run_page import parameter_table, run_page, run_tables, write_report
from nasframe.report.space_table_page import (
    space_table_page,
    space_table_tables,
    table_names,
    write_space_table_page,
)
from nasframe.report.studies_page import join_studies, studies_page, write_studies
from nasframe.report.sweep_page import sweep_figures, sweep_page, sweep_tables, write_sweep_page
from nasframe.report.trial_links import TRIAL_FOLDERS
from nasframe.report.trials import trials_of, trials_verdict

__all__ = [
    "COSTS",
    "PAGE",
    "TOLD_APART",
    "TRIAL_FOLDERS",
    "WRITTEN_BY",
    "Live",
    "Page",
    "Watched",
    "baseline_table",
    "check_export",
    "check_study_record",
    "comparison_page",
    "comparison_tables",
    "growing_page",
    "join_studies",
    "link_to",
    "loop_figures",
    "loop_page",
    "loop_tables",
    "matrix_page",
    "matrix_tables",
    "metric_caveats",
    "overview_page",
    "parameter_table",
    "read_page",
    "report_unusable_sections",
    "run_caveats",
    "run_page",
    "run_tables",
    "search_caveats",
    "selection_of",
    "selection_verdict",
    "space_table_page",
    "space_table_tables",
    "studies_page",
    "sweep_figures",
    "sweep_page",
    "sweep_tables",
    "table_names",
    "trials_of",
    "trials_verdict",
    "unit_of",
    "value_of",
    "write_comparison_page",
    "write_export",
    "write_loop_page",
    "write_matrix_page",
    "write_report",
    "write_space_table_page",
    "write_studies",
    "write_sweep_page",
]
