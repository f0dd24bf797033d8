"""Studies: a comparison, a sweep, and a table of the space of one experiment; and loops judged by a table.

The names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from nasframe.studies.axes import is_axis as is_axis
    from nasframe.studies.comparison import compare as compare
    from nasframe.studies.default_place import default_folder as default_folder
    from nasframe.studies.former_names import census as census
    from nasframe.studies.former_names import load_census as load_census
    from nasframe.studies.grid_sweep import sweep as sweep
    from nasframe.studies.loop_comparison import SEARCHES as SEARCHES
    from nasframe.studies.loop_comparison import compare_on_table as compare_on_table
    from nasframe.studies.preload import PRELOAD as PRELOAD
    from nasframe.studies.resuming import resume_study as resume_study
    from nasframe.studies.tabulation import NETWORKS as NETWORKS
    from nasframe.studies.tabulation import tabulate as tabulate

_MODULES = {
    "NETWORKS": "nasframe.studies.tabulation",
    "PRELOAD": "nasframe.studies.preload",
    "SEARCHES": "nasframe.studies.loop_comparison",
    "is_axis": "nasframe.studies.axes",
    "compare": "nasframe.studies.comparison",
    "compare_on_table": "nasframe.studies.loop_comparison",
    "default_folder": "nasframe.studies.default_place",
    "resume_study": "nasframe.studies.resuming",
    "sweep": "nasframe.studies.grid_sweep",
    "tabulate": "nasframe.studies.tabulation",
    **dict.fromkeys(("census", "load_census"), "nasframe.studies.former_names"),
}

__all__ = [*_MODULES]
__getattr__ = lazy_page(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
