"""Clips of the same content, whatever they are called and whosever they are."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

from nasframe.jobs import in_order
from nasframe_audiovisual import (
    CLIP_PATIENCE,
    FaceSettings,
    Window,
    first_window,
    joined_groups,
    same_contents,
)
from nasframe_deepfake.datasets import Clip, Listing

__all__ = [
    "are_usable",
    "contents_of_both",
    "contents_of_files",
    "contents_of_streams",
    "contents_to_decode",
    "repeated",
    "under_several_people",
]


def contents_of_files(listing: Listing) -> tuple[str, ...]:
    """Return the content of each clip: the name of the first one whose files hold the same bytes."""
    paths = [path for clip in listing.clips for path in (clip.path, clip.sound_file) if path]
    same = same_contents(listing.root, [*dict.fromkeys(paths)])
    same[""] = ""
    found = {clip.name: (same[clip.path], same[clip.sound_file]) for clip in listing.clips}
    first: dict[tuple[str, str], str] = {}
    for name in sorted(found):
        first.setdefault(found[name], name)
    return tuple(first[found[clip.name]] for clip in listing.clips)


def contents_to_decode(
    listing: Listing, window: Window, faces: FaceSettings, workers: int
) -> tuple[str, ...]:
    """Return the content of each clip as far as it is known before all are decoded.

    Many files may hold the same words of an error, or the same pointer to where a clip lies. That is no
    content: of each that stands under several people, one clip is decoded.
    """
    contents = contents_of_files(listing)
    common = under_several_people(listing.clips, contents)
    if not common:
        return contents
    clip_of = {clip.name: clip for clip in listing.clips}
    usable = are_usable(listing.root, [clip_of[name] for name in common], window, faces, workers)
    unusable = {name for name, is_usable in zip(common, usable, strict=True) if not is_usable}
    return tuple(
        clip.name if content in unusable else content
        for clip, content in zip(listing.clips, contents, strict=True)
    )


def are_usable(
    root: Path, clips: Sequence[Clip], window: Window, faces: FaceSettings, workers: int
) -> Generator[bool, None, None]:
    """Yield for each clip whether the part of it that is used can be decoded and shows something to judge.

    Args:
        root: folder of the clips.
        clips: to look at.
        window, faces: with which they will be prepared.
        workers: processes; 0: one for each core. With 1 it is this process.

    Raises:
        DataError: the faces' model cannot be used.
    """
    work = functools.partial(_is_usable, root, window, faces)
    yield from in_order(work, clips, workers, lost=_lost, patience=CLIP_PATIENCE)


def _is_usable(root: Path, window: Window, faces: FaceSettings, clip: Clip) -> bool:
    detector, sound_file = faces.make(), root / clip.sound_file if clip.sound_file else None
    try:
        first_window(root / clip.path, window, detector, sound_file, clip.lying)
    except Exception:  # a ClipError, or what nobody has foreseen of one clip: the decoding will name it
        return False
    return True


def _lost(clip: Clip, end: str) -> bool:
    """Return what is said of a clip at which processes died or hung: the decoding will name it."""
    return False


def under_several_people(clips: Sequence[Clip], contents: Sequence[str]) -> list[str]:
    """Return the contents that clips of several sources have."""
    pairs = {(content, clip.source) for clip, content in zip(clips, contents, strict=True)}
    return sorted(
        content for content, people in Counter(content for content, _ in pairs).items() if people > 1
    )


def contents_of_streams(rows: Mapping[str, tuple[int, int]], paths: Sequence[str]) -> tuple[str, ...]:
    """Return the content of each clip: the name of the first one with the same pictures and the same sound.

    Files of the same bytes have the same of both. So may a file in another container.

    Args:
        rows: name of a clip → the rows of its pictures and of its sound, which equal streams share.
        paths: names of the clips.
    """
    first: dict[tuple[int, int], str] = {}
    return tuple(first.setdefault(rows[path], path) for path in paths)


def contents_of_both(streams: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    """Return the content of each clip, the same for those that have one by their streams or by their files.

    Files of the same bytes have other pictures where one set says that they lie on their side and one does
    not.

    Args:
        streams: content of each clip as `contents_of_streams` returns it, the name of one of them.
        files: likewise, as `contents_of_files` does.
    """
    first: dict[str, str] = {}
    links = [(first.setdefault(of_files, content),) for content, of_files in zip(streams, files, strict=True)]
    joined = joined_groups(streams, links)
    # by the first, which is the name that it has where files tell nothing more
    named: dict[str, str] = {}
    return tuple(named.setdefault(joined[content], content) for content in streams)


def repeated(paths: Sequence[str], contents: Sequence[str]) -> list[list[str]]:
    """Return the paths of each content that several clips have."""
    of_content: dict[str, list[str]] = defaultdict(list)
    for path, content in zip(paths, contents, strict=True):
        of_content[content].append(path)
    return [found for found in of_content.values() if len(found) > 1]
