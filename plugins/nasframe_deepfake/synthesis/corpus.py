"""A whole set: sessions in worker processes, the FakeAVCeleb tree, and its `meta_data.csv`."""

from __future__ import annotations

import functools
from pathlib import Path

from attrs import field, frozen, validators

from nasframe.errors import DataError
from nasframe.runtime import Progress, write_text
from nasframe_deepfake.disk_space import DISK_BLOCK, require_space, size_on_disk
from nasframe_deepfake.synthesis.identity import make_identity
from nasframe_deepfake.synthesis.mp4 import file_size, write_mp4
from nasframe_deepfake.synthesis.session import Clip, ClipShape, Session, session_roles
from nasframe_deepfake.synthesis.voice import RATE
from nasframe_deepfake.workers import in_processes

__all__ = ["HEADER", "Corpus", "MetadataRow", "write_corpus"]

HEADER = "source,target1,target2,method,category,type,race,gender,path,"

_KINDS = {
    # kind: method, letter, folder. The first four folders are FakeAVCeleb's; a false pairing has its own.
    "RV-RA": ("real", "A", "RealVideo-RealAudio"),
    "RV-FA": ("griffinlim", "B", "RealVideo-FakeAudio"),
    "FV-RA": ("selfblend", "C", "FakeVideo-RealAudio"),
    "FV-FA": ("selfblend-griffinlim", "D", "FakeVideo-FakeAudio"),
    "pairing": ("desync", "E", "RealVideo-RealAudio-Desync"),
}


@frozen
class Corpus:
    """What to make.

    Attributes:
        clips: how many; of every five 2 are genuine, 1 is a false pairing, and 2 have an altered picture,
            voice or both.
        seed: decides every bit of every file.
        identities: people; None: one for every session.
        shape: of every clip.
        pairings: 2 for twice as many false pairings, one in three clips.
    """

    clips: int = field(default=40, validator=validators.ge(5))
    seed: int = field(default=0, validator=validators.ge(0))
    identities: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    shape: ClipShape = field(factory=ClipShape)
    pairings: int = field(default=1, validator=validators.in_((1, 2)))

    @property
    def session_size(self) -> int:
        """Clips a session; the last one may have fewer."""
        return len(session_roles(self.pairings))

    @property
    def sessions(self) -> int:
        """How many sessions there are."""
        return -(-self.clips // self.session_size)

    @property
    def bytes_needed(self) -> int:
        """Disk space for the set: the clips, their folders (up to four a session) and the table."""
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
    """Make the clips of `corpus` under `out`, an empty or missing folder; `meta_data.csv` comes last.

    Args:
        out: the root of the tree.
        corpus: what to make.
        workers: processes; the files do not depend on their number.
        progress: what to report to.

    Raises:
        DataError: `out` holds something, or the disk is too full.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} is not an empty folder; clips are synthesised into a new or empty one only")
    require_space(out, corpus.bytes_needed, f"{corpus.clips} clips")
    out.mkdir(parents=True, exist_ok=True)
    make = functools.partial(_write_session, out, corpus)
    rows: list[MetadataRow] = []
    with progress.task("synthesize", corpus.clips) as advance:
        for made in in_processes(make, range(corpus.sessions), workers, least=4):
            rows += made
            advance(len(made))
    rows.sort(key=lambda row: (row.letter, row.source, row.file))
    write_text(out / "meta_data.csv", "".join(f"{line}\n" for line in (HEADER, *(row.line for row in rows))))
    return rows


def _write_session(out: Path, corpus: Corpus, number: int) -> list[MetadataRow]:
    people = corpus.identities or corpus.sessions
    identity = make_identity(corpus.seed, number % people + 1)
    session = Session(identity, corpus.shape, corpus.seed, number, corpus.pairings)
    # Genuine clips of a person are numbered on from session to session.
    before = 2 * (number // people)
    rows = []
    for place, clip in enumerate(
        session.clips(min(corpus.session_size, corpus.clips - number * corpus.session_size))
    ):
        method, letter, folder = _KINDS[clip.kind]
        row = MetadataRow(
            source=identity.name,
            target1=identity.name if clip.kind == "pairing" else "-",
            target2=str(before + clip.sound) if clip.kind == "pairing" else "-",
            method=method,
            letter=letter,
            type=folder,
            race=identity.race,
            gender=identity.gender,
            file=_file_name(clip, method, before, place),
        )
        write_mp4(out / row.folder / row.file, clip.frames, corpus.shape.rate, clip.samples, RATE)
        rows.append(row)
    return rows


def _file_name(clip: Clip, method: str, before: int, place: int) -> str:
    picture = f"{before + clip.picture:05d}"
    if clip.kind == "RV-RA":
        return f"{picture}.mp4"
    if clip.kind == "pairing":
        return f"{picture}_{before + clip.sound}_{method}.mp4"
    return f"{picture}_{place}_{method}.mp4"
