"""The picture of a run's architecture."""

from __future__ import annotations

from nasframe import render
from nasframe.architecture import Architecture
from nasframe.errors import RenderError
from nasframe.progress import Progress
from nasframe.run import Run

__all__ = ["save_picture"]


def save_picture(run: Run, architecture: Architecture, progress: Progress) -> None:
    """The DOT file always, the SVG where there is a renderer; a missing one never fails a search."""
    drawing = render.draw(architecture)
    try:
        drawing.save(run.path / "architecture.svg")
    except RenderError as error:
        progress.say(f"draw: {error}; {run.path / 'architecture.dot'} is kept")
    drawing.save(run.path / "architecture.dot")
