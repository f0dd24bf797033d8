"""Clips of the same content, whatever they are called and whosever they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from nasframe_audiovisual import FaceDetector, FaceSettings, Window, first_window, same_contents
from nasframe_deepfake.datasets import Clip, Listing

__all__ = [
    "contents_of_files",
    "contents_of_streams",
    "contents_to_decode",
    "repeated",
    "under_several_people",
]


def contents_of_files(listing: Listing) -> tuple[str, ...]:
    """Return the content of each clip: the path of the first one whose file holds the same bytes."""
    paths = [clip.path for clip in listing.clips]
    same = same_contents(listing.root, paths)
    return tuple(same[path] for path in paths)


def contents_to_decode(listing: Listing, window: Window, faces: FaceSettings) -> tuple[str, ...]:
    """Return the content of each clip as far as it is known before all are decoded.

    Many files may hold the same words of an error, or the same pointer to where a clip lies. That is no
    content: of each that stands under several people, one clip is decoded.
    """
    contents = contents_of_files(listing)
    common = under_several_people(listing.clips, contents)
    if not common:
        return contents
    detector = faces.make()
    unusable = {content for content in common if not _is_usable(listing.root / content, window, detector)}
    return tuple(
        clip.path if content in unusable else content
        for clip, content in zip(listing.clips, contents, strict=True)
    )


def _is_usable(path: Path, window: Window, detector: FaceDetector) -> bool:
    try:
        first_window(path, window, detector)
    except Exception:  # a ClipError, or what nobody has foreseen of one clip: the decoding will name it
        return False
    return True


def under_several_people(clips: Sequence[Clip], contents: Sequence[str]) -> list[str]:
    """Return the contents that clips of several sources have."""
    pairs = {(content, clip.source) for clip, content in zip(clips, contents, strict=True)}
    return sorted(
        content for content, people in Counter(content for content, _ in pairs).items() if people > 1
    )


def contents_of_streams(rows: Mapping[str, tuple[int, int]], paths: Sequence[str]) -> tuple[str, ...]:
    """Return the content of each clip: the path of the first one with the same pictures and the same sound.

    Files of the same bytes have the same of both. So may a file in another container.

    Args:
        rows: path of a clip → the rows of its pictures and of its sound, which equal streams share.
        paths: of the clips.
    """
    first: dict[tuple[int, int], str] = {}
    return tuple(first.setdefault(rows[path], path) for path in paths)


def repeated(paths: Sequence[str], contents: Sequence[str]) -> list[list[str]]:
    """Return the paths of each content that several clips have."""
    of_content: dict[str, list[str]] = defaultdict(list)
    for path, content in zip(paths, contents, strict=True):
        of_content[content].append(path)
    return [found for found in of_content.values() if len(found) > 1]
