"""A clip's file becomes windows of its shots, each with the square of a face, or reasons why it does not."""

from __future__ import annotations

from nasframe_audiovisual.windows.excerpts import Excerpt, LeftOut
from nasframe_audiovisual.windows.footage import Footage, WindowPlace, read_footage
from nasframe_audiovisual.windows.reading import first_window, read_windows
from nasframe_audiovisual.windows.recording import Recording
from nasframe_audiovisual.windows.refusal import NothingUsedError, nothing_used
from nasframe_audiovisual.windows.window import Window

__all__ = [
    "Excerpt",
    "Footage",
    "LeftOut",
    "NothingUsedError",
    "Recording",
    "Window",
    "WindowPlace",
    "first_window",
    "nothing_used",
    "read_footage",
    "read_windows",
]
