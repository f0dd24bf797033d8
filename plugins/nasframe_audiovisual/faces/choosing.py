"""The detector that a user names."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from nasframe.errors import ConfigurationError, nearest
from nasframe_audiovisual.faces.face_detector import FaceDetector
from nasframe_audiovisual.faces.haar import HaarDetector
from nasframe_audiovisual.faces.middle_square import MiddleSquare
from nasframe_audiovisual.faces.opencv import opencv
from nasframe_audiovisual.faces.yunet import YuNetDetector

__all__ = ["DETECTORS", "FaceDetectorName", "make_detector"]

FaceDetectorName = Literal["haar", "yunet", "none"]
"""Names of the detectors; `none` takes the middle square, of clips that are cropped already."""

DETECTORS = tuple(get_args(FaceDetectorName))
"""The names."""


def make_detector(name: str, model: Path | None = None) -> FaceDetector:
    """Return the detector of a name.

    Args:
        name: `haar` (comes with OpenCV), `yunet` (needs `model`), or `none`: the middle square.
        model: file of the network for `yunet`.

    Raises:
        ConfigurationError: another name; `yunet` without a model, or a model that it does not use.
        DataError: the file of the model is absent, damaged, or of another network.
        MissingExtraError: OpenCV is not installed.
    """
    if name not in DETECTORS:
        raise ConfigurationError("faces", [f"detector: unknown value {name!r}{nearest(name, DETECTORS)}"])
    if name == "yunet":
        if model is None:
            raise ConfigurationError("faces", ["model: the detector yunet needs the file of its model"])
        return YuNetDetector.load(model)
    if model is not None:
        raise ConfigurationError("faces", [f"model: the detector {name} uses none; found {model}"])
    opencv()
    return HaarDetector() if name == "haar" else MiddleSquare()
