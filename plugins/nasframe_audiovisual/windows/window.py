"""The length of the windows of a clip, and their pictures."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Window"]


@frozen
class Window:
    """The length of the windows of a clip, and the number and size of their pictures.

    Attributes:
        trim: seconds left out at the start of both streams. Clips of one origin often begin alike, for
            example with silence; a network would learn that instead of its task.
        seconds: length of a window.
        frames: number of its pictures, taken at even intervals.
        size: height and width of a picture in pixels.
    """

    trim: float = 0.2
    seconds: float = 1.6
    frames: int = 16
    size: int = 64

    @property
    def step(self) -> float:
        """Seconds between two pictures."""
        return self.seconds / self.frames
