"""The picture of a run's architecture."""

from __future__ import annotations

from nasframe import render
from nasframe.errors import RenderError
from nasframe.runs import Run
from nasframe.runtime import Progress
from nasframe.space import Architecture

__all__ = ["save_picture"]


def save_picture(run: Run, architecture: Architecture, progress: Progress) -> None:
    """The DOT file always, the SVG where there is a renderer; a missing one never fails a search."""
    drawing = render.draw(architecture)
    try:
        drawing.save(run.path / "architecture.svg")
    except RenderError as error:
        progress.say(f"draw: {error}; {run.path / 'architecture.dot'} is kept")
    drawing.save(run.path / "architecture.dot")
