"""YuNet's file is checked when it is loaded, and its boxes become faces; the network here is a toy."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from nasframe.errors import ConfigurationError, DataError
from nasframe_audiovisual import make_detector
from tests.nasframe_audiovisual.faces.bright_squares import scene

pytest.importorskip("onnx")
toy = pytest.importorskip("tests.nasframe_audiovisual.faces.toy_yunet").toy_yunet


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("yunet") / "toy.onnx"
    path.write_bytes(toy())
    return path


def test_its_boxes_become_faces_in_pixels_of_the_picture(model: Path) -> None:
    picture = np.zeros((360, 640, 3), np.uint8)
    picture[80:240, 280:440] = 255
    faces = make_detector("yunet", model).find(picture, 0.1, thorough=True)
    assert faces
    for face in faces:
        assert 320 <= face.x <= 400
        assert 120 <= face.y <= 200  # the middle of the square is at 360, 160
        assert face.side == pytest.approx(120)  # 160/3 pixels of the picture that is reduced to 16/36


def test_a_face_is_followed_and_lost_where_it_is_gone(model: Path) -> None:
    detector = pickle.loads(pickle.dumps(make_detector("yunet", model)))
    picture = np.repeat(np.repeat(scene((80, 60, 90)), 2, 0), 2, 1)
    face = detector.find(picture, 0.15, thorough=False)[0]
    moved = detector.follow(np.roll(picture, (8, 12), (0, 1)), face)
    assert moved is not None
    # the middle of the square was at 160, 120
    assert (moved.x, moved.y) == (pytest.approx(172, abs=30), pytest.approx(128, abs=30))
    assert moved.side == pytest.approx(face.side)
    assert detector.follow(np.zeros_like(picture), face) is None


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.onnx: cannot be read: no such file"):
        make_detector("yunet", tmp_path / "none.onnx")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"not a network", "cannot be read as a network"),
        (toy()[:3000], "cannot be read as a network"),
        (toy("obj_16"), "holds another network, with the outputs bbox_16"),
        (toy(keypoints=8), "holds another network, whose output kps_16 has 128 numbers"),
    ],
    ids=["empty", "text", "cut short", "an output less", "fewer numbers"],
)
def test_a_damaged_or_foreign_file_is_an_error_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        make_detector("yunet", path)
    assert f"{path}: {words}" in str(raised.value)
    assert "expected a YuNet model" in str(raised.value)


def test_it_needs_a_model() -> None:
    with pytest.raises(ConfigurationError, match="the detector yunet needs the file of its model"):
        make_detector("yunet")
