"""Pictures of architectures, from any place where one lies; and the picture that a run keeps."""

from __future__ import annotations

from pathlib import Path

from nasframe import render
from nasframe.errors import RenderError
from nasframe.pipeline.loading import load_architecture
from nasframe.pipeline.search_result import SearchResult
from nasframe.render import Drawing
from nasframe.runs import Run
from nasframe.runtime import Progress
from nasframe.space import Architecture

__all__ = ["draw", "save_picture"]

Drawn = Architecture | SearchResult | Run | str | Path


def save_picture(run: Run, architecture: Architecture, progress: Progress) -> None:
    """Write the DOT file, and the SVG where there is a renderer; a missing renderer never fails a search."""
    drawing = render.draw(architecture)
    try:
        drawing.save(run.path / "architecture.svg")
    except RenderError as error:
        progress.warn(f"draw: {error}; {run.path / 'architecture.dot'} is kept")
    drawing.save(run.path / "architecture.dot")


def draw(
    where: Drawn,
    other: Drawn | None = None,
    *,
    against: Drawn | None = None,
    titles: tuple[str, str] | None = None,
) -> Drawing:
    """Draw an architecture, or two; a notebook shows the result. See `Drawing.save` to write a file.

    Args:
        where: the architecture, or where it is found.
        other: draw this one beside it, with what differs marked in both; the text lists the differences.
        against: draw the first one alone, with what differs from this one marked.
        titles: of both, with `other`; by default A and B.

    Raises:
        TypeError: `other` and `against` together, or titles without `other`.
    """
    if other is not None and against is not None:
        raise TypeError("draw: give the second architecture either as other or as against, not as both")
    if other is not None:
        return render.draw_pair(_architecture(where), _architecture(other), titles)
    if titles is not None:
        raise TypeError("draw: titles are for two architectures, and there is one")
    return render.draw(_architecture(where), against=None if against is None else _architecture(against))


def _architecture(where: Drawn) -> Architecture:
    return where.architecture if isinstance(where, SearchResult) else load_architecture(where)
