"""Faces of a talking person are found, followed and cropped; it imports numpy and OpenCV, but no torch.

A caller feeds the pictures of a clip to a `FaceTracker`, in order. For each picture one `Located` comes
back, about `LOOK_AHEAD` seconds of pictures later: the shot that the picture belongs to, and where its faces
are. `window_square` answers for the pictures of one window: the `Square` to `crop`, or the reason why there
is none.
"""

from __future__ import annotations

from nasframe_audiovisual.faces.choosing import DETECTORS, FaceDetectorName, make_detector
from nasframe_audiovisual.faces.crop import crop
from nasframe_audiovisual.faces.face import Face, Square
from nasframe_audiovisual.faces.face_detector import FaceDetector
from nasframe_audiovisual.faces.settings import FaceSettings
from nasframe_audiovisual.faces.stillness import PARTS, STILL
from nasframe_audiovisual.faces.tracker import LOOK_AHEAD, FaceTracker
from nasframe_audiovisual.faces.tracks import Located, TrackedFace
from nasframe_audiovisual.faces.window_square import NO_FACE, SEVERAL_FACES, NoSquare, window_square

__all__ = [
    "DETECTORS",
    "LOOK_AHEAD",
    "NO_FACE",
    "PARTS",
    "SEVERAL_FACES",
    "STILL",
    "Face",
    "FaceDetector",
    "FaceDetectorName",
    "FaceSettings",
    "FaceTracker",
    "Located",
    "NoSquare",
    "Square",
    "TrackedFace",
    "crop",
    "make_detector",
    "window_square",
]
