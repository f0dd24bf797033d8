"""A synthesised data set in FakeAVCeleb's layout: clips in folders, and `meta_data.csv`."""

from __future__ import annotations

import functools
from pathlib import Path

from attrs import field, frozen, validators

from nasframe.errors import DataError
from nasframe.jobs import in_order
from nasframe.runtime import Progress, counted, write_text
from nasframe_audiovisual import DISK_BLOCK, keep_freed_memory, require_space, size_on_disk
from nasframe_deepfake.datasets import (
    DESYNC,
    FAKE_BOTH,
    FAKE_PICTURE,
    FAKE_VOICE,
    GENUINE,
    PAIRING,
    SYNTHETIC_MARK,
)
from nasframe_deepfake.synthesis.identity import make_identity
from nasframe_deepfake.synthesis.mp4 import file_size, write_mp4
from nasframe_deepfake.synthesis.session import Clip, ClipShape, Session, session_roles
from nasframe_deepfake.synthesis.voice import RATE

__all__ = ["HEADER", "Corpus", "MetadataRow", "write_corpus"]

HEADER = "source,target1,target2,method,category,type,race,gender,path,"

_MARK = (
    "These clips were synthesised by nasframe. A detector trained on them says nothing about real fakes.\n"
)

_METHODS = {
    GENUINE: "real",
    FAKE_VOICE: "griffinlim",
    FAKE_PICTURE: "selfblend",
    FAKE_BOTH: "selfblend-griffinlim",
    PAIRING: DESYNC,
}


@frozen
class Corpus:
    """The settings of a synthesised data set.

    Attributes:
        clips: number of clips; of every five 2 are genuine, 1 is a false pairing, and 2 have an altered
            picture, voice or both.
        seed: decides every bit of every file.
        identities: number of people; None: one for every session.
        shape: of every clip.
        pairings: false pairings in a session; with 2 every third clip is one.
    """

    clips: int = field(default=40, validator=validators.ge(5))
    seed: int = field(default=0, validator=validators.ge(0))
    identities: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    shape: ClipShape = field(factory=ClipShape)
    pairings: int = field(default=1, validator=validators.in_((1, 2)))

    @property
    def session_size(self) -> int:
        """Number of clips in a session; the last session may have fewer."""
        return len(session_roles(self.pairings))

    @property
    def sessions(self) -> int:
        """Number of sessions."""
        return -(-self.clips // self.session_size)

    @property
    def bytes_needed(self) -> int:
        """Disk space for the set: the clips, their folders (up to four for each session) and the table."""
        shape = self.shape
        clip = file_size(shape.size, round(shape.seconds * shape.rate), round(shape.seconds * RATE))
        return self.clips * (size_on_disk(clip) + 256) + (4 * self.sessions + 256) * DISK_BLOCK


@frozen
class MetadataRow:
    """One line of `meta_data.csv`; `file` is the file's name and `folder` its folder under the root."""

    source: str
    target1: str
    target2: str
    method: str
    letter: str
    type: str
    race: str
    gender: str
    file: str

    @property
    def folder(self) -> str:
        return f"{self.type}/{self.race}/{self.gender}/{self.source}"

    @property
    def line(self) -> str:
        named = (self.source, self.target1, self.target2, self.method, self.letter, self.type)
        return ",".join((*named, self.race, self.gender, self.file, f"FakeAVCeleb/{self.folder}"))


def write_corpus(out: Path, corpus: Corpus, workers: int, progress: Progress) -> list[MetadataRow]:
    """Write the clips of `corpus` to `out`, then `meta_data.csv`, and return the rows of that table.

    Args:
        out: root of the data set, an empty or missing folder.
        corpus: settings of the data set.
        workers: processes; the files do not depend on their number.
        progress: shows the finished clips.

    Raises:
        DataError: `out` is not empty, or the disk is too full.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} is not an empty folder; clips are synthesised into a new or empty one only")
    require_space(out, corpus.bytes_needed, counted(corpus.clips, "clip"))
    out.mkdir(parents=True, exist_ok=True)
    make = functools.partial(_write_session, out, corpus)
    rows: list[MetadataRow] = []
    with progress.task("synthesize", corpus.clips) as advance:
        sessions = range(corpus.sessions)
        for made in in_order(make, sessions, workers, least=4, initializer=keep_freed_memory):
            rows += made
            advance(len(made))
    rows.sort(key=lambda row: (row.letter, row.source, row.file))
    write_text(out / SYNTHETIC_MARK, _MARK)
    write_text(out / "meta_data.csv", "".join(f"{line}\n" for line in (HEADER, *(row.line for row in rows))))
    return rows


def _write_session(out: Path, corpus: Corpus, number: int) -> list[MetadataRow]:
    people = corpus.identities or corpus.sessions
    identity = make_identity(corpus.seed, number % people + 1)
    session = Session(identity, corpus.shape, corpus.seed, number, corpus.pairings)
    # Over all sessions of a person, genuine clips have consecutive numbers.
    before = 2 * (number // people)
    rows = []
    for place, clip in enumerate(
        session.clips(min(corpus.session_size, corpus.clips - number * corpus.session_size))
    ):
        method, paired = _METHODS[clip.category], clip.category.false_pairing
        row = MetadataRow(
            source=identity.name,
            target1=identity.name if paired else "-",
            target2=str(before + clip.sound) if paired else "-",
            method=method,
            letter=clip.category.letter,
            type=clip.category.type,
            race=identity.race,
            gender=identity.gender,
            file=_file_name(clip, method, before, place),
        )
        write_mp4(out / row.folder / row.file, clip.frames, corpus.shape.rate, clip.samples, RATE)
        rows.append(row)
    return rows


def _file_name(clip: Clip, method: str, before: int, place: int) -> str:
    picture = f"{before + clip.picture:05d}"
    if not clip.category.fake:
        return f"{picture}.mp4"
    if clip.category.false_pairing:
        return f"{picture}_{before + clip.sound}_{method}.mp4"
    return f"{picture}_{place}_{method}.mp4"
