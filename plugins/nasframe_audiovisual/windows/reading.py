"""A clip read from its start to its end, and once more upside down where no face was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import numpy as np

from nasframe.runtime import Cancellation
from nasframe_audiovisual.faces import NO_FACE, FaceDetector
from nasframe_audiovisual.media import AS_STORED, Orientation, Picture, Sound, play, play_apart
from nasframe_audiovisual.windows.assembling import Assembler
from nasframe_audiovisual.windows.excerpts import Excerpt, LeftOut
from nasframe_audiovisual.windows.lying import turn_of_lying
from nasframe_audiovisual.windows.refusal import nothing_used
from nasframe_audiovisual.windows.window import Window

__all__ = ["first_window", "read_windows"]


def read_windows(
    path: Path,
    window: Window,
    detector: FaceDetector,
    cancellation: Cancellation | None = None,
    sound_file: Path | None = None,
    lying: bool = False,
) -> Iterator[Excerpt | LeftOut]:
    """Yield the windows of a clip in order of time, and the parts that are left out.

    Each shot has windows that begin every half window, and one that ends with it. None spans a cut. The first
    begins `trim` seconds after the first picture, or where the sound begins, if that is later. Memory does
    not grow with the length.

    The clip is decoded once. One in which no face is found is decoded once more, with its pictures upside
    down, as some cameras hang.

    Args:
        path: of the clip.
        window: the length of the windows, and their pictures.
        detector: finds the faces.
        cancellation: is looked at before every picture.
        sound_file: the file of its sound, where that is another one; see `play_apart`.
        lying: whether its pictures are stored on their side, unless the container says how they are turned;
            see `turn_of_lying`.

    Raises:
        ClipError: the file cannot be decoded. It may come after some windows, where the damage is.
        concurrent.futures.CancelledError: nobody waits for the windows any more.
    """
    cancellation = cancellation or Cancellation()
    left_out: list[LeftOut] = []
    unsaid = turn_of_lying(path, detector) if lying else AS_STORED
    for upside_down in (False, True):
        waiting: list[LeftOut] | None = []
        for part in _read(path, sound_file, window, detector, unsaid, upside_down, cancellation):
            if waiting is not None and isinstance(part, LeftOut):
                waiting.append(part)
                continue
            yield from waiting or ()
            waiting = None
            yield part
        if waiting is None:
            return
        left_out = left_out or waiting
        if not any(part.reason == NO_FACE for part in waiting):
            break
    yield from left_out


def first_window(
    path: Path,
    window: Window,
    detector: FaceDetector,
    sound_file: Path | None = None,
    lying: bool = False,
) -> Excerpt:
    """Return the first window of a clip that can be judged; see `read_windows`.

    Raises:
        ClipError: the file cannot be decoded, or has none; see `nothing_used`.
    """
    left_out = []
    for part in read_windows(path, window, detector, sound_file=sound_file, lying=lying):
        if isinstance(part, Excerpt):
            return part
        left_out.append(part)
    raise nothing_used(path, left_out)


def _read(
    path: Path,
    sound_file: Path | None,
    window: Window,
    detector: FaceDetector,
    unsaid: Orientation,
    upside_down: bool,
    cancellation: Cancellation,
) -> Iterator[Excerpt | LeftOut]:
    """Yield the windows of a clip and the parts that are left out, of its pictures one way up."""
    assembler = Assembler(path, window, detector)
    first, step = window.trim + window.step / 2, window.step
    if sound_file is None:
        parts = play(path, first, step, unsaid=unsaid)
    else:
        parts = play_apart(path, sound_file, first, step, unsaid=unsaid)
    for part in parts:
        cancellation.check()
        if isinstance(part, Sound):
            found = assembler.hear(part)
        else:
            found = assembler.see(_turned(part) if upside_down else part)
        yield from _marked(found, upside_down)
    yield from _marked(assembler.finish(), upside_down)


def _turned(picture: Picture) -> Picture:
    return Picture(picture.moment, np.ascontiguousarray(picture.pixels[::-1, ::-1]))


def _marked(parts: Iterator[Excerpt | LeftOut], upside_down: bool) -> Iterator[Excerpt | LeftOut]:
    for part in parts:
        yield attrs.evolve(part, upside_down=True) if upside_down and isinstance(part, Excerpt) else part
