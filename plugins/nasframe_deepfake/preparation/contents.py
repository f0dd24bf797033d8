"""Which clips have the same content, whatever they are called and whosever they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from nasframe_audiovisual import same_contents
from nasframe_deepfake.datasets import Listing

__all__ = ["contents_of_files", "contents_of_streams", "repeated"]


def contents_of_files(listing: Listing) -> tuple[str, ...]:
    """Return the content of each clip: the path of the first one whose file holds the same bytes."""
    paths = [clip.path for clip in listing.clips]
    same = same_contents(listing.root, paths)
    return tuple(same[path] for path in paths)


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
