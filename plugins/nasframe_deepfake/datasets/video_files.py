"""The endings by which files of a folder are taken for clips."""

from __future__ import annotations

from pathlib import PurePosixPath

__all__ = ["VIDEO_ENDINGS", "is_video"]

VIDEO_ENDINGS = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"),
    *(".3gp", ".flv", ".ogv", ".wmv", ".asf", ".nut"),
)


def is_video(path: str) -> bool:
    """Return True where a file is a clip by the ending of its name, in whatever case."""
    return PurePosixPath(path).suffix.lower() in VIDEO_ENDINGS
