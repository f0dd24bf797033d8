"""The folder of a run with everything that scores a file: weights, statistics, settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import torch

from nasframe.errors import DataError, RunError, nearest
from nasframe.runtime import (
    MAX_EXACT_INTEGER,
    Fields,
    Flag,
    Number,
    Text,
    check_shape,
    copy_file,
    read_json,
    write_json,
)
from nasframe_audiovisual import (
    DETECTORS,
    FaceDetector,
    FaceSettings,
    Novelty,
    Window,
    fit_novelty,
    load_extractor,
    load_novelty,
    load_standardiser,
    make_detector,
    open_features,
)
from nasframe_deepfake.detection.detector import Detector
from nasframe_deepfake.preparation import PreparedClip, is_synthetic, read_index

__all__ = ["FORMAT", "count_frozen", "load_detector", "save_detector"]

FORMAT = 2
"""Version of the folder that `save_detector` writes. 1, without faces and novelty, is read too."""

_WEIGHTS = ("picture.safetensors", "sound.safetensors")
_STATISTICS = "statistics.safetensors"
_NOVELTY = "novelty.safetensors"
_SETTINGS = "detector.json"
_FACE_MODEL = "faces.onnx"

_LARGEST = 1e6
_WINDOW = {
    "trim": Number(0, _LARGEST),
    "seconds": Number(0.01, _LARGEST),
    "frames": Number(1, 4096, whole=True),
    "size": Number(1, 4096, whole=True),
}
_SOUND = Fields({"sound_mean": Number(), "sound_deviation": Number()})
_FIRST = {
    "window": Fields(_WINDOW),
    "mels": Number(1, 1024, whole=True),
    "backbone": Text(),
    "steps": Number(1, 4096, whole=True),
    "standardised": Flag(),
    "sound_mean": Number(-_LARGEST, _LARGEST),
    "sound_deviation": Number(0, _LARGEST),
    "frozen_parameters": Number(0, MAX_EXACT_INTEGER, whole=True),
}
_SHAPES = {1: Fields(_FIRST), FORMAT: Fields({**_FIRST, "faces": Text(), "synthetic": Flag()})}


def save_detector(
    folders: Mapping[str, Path], settings: Mapping[str, Any], faces: FaceSettings, frozen: int, out: Path
) -> None:
    """Write to `out` the weights, the statistics and the settings, from the folders of the stages.

    Args:
        folders: of the stages `prepare`, `pretrain` and `features`.
        settings: `window` (see `nasframe_audiovisual.Window`), `mels`, `backbone`, `steps`, `standardised`.
        faces: how faces are found; a model of the user's is copied.
        frozen: number of parameters of both backbones.
        out: a folder of the run.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name in _WEIGHTS:
        copy_file(folders["pretrain"] / name, out / name)
    copy_file(folders["features"] / _STATISTICS, out / _STATISTICS)
    if faces.model is not None:
        copy_file(faces.model, out / _FACE_MODEL)
    clips = read_index(folders["prepare"] / "index.csv")
    _novelty(folders["features"], clips, settings["standardised"]).save(out / _NOVELTY)
    sound = read_json(folders["pretrain"] / "report.json", _SOUND)
    write_json(
        out / _SETTINGS,
        {
            "format": FORMAT,
            **settings,
            "window": attrs.asdict(settings["window"]),
            "faces": faces.detector,
            "synthetic": is_synthetic(folders["prepare"]),
            "sound_mean": sound["sound_mean"],
            "sound_deviation": sound["sound_deviation"],
            "frozen_parameters": frozen,
        },
    )


def load_detector(saved: Path, device: torch.device) -> Detector:
    """Load the detector that `save_detector` wrote.

    Nothing is read from the folder later.

    Raises:
        RunError: a file is missing, damaged, or of another format version, or holds a name that is unknown.
    """
    settings, path = _settings(saved), saved / _SETTINGS
    first = settings["format"] == 1
    faces = _faces(path, settings.get("faces", "none"))
    try:
        extractor = load_extractor(
            saved,
            settings["backbone"],
            settings["steps"],
            device,
            (settings["sound_mean"], settings["sound_deviation"]),
        )
    except DataError as error:  # a backbone that nobody knows
        raise RunError(f"{path}: {error}") from error
    standardiser = load_standardiser(saved / _STATISTICS, settings["standardised"], extractor.channels)
    return Detector(
        Window(**{name: settings["window"][name] for name in _WINDOW}),
        faces,
        settings["mels"],
        extractor,
        standardiser,
        None if first else load_novelty(saved / _NOVELTY, extractor.channels),
        settings.get("synthetic"),
    )


def count_frozen(saved: Path) -> int:
    """Return the number of parameters of both backbones that `save_detector` wrote."""
    return int(_settings(saved)["frozen_parameters"])


def _faces(path: Path, name: str) -> FaceDetector:
    """Return the detector of faces of that name in a file of settings."""
    model = path.parent / _FACE_MODEL
    if name not in DETECTORS:
        raise RunError(f"{path}: faces: unknown detector {name!r}{nearest(name, DETECTORS)}")
    if (name == "yunet") != model.exists():
        found = "is there, but belongs to the detector yunet" if model.exists() else "is missing"
        raise RunError(f"{model}: {found}; {path.name} names the detector {name!r}")
    try:
        return make_detector(name, model if name == "yunet" else None)
    except DataError as error:  # names the file
        raise RunError(str(error)) from error


def _novelty(features: Path, clips: list[PreparedClip], temporal: bool) -> Novelty:
    """Return the spread of the split `weights`, with limits from `architecture` and `validation`."""

    def rows(*splits: str) -> dict[str, list[int]]:
        used = [clip for clip in clips if clip.split in splits]
        return {
            "pictures": sorted({clip.picture for clip in used}),
            "sound": sorted({clip.sound for clip in used}),
        }

    return fit_novelty(open_features(features), rows("weights"), rows("architecture", "validation"), temporal)


def _settings(saved: Path) -> dict[str, Any]:
    path = saved / _SETTINGS
    settings: dict[str, Any] = read_json(path, Fields())
    version = settings.get("format")
    if not isinstance(version, int) or version not in _SHAPES:
        raise RunError(f"{path}: has format {version!r}; this version reads 1 and {FORMAT}")
    check_shape(settings, _SHAPES[version], str(path))
    return settings
