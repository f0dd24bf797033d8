"""The window of a clip that is augmented, and how other windows of the clip are decoded."""

from __future__ import annotations

from pathlib import Path

import attrs
from attrs import field, frozen

from nasframe_audiovisual import (
    ClipError,
    Excerpt,
    FaceDetector,
    LeftOut,
    Recording,
    Window,
    first_window,
    nothing_used,
    read_windows,
)

__all__ = ["Original", "read_original"]

MOST_ROOM = 10.0
"""Seconds of a clip that are looked at behind its first window: films are hours long."""

SLACK = 0.064
"""Seconds by which the sound of a clip may end before its last window, which then ends in silence."""


@frozen
class Original:
    """The first window of a clip that can be judged.

    Attributes:
        path: of the clip, or of its pictures.
        window: whose `trim` is the second at which that window begins.
        detector: finds the faces.
        recording: the window, decoded.
        room: seconds behind it in which other windows can be judged, 10 at most.
        sound_file: the file of its sound, where that is another one.
        lying: whether its pictures are stored on their side, unless the container says how they are turned.
    """

    path: Path
    window: Window
    detector: FaceDetector = field(repr=False)
    recording: Recording = field(repr=False)
    room: float
    sound_file: Path | None = None
    lying: bool = False

    def at(self, window: Window) -> Recording:
        """Return another window of the clip, or the first one where there is none.

        One in which nothing can be judged, as where a face is gone, gives way to the next that can.
        """
        if window == self.window:
            return self.recording
        try:
            return first_window(self.path, window, self.detector, self.sound_file, self.lying).recording
        except ClipError:
            return self.recording


def read_original(
    path: Path, window: Window, detector: FaceDetector, sound_file: Path | None = None, lying: bool = False
) -> Original:
    """Return the first window of a clip that can be judged, and the room behind it; see `Original`.

    Raises:
        ClipError: the file cannot be decoded, or has no such window.
    """
    first: Excerpt | None = None
    end, left_out = 0.0, list[LeftOut]()
    for part in read_windows(path, window, detector, sound_file=sound_file, lying=lying):
        if isinstance(part, LeftOut):
            left_out.append(part)
            continue
        first, end = first or part, part.end
        if end >= first.end + MOST_ROOM:
            break
    if first is None:
        raise nothing_used(path, left_out)
    room = min(MOST_ROOM, max(0.0, end - first.end - SLACK))
    begun = attrs.evolve(window, trim=first.start)
    return Original(path, begun, detector, first.recording, room, sound_file, lying)
