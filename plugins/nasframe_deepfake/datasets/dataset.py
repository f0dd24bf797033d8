"""The contract of a data set on disk: it recognises its own folders, and lists their clips."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Literal

from nasframe_deepfake.datasets.listing import Listing

__all__ = ["Dataset", "Desync"]

Desync = Literal["pairing", "FV-FA"]
"""A category of the clips whose pictures and sound are genuine and do not belong together."""


class Dataset(ABC):
    """The layout of a data set: its folders, files and tables.

    Subclass it and register the class under a name, by the hook `register_deepfake_datasets`. It is made
    without arguments. The first line of its docstring is shown by `nasframe plugins`.

    Attributes:
        expects: the content of such a folder in a few words, for the message where no data set is recognised.
        corpus: the published corpus whose names its people have, such as `VoxCeleb2`; empty where their names
            are the set's own, or nobody knows. Where several sets are combined, people of one corpus who have
            one name are one person, and all others are kept apart by their sets. It holds no slash.
    """

    expects: ClassVar[str]
    corpus: ClassVar[str] = ""

    @abstractmethod
    def recognises(self, folder: Path) -> bool:
        """Return True where a folder, which is there, has this layout. It looks at names and tables, and
        opens no clip; two data sets should not recognise the same folder, nor one a folder of several sets
        because its own is among them."""

    def why_not(self, folder: Path) -> str:
        """Return what a folder that is not recognised lacks, in a few words with a path that was looked for;
        empty where there is nothing to say beyond `expects`."""
        return ""

    @abstractmethod
    def read(self, folder: Path, desync: Desync) -> Listing:
        """Return the clips of a folder, and all that cannot be used.

        Args:
            folder: of the data set.
            desync: the category that the user wants for clips whose method is `DESYNC`.

        Raises:
            DataError: it has another layout, or no clip to use; the message says what was expected.
        """
