"""YuNet, a small network for faces, from a file that the user has; OpenCV runs it."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from nasframe.errors import DataError
from nasframe.runtime import read_bytes
from nasframe_audiovisual.faces.crop import cut_out
from nasframe_audiovisual.faces.face import Face, distinct
from nasframe_audiovisual.faces.face_detector import SURE, FaceDetector
from nasframe_audiovisual.faces.opencv import opencv, single_threaded
from nasframe_audiovisual.faces.reducing import reduced
from nasframe_audiovisual.spares import Spares

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["YuNetDetector"]

SMALLEST_FACE = 16
"""Side of the smallest face that the network knows, in pixels of the reduced picture."""

CLOSE = 160
"""Side of the piece around a face that is followed, in pixels; it is three faces wide."""

SCORE = 0.6
"""Least score of a face, from 0 to 1."""

OUTPUTS = {
    f"{name}_{stride}": numbers
    for stride in (8, 16, 32)
    for name, numbers in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
}
"""Outputs of the network → numbers for each of its places."""

_PROBED = 64


@frozen
class YuNetDetector(FaceDetector):
    """The network of one file.

    Attributes:
        model: the file's bytes, in ONNX.
    """

    name: ClassVar[str] = "yunet"
    margin: ClassVar[float] = 1.4
    least: ClassVar[int] = 2

    model: bytes = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> YuNetDetector:
        """Return the detector of a file.

        Raises:
            DataError: the file is absent, damaged, or holds another network.
            MissingExtraError: OpenCV is not installed.
        """
        model = read_bytes(path, lambda message: DataError(f"{message}; expected a YuNet model"))
        if problem := _not_yunet(model):
            raise DataError(f"{path}: {problem}; expected a YuNet model of 2023 or later, in ONNX")
        return cls(model)

    def find(self, pixels: NDArray[np.uint8], smallest: float, thorough: bool) -> list[Face]:
        """Return the faces of a whole picture, the largest first."""
        small, scale = reduced(pixels, smallest, SMALLEST_FACE)
        with single_threaded() as cv2:
            faces = self._faces(cv2, small)
        back = [Face(face.x / scale, face.y / scale, face.side / scale, face.evidence) for face in faces]
        return distinct(back)

    def follow(self, pixels: NDArray[np.uint8], face: Face) -> Face | None:
        """Return the face of the piece around it that is nearest; None where none is near."""
        left, top, side = face.x - 1.5 * face.side, face.y - 1.5 * face.side, 3 * face.side
        with single_threaded() as cv2:
            found = self._faces(cv2, cut_out(pixels, left, top, side, CLOSE))
        scale = side / CLOSE
        back = [Face(left + f.x * scale, top + f.y * scale, f.side * scale, f.evidence) for f in found]
        near = [other for other in back if other.overlap(face) >= 0.3]
        return min(near, key=lambda f: (math.hypot(f.x - face.x, f.y - face.y), f.x), default=None)

    def _faces(self, cv2: ModuleType, pixels: NDArray[np.uint8]) -> list[Face]:
        with _networks(self.model).borrowed() as network:
            network.setInputSize((pixels.shape[1], pixels.shape[0]))
            _, rows = network.detect(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        faces = []
        for row in () if rows is None else rows:
            left, top, width, height = map(float, row[:4])
            if np.isfinite(row).all() and width > 0 and height > 0:
                faces.append(
                    Face(
                        left + width / 2, top + height / 2, (width + height) / 2, SURE * float(row[14]) / 0.8
                    )
                )
        return faces


@functools.lru_cache(maxsize=4)
def _networks(model: bytes) -> Spares[Any]:
    """Return the networks of a model: one must not be used by two threads at once."""

    def read() -> Any:
        return opencv().FaceDetectorYN.create(
            "onnx", np.frombuffer(model, np.uint8), np.empty(0, np.uint8), (_PROBED, _PROBED), SCORE
        )

    return Spares(read)


def _not_yunet(model: bytes) -> str:
    """Return the reason why the bytes are no YuNet model; "" where they are one."""
    with single_threaded() as cv2:
        if not model:
            return "the file is empty"
        try:
            network = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8))
            names = set(network.getUnconnectedOutLayersNames())
        except cv2.error as error:
            return f"cannot be read as a network ({_reason(error)})"
        if names != set(OUTPUTS):
            return f"holds another network, with the outputs {', '.join(sorted(names)) or 'none'}"
        try:
            network.setInput(np.zeros((1, 3, _PROBED, _PROBED), np.float32))
            values = network.forward(sorted(OUTPUTS))
        except cv2.error as error:
            return f"holds a network that takes no pictures of another size ({_reason(error)})"
        for name, value in zip(sorted(OUTPUTS), values, strict=True):
            places = (_PROBED // int(name.rpartition("_")[2])) ** 2
            if value.size != places * OUTPUTS[name]:
                return (
                    f"holds another network, whose output {name} has {value.size} numbers for a picture of "
                    f"{_PROBED} × {_PROBED}, not {places * OUTPUTS[name]}"
                )
    return ""


def _reason(error: Exception) -> str:
    """Return OpenCV's words without its place in the source, on one line."""
    words = str(getattr(error, "err", "") or error).split()
    return " ".join(words)[:200]
