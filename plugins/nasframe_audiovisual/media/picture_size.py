"""The largest picture that is decoded, checked before a decoder asks for its memory."""

from __future__ import annotations

from pathlib import Path

from av.video.stream import VideoStream

from nasframe_audiovisual.media.clip_error import ClipError

__all__ = ["DECODER_OPTIONS", "check_size", "without_size"]

MOST_PIXELS = 8192 * 4320
"""Pixels of the largest picture: 8K of both kinds. A decoder holds up to some twenty pictures."""

DECODER_OPTIONS = {"max_pixels": str(MOST_PIXELS)}
"""Options by which a decoder refuses a larger picture, too, where the container says another size."""


def check_size(path: Path, video: VideoStream) -> None:
    """Raise where the pictures of a stream are too large.

    Raises:
        ClipError: they have more than `MOST_PIXELS` pixels.
    """
    if video.width * video.height > MOST_PIXELS:
        raise _too_large(path, f"its pictures have {video.width}x{video.height} pixels")


def without_size(path: Path) -> ClipError:
    """Return the error for pictures that a decoder refused, and of which it told no size."""
    return _too_large(path, "its pictures have too many pixels, or a damaged size")


def _too_large(path: Path, found: str) -> ClipError:
    return ClipError(path, f"{found}; expected at most {MOST_PIXELS} pixels, as 8192x4320 has", "too-large")
