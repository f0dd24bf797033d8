"""A clip's file becomes windows of its shots, each with the square of a face, or reasons why it does not."""

from __future__ import annotations

from nasframe_audiovisual.windows.excerpts import Excerpt, LeftOut
from nasframe_audiovisual.windows.reading import first_window, read_windows
from nasframe_audiovisual.windows.recording import Recording, Window
from nasframe_audiovisual.windows.refusal import nothing_used

__all__ = [
    "Excerpt",
    "LeftOut",
    "Recording",
    "Window",
    "first_window",
    "nothing_used",
    "read_windows",
]
