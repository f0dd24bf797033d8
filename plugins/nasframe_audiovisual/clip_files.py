"""The files of a clip: mostly one, or one with its pictures and one with its sound."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

__all__ = ["ClipFiles"]


@frozen
class ClipFiles:
    """The files of a clip, by their paths in its folder.

    Attributes:
        pictures: the file of its pictures, and of its sound where that has no file of its own.
        sound: the file of its sound, else empty. Sound that the other file has as well is not used.
        lying: whether its pictures are stored on their side, unless the container says how they are turned.
    """

    pictures: str
    sound: str = ""
    lying: bool = False

    @property
    def name(self) -> str:
        """The name of the clip: the path of its file, or both paths joined by `+`."""
        return f"{self.pictures}+{self.sound}" if self.sound else self.pictures

    @classmethod
    def named(cls, name: str, sound: str = "") -> ClipFiles:
        """Return the files of a clip by its name, and by the file of its sound where that is another one."""
        return cls(name.removesuffix(f"+{sound}") if sound else name, sound)

    def paths(self, root: Path) -> tuple[Path, ...]:
        """Return where its files are, below the folder of the clips."""
        return (root / self.pictures, root / self.sound) if self.sound else (root / self.pictures,)
