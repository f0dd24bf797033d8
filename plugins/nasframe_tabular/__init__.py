"""Four real tasks that can be had everywhere, `htad`, `mfeat`, `av_digits` and `mnist1d`, and tables.

The data of the first three lie in wheels of the package index, which are read and never installed; that of
the fourth is made by the package mnist1d. docs/tabular-tasks.md describes them.

Importing this package imports no torch: its hook registers names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nasframe import hookimpl

if TYPE_CHECKING:
    from cyclopts import App

__all__: list[str] = []

NASFRAME_EXTRA = "tabular"

_SUFFIX = ".json.xz"


@hookimpl
def register_tasks() -> dict[str, str]:
    return {
        "htad": "nasframe_tabular.tasks.htad:HomeActivities",
        "mfeat": "nasframe_tabular.tasks.mfeat:MultipleFeatures",
        "av_digits": "nasframe_tabular.tasks.av_digits:AudioVisualDigits",
        "mnist1d": "nasframe_tabular.tasks.mnist1d:Mnist1D",
        "nas_bench_graph": "nasframe_tabular.graph_bench.task:NASBenchGraphTask",
    }


@hookimpl
def register_search_spaces() -> dict[str, str]:
    return {"nas_bench_graph": "nasframe_tabular.graph_bench.space:NASBenchGraph"}


@hookimpl
def register_operations() -> dict[str, str]:
    place = "nasframe_tabular.graph_bench.operations"
    return {
        "gnn_gat": f"{place}:Gat",
        "gnn_gcn": f"{place}:Gcn",
        "gnn_gin": f"{place}:Gin",
        "gnn_cheb": f"{place}:Cheb",
        "gnn_sage": f"{place}:Sage",
        "gnn_arma": f"{place}:Arma",
        "gnn_graph": f"{place}:KGraph",
        "gnn_fc": f"{place}:FullyConnected",
        "gnn_output": f"{place}:GraphOutput",
    }


@hookimpl
def register_commands(app: App) -> None:
    from nasframe_tabular.commands import graph_bench

    app.command(graph_bench, name="graph-bench")


@hookimpl
def register_tables() -> dict[str, Path]:
    """Return the tables that `benchmarks/tables.py` has made."""
    folder = Path(__file__).parent / "tables"
    return {file.name.removesuffix(_SUFFIX): file for file in sorted(folder.glob(f"*{_SUFFIX}"))}
