"""The shortcuts that are looked for: facts of a file by which a detector could cheat."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from nasframe_audiovisual import FileFacts

__all__ = ["SHORTCUTS", "Shortcut"]


@frozen
class Shortcut:
    """One fact that is looked at alone.

    Attributes:
        name: in `audit.json`.
        title: for people, with its unit.
        number: of a file, None where it is not known; or None where the fact is a category.
        category: of a file, one text for each; or None where the fact is a number.
        in_window: True for what is measured in the window after the trim: what a detector of this task gets.
    """

    name: str
    title: str
    number: Callable[[FileFacts], float | None] | None = None
    category: Callable[[FileFacts], str] | None = None
    in_window: bool = False


def _resolution(facts: FileFacts) -> str:
    return f"{facts.width or '?'}x{facts.height or '?'}"


def _pixels(facts: FileFacts) -> float | None:
    return None if facts.width is None or facts.height is None else float(facts.width * facts.height)


SHORTCUTS = (
    Shortcut("leading_silence", "leading silence, s", number=lambda facts: facts.leading_silence),
    Shortcut("duration", "duration, s", number=lambda facts: facts.duration),
    Shortcut("loudness", "loudness, dB", number=lambda facts: facts.loudness),
    Shortcut("bit_rate", "bit rate, bit/s", number=lambda facts: facts.bit_rate),
    Shortcut("frame_rate", "frame rate, 1/s", number=lambda facts: facts.frame_rate),
    Shortcut("pixels", "pixels of a picture", number=_pixels),
    Shortcut("sample_rate", "sample rate, Hz", number=lambda facts: facts.sample_rate),
    Shortcut("resolution", "resolution", category=_resolution),
    Shortcut("container", "container", category=lambda facts: facts.container),
    Shortcut("codecs", "codecs", category=lambda facts: facts.codecs),
    Shortcut("encoder", "encoder tag", category=lambda facts: facts.encoder),
    Shortcut(
        "window_silence",
        "in the window: leading silence, s",
        number=lambda facts: facts.window_silence,
        in_window=True,
    ),
    Shortcut(
        "window_loudness",
        "in the window: loudness, dB",
        number=lambda facts: facts.window_loudness,
        in_window=True,
    ),
)
"""All of them, in the order of the report."""
