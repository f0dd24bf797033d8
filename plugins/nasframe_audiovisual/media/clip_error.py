"""The error of a clip that cannot be used: in words for a reader, and one stable word for a script."""

from __future__ import annotations

from pathlib import Path

from nasframe.errors import DataError

__all__ = ["REASONS", "ClipError"]

REASONS = {
    # the file
    "not-a-file": "there is no such file, or it is a folder, a pipe or a device",
    "empty": "the file holds nothing",
    "unreadable": "the system does not let us read the file",
    "other-files": "the file is a list of other files, such as a playlist",
    "damaged": "the file is damaged, truncated, or no video at all",
    # its streams
    "no-video": "there is no video, or only a cover picture",
    "no-sound": "there is no sound",
    "unknown-codec": "a stream has a codec that cannot be decoded here",
    "too-large": "the pictures have more pixels than are decoded here",
    "time-stamps": "the time stamps jump, so that nothing can be placed in time",
    "bad-samples": "the sound holds samples that are no number, or far beyond full scale",
    "badly-interleaved": "the sound lies far from its pictures in the file",
    # its windows
    "no-pictures": "there is sound without pictures",
    "no-overlap": "pictures and sound do not overlap for a window",
    "too-short": "shorter than a window",
    "no-face": "no face was found",
    "several-faces": "several faces are in the picture",
    "silence": "its sound is digital silence",
    "black": "its pictures are black",
    "frozen": "its pictures do not move",
}
"""The words for scripts that `ClipError.reason` and `LeftOut.reason` may be → the same in words."""


class ClipError(DataError):
    """A clip that cannot be used. The text is the path of the file and the message.

    Args:
        path: of the file.
        message: in words, for a user who knows the file.
        reason: one of `REASONS`, for scripts; it stays the same when the message changes.
    """

    def __init__(self, path: Path, message: str, reason: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path, self.message, self.reason = path, message, reason

    def __reduce__(self) -> tuple[type[ClipError], tuple[Path, str, str]]:
        return type(self), (self.path, self.message, self.reason)
