"""Tables of the truth, which the field calls tabular benchmarks: read, asked, and described in numbers.

The names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from nasframe.tables.additions import ADDITIONS as ADDITIONS
    from nasframe.tables.additions import add_entry as add_entry
    from nasframe.tables.bootstrap import standard_error as standard_error
    from nasframe.tables.comparable import differences as differences
    from nasframe.tables.comparable import names_used as names_used
    from nasframe.tables.comparable import origin_of as origin_of
    from nasframe.tables.document import TABLE_FILE as TABLE_FILE
    from nasframe.tables.document import TABLE_FORMAT as TABLE_FORMAT
    from nasframe.tables.document import entry_of_trainings as entry_of_trainings
    from nasframe.tables.document import entry_values as entry_values
    from nasframe.tables.document import save_table as save_table
    from nasframe.tables.document import write_document as write_document
    from nasframe.tables.entry import TableEntry as TableEntry
    from nasframe.tables.entry import TableTraining as TableTraining
    from nasframe.tables.facts import NOISE_RULE as NOISE_RULE
    from nasframe.tables.facts import SHARE_RULE as SHARE_RULE
    from nasframe.tables.facts import RandomSearch as RandomSearch
    from nasframe.tables.facts import TableFacts as TableFacts
    from nasframe.tables.facts import facts_of as facts_of
    from nasframe.tables.facts import least_of_top as least_of_top
    from nasframe.tables.facts import random_search as random_search
    from nasframe.tables.loading import is_table as is_table
    from nasframe.tables.loading import load_table as load_table
    from nasframe.tables.older_folder import OLDER_FILES as OLDER_FILES
    from nasframe.tables.older_folder import TABLE_NAMES as TABLE_NAMES
    from nasframe.tables.table import TabularBenchmark as TabularBenchmark

_MODULES = {
    **dict.fromkeys(("ADDITIONS", "add_entry"), "nasframe.tables.additions"),
    "standard_error": "nasframe.tables.bootstrap",
    **dict.fromkeys(
        ("TABLE_FILE", "TABLE_FORMAT", "entry_of_trainings", "entry_values", "save_table", "write_document"),
        "nasframe.tables.document",
    ),
    **dict.fromkeys(
        (
            *("NOISE_RULE", "SHARE_RULE", "RandomSearch", "TableFacts"),
            *("facts_of", "least_of_top", "random_search"),
        ),
        "nasframe.tables.facts",
    ),
    **dict.fromkeys(("is_table", "load_table"), "nasframe.tables.loading"),
    **dict.fromkeys(("OLDER_FILES", "TABLE_NAMES"), "nasframe.tables.older_folder"),
    **dict.fromkeys(("differences", "names_used", "origin_of"), "nasframe.tables.comparable"),
    **dict.fromkeys(("TableEntry", "TableTraining"), "nasframe.tables.entry"),
    "TabularBenchmark": "nasframe.tables.table",
}

__all__ = [*_MODULES]
__getattr__ = lazy_page(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
