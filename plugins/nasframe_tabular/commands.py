"""The command `nasframe graph-bench`. Heavy imports are inside it."""

from __future__ import annotations

from pathlib import Path

from nasframe.runtime import counted

__all__ = ["graph_bench"]


def graph_bench(data_set: str, /, *, out: Path, data: Path | None = None) -> None:
    """Write a table of NAS-Bench-Graph, the truth of 26,206 graph neural networks, as one of nasframe's.

    Its wheel is fetched once from the package index and checked; nothing of it is installed or run.

    Parameters
    ----------
    data_set
        cora, citeseer, pubmed, cs, physics, photo, computers, arxiv or proteins.
    out
        A new or empty folder.
    data
        Your copy of the wheel. [default: the one in the cache, else in the package index]
    """
    from nasframe.runtime import make_progress, print_text, visible
    from nasframe_tabular.graph_bench import convert

    table = convert(data_set, out, source=data, progress=make_progress())
    print_text(
        visible(f"{counted(len(table), 'network')} in {out}; `nasframe tables {out}` prints their facts")
    )
