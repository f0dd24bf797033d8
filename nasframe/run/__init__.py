"""The run folder: everything a search leaves behind, in files that a text editor can read."""

from __future__ import annotations

from nasframe.run._claim import claimed
from nasframe.run._folder import FORMAT
from nasframe.run._run import Run, is_training

__all__ = ["FORMAT", "Run", "claimed", "is_training"]
