"""Pictures of architectures, from any place where one lies; and the picture that a run keeps."""

from __future__ import annotations

from pathlib import Path

from nasframe import render
from nasframe.display import format_value
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
    drawing = render.draw(architecture, measured=True)
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
    title: str | None = None,
    measured: bool = False,
) -> Drawing:
    """Draw an architecture, or two; a notebook shows the result. See `Drawing.save` to write a file.

    Args:
        where: the architecture, or where it is found.
        other: draw this one beside it, with what differs marked in both; the text lists the differences.
        against: draw the first one alone, with what differs from this one marked.
        titles: of both, with `other`; by default A and B.
        title: of one; by default the space, the fingerprint, and of an evaluated run its objective on the
            test split. An empty one leaves it out.
        measured: show shapes and parameters to those who point at a node of one. It takes a moment.

    Raises:
        TypeError: `other` and `against` together, titles without `other`, or a title with it.
    """
    if other is not None and against is not None:
        raise TypeError("draw: give the second architecture either as other or as against, not as both")
    if other is not None:
        if title is not None:
            raise TypeError("draw: two architectures have titles, a name for each, and no title")
        return render.draw_pair(_architecture(where), _architecture(other), titles)
    if titles is not None:
        raise TypeError("draw: titles are for two architectures, and there is one")
    architecture = _architecture(where)
    return render.draw(
        architecture,
        against=None if against is None else _architecture(against),
        title=_with_score(where, architecture) if title is None else title,
        measured=measured,
    )


def _with_score(where: Drawn, architecture: Architecture) -> str:
    """Return the title of a drawing: that of the architecture, with the score of an evaluated run."""
    title = render.title_of(architecture)
    run = where if isinstance(where, Run) else _run_at(where)
    test = (run.test or {}) if run is not None else {}
    objective = str(test.get("objective"))
    value = test.get(objective)
    return f"{title}: {objective} {format_value(value)}, test" if isinstance(value, float) else title


def _run_at(where: Drawn) -> Run | None:
    if not isinstance(where, str | Path):
        return None
    try:
        return Run.open(Path(where)) if Path(where, "run.json").is_file() else None
    except (OSError, ValueError):  # the text of a genotype is no path
        return None


def _architecture(where: Drawn) -> Architecture:
    return where.architecture if isinstance(where, SearchResult) else load_architecture(where)
