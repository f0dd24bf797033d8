"""The detector that a user names, and OpenCV, which is imported late."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nasframe.errors import ConfigurationError
from nasframe_audiovisual import DETECTORS, make_detector


def test_an_unknown_name_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(ConfigurationError, match="unknown value 'har'; did you mean 'haar'"):
        make_detector("har")


@pytest.mark.parametrize("name", sorted(set(DETECTORS) - {"yunet"}))
def test_a_model_for_a_detector_that_has_none_is_an_error(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"the detector {name} uses none; found model.onnx"):
        make_detector(name, Path("model.onnx"))


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_the_package_imports_neither_torch_nor_opencv() -> None:
    loaded = run(
        "import sys; import nasframe_audiovisual.faces; print('cv2' in sys.modules, 'torch' in sys.modules)"
    )
    assert loaded.split() == ["False", "False"]


def test_without_opencv_the_error_names_the_extra() -> None:
    words = run(
        "import sys; sys.modules['cv2'] = None\n"
        "from nasframe.errors import MissingExtraError\n"
        "from nasframe_audiovisual.faces import make_detector\n"
        "try: make_detector('haar')\n"
        "except MissingExtraError as error: print(error)"
    )
    assert "opencv-python-headless" in words
    assert 'pip install "nasframe[audiovisual]"' in words
