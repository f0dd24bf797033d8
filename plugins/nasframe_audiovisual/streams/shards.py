"""Clips that are decoded, some hundreds in a shard; a shard counts from the moment it is whole on the disk.

A shard has an array for each kind of stream, with the streams that no earlier clip has, and a document that
names its clips. The document is written last, and appears whole: a shard without one, or whose arrays do not
fit it, was cut short by a kill and is made again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from attrs import define, field

from nasframe.errors import DataError
from nasframe.runtime import Fields, Flag, Items, Text, flush_file, read_json, remove_path, write_json
from nasframe_audiovisual.clip_files import ClipFiles
from nasframe_audiovisual.sharded_rows import shard_file, write_shard_list
from nasframe_audiovisual.storage import RowWriter, open_rows
from nasframe_audiovisual.streams.decoding import DecodedClip

__all__ = ["KINDS", "SHARD", "Shards"]

SHARD = 256
"""Clips in a shard: so many, and no more, are decoded again after a kill."""

KINDS = {"pictures": "uint8", "sounds": "float32"}
"""The kinds of stream, in the order of a clip's digests and rows, with the type of their numbers."""

_FILE = re.compile(r"(shard-[0-9]{5}\.json|(pictures|sounds)-[0-9]{5}\.npy|streams\.json)")

# a clip has either the digests of its streams, or a reason
_CLIP = Fields({"path": Text()}, {"lying": Flag(), "pictures": Text(), "sounds": Text(), "reason": Text()})
_SHARD = Fields({"made_by": Text(), "clips": Items(_CLIP)})


@define
class Shards:
    """The shards in a folder.

    Attributes:
        folder: that is there.
        made_by: fingerprint of all options that the streams depend on. A shard of others does not count.
        done: number of clips in whole shards.
        rows: name of a clip → the rows of its pictures and of its sound.
        skipped: name of a clip that cannot be used → the reason.
        counts: kind → the number of rows in each shard.
    """

    folder: Path
    made_by: str
    done: int = field(init=False, default=0)
    rows: dict[str, tuple[int, int]] = field(init=False, factory=dict)
    skipped: dict[str, str] = field(init=False, factory=dict)
    counts: dict[str, list[int]] = field(init=False, factory=lambda: {kind: [] for kind in KINDS})
    _seen: dict[str, dict[bytes, int]] = field(init=False, factory=lambda: {kind: {} for kind in KINDS})

    def resume(self, clips: Sequence[ClipFiles]) -> None:
        """Take the shards that are whole and hold the first of these clips, and remove what else is there."""
        number = 0
        while self.done < len(clips) and self._take(number, clips[self.done : self.done + SHARD]):
            number += 1
        kept = {self._document(place).name for place in range(number)}
        kept |= {shard_file(self.folder, kind, place).name for kind in KINDS for place in range(number)}
        for path in [*self.folder.iterdir()]:
            if _FILE.fullmatch(path.name) and path.name not in kept:
                remove_path(path)

    def write(self, clips: Sequence[ClipFiles], results: Iterable[DecodedClip | str]) -> None:
        """Write the next shard: its arrays to the disk, then its document.

        Args:
            clips: of the shard.
            results: for each of them its streams, or the reason why there are none.
        """
        number = len(self.counts["pictures"])
        lines: list[dict[str, Any]] = []
        with ExitStack() as stack:
            writers = {
                kind: stack.enter_context(RowWriter(shard_file(self.folder, kind, number), dtype))
                for kind, dtype in KINDS.items()
            }
            fresh: dict[str, set[str]] = {kind: set() for kind in KINDS}
            for clip, result in zip(clips, results, strict=True):
                if isinstance(result, str):
                    lines.append({**_told(clip), "reason": result})
                    continue
                lines.append({**_told(clip), **result.digests})
                for kind, digest in result.digests.items():
                    if bytes.fromhex(digest) not in self._seen[kind] and digest not in fresh[kind]:
                        fresh[kind].add(digest)
                        writers[kind].append(result.streams[kind])
        for kind in KINDS:
            path = shard_file(self.folder, kind, number)
            if fresh[kind]:
                flush_file(path)
            else:
                path.unlink()
        write_json(self._document(number), {"made_by": self.made_by, "clips": lines})
        self._note(lines)

    def finish(self) -> None:
        """Write the list of the shards, by which the streams can be opened."""
        write_shard_list(self.folder, self.counts)

    def _document(self, number: int) -> Path:
        return self.folder / f"shard-{number:05}.json"

    def _take(self, number: int, clips: Sequence[ClipFiles]) -> bool:
        """Return True where the shard is whole and holds these clips; then it is noted."""
        try:
            found = read_json(self._document(number), _SHARD, DataError)
            lines: list[dict[str, Any]] = found["clips"]
            told = [{name: line[name] for name in ("path", "lying") if name in line} for line in lines]
            if found["made_by"] != self.made_by or told != [*map(_told, clips)]:
                return False
            for kind, fresh in self._fresh(lines).items():
                path = shard_file(self.folder, kind, number)
                if fresh and len(open_rows(path, KINDS[kind])) != len(fresh):
                    return False
        except (DataError, OSError, KeyError, ValueError):
            return False
        self._note(lines)
        return True

    def _fresh(self, lines: Sequence[dict[str, Any]]) -> dict[str, list[bytes]]:
        """Return for each kind the digests of the streams that no earlier clip has, in their order."""
        digests = {
            kind: dict.fromkeys(bytes.fromhex(line[kind]) for line in lines if "reason" not in line)
            for kind in KINDS
        }
        return {
            kind: [one for one in found if one not in self._seen[kind]] for kind, found in digests.items()
        }

    def _note(self, lines: Sequence[dict[str, Any]]) -> None:
        for kind, fresh in self._fresh(lines).items():
            seen = self._seen[kind]
            seen.update(zip(fresh, range(len(seen), len(seen) + len(fresh)), strict=True))
            self.counts[kind].append(len(fresh))
        for line in lines:
            if "reason" in line:
                self.skipped[line["path"]] = line["reason"]
            else:
                pictures, sounds = (self._seen[kind][bytes.fromhex(line[kind])] for kind in KINDS)
                self.rows[line["path"]] = pictures, sounds
        self.done += len(lines)


def _told(clip: ClipFiles) -> dict[str, Any]:
    """Return what a shard says of a clip beside its streams: its name, and `lying` where it is."""
    return {"path": clip.name, "lying": True} if clip.lying else {"path": clip.name}
