"""Four real tasks that can be had everywhere: `htad`, `mfeat`, `av_digits` and `mnist1d`.

The data of the first three lie in wheels of the package index, which are read and never installed; that of
the fourth is made by the package mnist1d. docs/tabular-tasks.md describes them.

Importing this package imports no torch: its hook registers names.
"""

from __future__ import annotations

from nasframe import hookimpl

__all__: list[str] = []

NASFRAME_EXTRA = "tabular"


@hookimpl
def register_tasks() -> dict[str, str]:
    return {
        "htad": "nasframe_tabular.tasks.htad:HomeActivities",
        "mfeat": "nasframe_tabular.tasks.mfeat:MultipleFeatures",
        "av_digits": "nasframe_tabular.tasks.av_digits:AudioVisualDigits",
        "mnist1d": "nasframe_tabular.tasks.mnist1d:Mnist1D",
    }
