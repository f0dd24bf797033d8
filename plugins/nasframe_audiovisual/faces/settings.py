"""The detector of faces that a user wants: its name, and its model."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe.errors import DataError
from nasframe.runtime import read_bytes
from nasframe_audiovisual.faces.choosing import FaceDetectorName, make_detector
from nasframe_audiovisual.faces.face_detector import FaceDetector

__all__ = ["FaceSettings"]


@frozen
class FaceSettings:
    """The detector of a preparation, and so of a prediction.

    Attributes:
        detector: its name.
        model: the file of its network, for `yunet`.
    """

    detector: FaceDetectorName = "none"
    model: Path | None = None

    def make(self) -> FaceDetector:
        """Return the detector; see `make_detector`."""
        return make_detector(self.detector, self.model)

    def inputs(self) -> dict[str, Any]:
        """Return all that the squares depend on, for a fingerprint: name, margin and a hash of the model."""
        found: dict[str, Any] = {"detector": self.detector, "margin": self.make().margin}
        if self.model is not None:
            found["model"] = hashlib.sha256(read_bytes(self.model, DataError)).hexdigest()
        return found
