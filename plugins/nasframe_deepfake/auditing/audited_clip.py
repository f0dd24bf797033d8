"""A clip of an audited set: all that is known about it beside its file."""

from __future__ import annotations

from attrs import frozen

from nasframe_audiovisual import ClipFiles

__all__ = ["AuditedClip"]


@frozen
class AuditedClip:
    """A clip of the set. The names of the first four fields are columns of `facts.csv`.

    Attributes:
        path: the name of the clip: its path relative to the root of the data, or those of its two files.
        category: name of one of the categories of the deepfake task.
        source: person whose face is seen.
        fake: whether it is one.
        sound_file: the file of its sound, where its pictures are in another one.
        nameless: whether its data set names nobody, so that `source` is no person.
    """

    path: str
    category: str
    source: str
    fake: bool
    sound_file: str = ""
    nameless: bool = False

    @property
    def files(self) -> ClipFiles:
        """Its file, or both."""
        return ClipFiles.named(self.path, self.sound_file)
