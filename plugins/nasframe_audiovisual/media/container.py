"""Opening the file of a clip, and no other file.

FFmpeg takes a name for an address where it can: `cam1:0001.mp4` for a protocol, `a%d.png` for many files.
A text file may be a list of other files. So the file is opened here and handed over, and FFmpeg may open
nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import av
from av.container import InputContainer

from nasframe_audiovisual.media.clip_error import ClipError
from nasframe_audiovisual.media.picture_size import DECODER_OPTIONS

__all__ = ["opened"]

NO_PROTOCOL = "none"
"""The list of the protocols by which FFmpeg may open a file; no protocol has this name."""

LISTS = {
    b"ffconcat version": "an ffconcat list",
    b"#EXTM3U": "an HLS playlist",
    b"<MPD": "a DASH manifest",
    b"[playlist]": "a playlist",
    b"[Reference]": "a playlist",
    b"<asx": "a playlist",
    b"<smil": "a playlist",
    b"v=0\no=": "a description of a network session",
}
"""Text near the beginning of a file that names other files or addresses → its name."""


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open the file at `path` as a container; no other file is opened, whatever it holds.

    Raises:
        ClipError: it is no regular file, is empty, cannot be read, names other files, or is no container.
    """
    if path.is_dir():
        raise ClipError(path, "is a folder; expected a video file", "not-a-file")
    if not path.is_file():
        found = "is no regular file" if path.exists() else "there is no such file"
        raise ClipError(path, found, "not-a-file")
    with _file(path) as file:
        try:
            beginning = file.read(4096)
        except OSError as error:
            raise _unreadable(path, error) from error
        if not beginning:
            raise ClipError(path, "the file is empty", "empty")
        file.seek(0)
        if kind := _list_of_files(beginning):
            raise ClipError(path, f"is {kind}, which names other files; expected a video file", "other-files")
        # Tags need not be in UTF-8; they are not used. Pictures are decoded already to learn of a stream.
        with av.open(
            file,
            "r",
            options=DECODER_OPTIONS,
            metadata_errors="replace",
            container_options={"protocol_whitelist": NO_PROTOCOL},
        ) as container:
            yield container


def _file(path: Path) -> FileIO:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ClipError:
    return ClipError(path, f"cannot be read ({error.strerror})", "unreadable")


def _list_of_files(beginning: bytes) -> str:
    """Return the kind of list that a file begins like; "" for none."""
    if b"\0" in beginning:  # no text
        return ""
    text = beginning.lower().replace(b"\r\n", b"\n").removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((kind for mark, kind in LISTS.items() if _begins(text, mark.lower())), "")


def _begins(text: bytes, mark: bytes) -> bool:
    """Return True where a text begins with a mark, or has it in the first lines of its XML."""
    return text.startswith(mark) or (mark.startswith(b"<") and text.startswith(b"<?xml") and mark in text)
