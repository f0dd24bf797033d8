"""Studies of many runs of one experiment: comparisons, sweeps, and the census of a space.

The names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from nasframe.studies.axes import is_axis as is_axis
    from nasframe.studies.census_study import census as census
    from nasframe.studies.census_table import load_census as load_census
    from nasframe.studies.comparison_study import compare as compare
    from nasframe.studies.preload import PRELOAD as PRELOAD
    from nasframe.studies.sweep_study import sweep as sweep

_MODULES = {
    "PRELOAD": "nasframe.studies.preload",
    "is_axis": "nasframe.studies.axes",
    "census": "nasframe.studies.census_study",
    "load_census": "nasframe.studies.census_table",
    "compare": "nasframe.studies.comparison_study",
    "sweep": "nasframe.studies.sweep_study",
}

__all__ = [*_MODULES]
__getattr__ = lazy_page(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
