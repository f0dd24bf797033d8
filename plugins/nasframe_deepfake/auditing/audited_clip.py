"""A clip of an audited set: all that is known about it beside its file."""

from __future__ import annotations

from attrs import frozen

__all__ = ["AuditedClip"]


@frozen
class AuditedClip:
    """A clip of the set. The names of the fields are columns of `facts.csv`.

    Attributes:
        path: relative to the root of the data.
        category: name of one of the categories of the deepfake task.
        source: person whose face is seen.
        fake: whether it is one.
    """

    path: str
    category: str
    source: str
    fake: bool
