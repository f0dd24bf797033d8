"""The folder of a run with everything that scores a file: weights, statistics, settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import nn

from nasframe import Network
from nasframe.errors import DataError, RunError, nearest
from nasframe.runtime import (
    MAX_EXACT_INTEGER,
    Each,
    Fields,
    Flag,
    Number,
    Text,
    check_shape,
    copy_file,
    fingerprint,
    made_later,
    path_inside,
    read_json,
    require_regular,
    sha256_of,
    write_json,
)
from nasframe_audiovisual import (
    COLUMNS,
    DETECTORS,
    SOUND_INPUTS,
    FaceDetector,
    FaceSettings,
    Novelty,
    Window,
    load_extractor,
    load_novelty,
    load_standardiser,
    make_detector,
)
from nasframe_deepfake.detection.detector import Detector
from nasframe_deepfake.detection.heads import HeadKind, make_heads
from nasframe_deepfake.preparation import is_synthetic

__all__ = [
    "FORMAT",
    "check_network",
    "count_frozen",
    "is_tuned",
    "load_detector",
    "record_tuned_backbones",
    "save_detector",
]

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
_GUARD = "fingerprint"
_ADDED = {  # folders of older versions have none, and no sound_backbone or feature_channels where none is set
    "heads": Text(),
    "sound_backbone": Text(),
    "feature_channels": Number(1, MAX_EXACT_INTEGER, whole=True),
    "finetuned": Flag(),
    "files": Each(Text()),
    _GUARD: Text(),
}
_SHAPES = {
    1: Fields(_FIRST),
    FORMAT: Fields({**_FIRST, "faces": Text(), "synthetic": Flag()}, _ADDED),
}

_MEND = "put back what was there, or train again with `nasframe train RUN --overwrite`"


def save_detector(
    folders: Mapping[str, Path],
    settings: Mapping[str, Any],
    faces: FaceSettings,
    novelty: Novelty,
    frozen: int,
    out: Path,
) -> None:
    """Write to `out` the weights, the statistics and the settings, from the folders of the stages.

    Args:
        folders: of the stages `prepare`, `pretrain` and `features`.
        settings: `window` (see `nasframe_audiovisual.Window`), `mels`, `backbone`, `steps`, `standardised`,
            `heads`; `sound_backbone` where it is another one, and `feature_channels` where they are reduced.
        faces: how faces are found; a model of the user's is copied.
        novelty: the spread of the training's features.
        frozen: number of parameters of both backbones.
        out: a folder of the run.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name in _WEIGHTS:
        copy_file(folders["pretrain"] / name, out / name)
    copy_file(folders["features"] / _STATISTICS, out / _STATISTICS)
    if faces.model is not None:
        copy_file(faces.model, out / _FACE_MODEL)
    novelty.save(out / _NOVELTY)
    sound = read_json(folders["pretrain"] / "report.json", _SOUND)
    names = [*_WEIGHTS, _STATISTICS, _NOVELTY, *([] if faces.model is None else [_FACE_MODEL])]
    content = {
        "format": FORMAT,
        **settings,
        "window": attrs.asdict(settings["window"]),
        "faces": faces.detector,
        "synthetic": is_synthetic(folders["prepare"]),
        "sound_mean": sound["sound_mean"],
        "sound_deviation": sound["sound_deviation"],
        "frozen_parameters": frozen,
        "files": {name: sha256_of(out / name) for name in names},
    }
    write_json(out / _SETTINGS, {**content, _GUARD: fingerprint(content)})


def record_tuned_backbones(saved: Path, novelty: Novelty) -> None:
    """Record that the weights of both backbones in a folder that `save_detector` wrote were replaced.

    Args:
        saved: the folder, in which the new weights are.
        novelty: the spread of the training's features by the new weights.
    """
    novelty.save(saved / _NOVELTY)
    content = {key: value for key, value in _settings(saved).items() if key != _GUARD}
    files = {name: sha256_of(saved / name) for name in content["files"]}
    content |= {"finetuned": True, "files": files}
    write_json(saved / _SETTINGS, {**content, _GUARD: fingerprint(content)})


def is_tuned(saved: Path) -> bool:
    """Return True where the backbones of a saved detector were trained along at the end."""
    return bool(_settings(saved).get("finetuned"))


def load_detector(saved: Path, device: torch.device) -> Detector:
    """Load the detector that `save_detector` wrote.

    Nothing is read from the folder later.

    Raises:
        RunError: a file is missing, damaged, or of another format version, holds a name that is unknown, or
            is not the one that was saved.
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
            settings.get("sound_backbone"),
            ((settings["window"]["size"],) * 2, (settings["mels"], COLUMNS)),
            settings.get("feature_channels"),
        )
    except DataError as error:  # a backbone that nobody knows
        raise RunError(f"{path}: {error}") from error
    standardiser = load_standardiser(saved / _STATISTICS, settings["standardised"], extractor.channels)
    detector = Detector(
        Window(**{name: settings["window"][name] for name in _WINDOW}),
        faces,
        settings["mels"],
        extractor,
        standardiser,
        None if first else load_novelty(saved / _NOVELTY, extractor.channels),
        settings.get("synthetic"),
    )
    _check_unchanged(settings, path)
    return detector


def check_network(saved: Path, detector: Detector, network: nn.Module, kind: HeadKind) -> None:
    """Refuse a network that does not fit the saved detector, or the heads of the experiment.

    Args:
        saved: the folder.
        detector: that was loaded from it.
        network: the searched one; of one that is not built from an architecture nothing is known.
        kind: of the heads, as the experiment names them.

    Raises:
        RunError: names the file and the key.
    """
    path, experiment = saved / _SETTINGS, saved.parent / "experiment.toml"
    settings = _settings(saved)
    trained = settings.get("heads", kind)
    if trained != kind:
        raise RunError(
            f"{experiment}: task.heads: the detector was trained with {trained!r}, found {kind!r}; {_MEND}"
        )
    if not isinstance(network, Network):
        return
    times, steps = 2 if detector.standardiser.temporal else 1, detector.extractor.steps
    for name, (taken, width) in network.inputs.items():
        channels = detector.extractor.channels[name]
        if taken != steps:
            raise RunError(f"{path}: steps: the network takes {taken}, found {steps}; {_MEND}")
        if width != times * channels:
            of_sound = name in SOUND_INPUTS and "sound_backbone" in settings
            model = "sound_backbone" if of_sound else "backbone"
            key = "standardised" if width in (channels, 2 * channels) else model
            raise RunError(
                f"{path}: {key}: it gives {times * channels} channels of {name}, and the network takes "
                f"{width}; {_MEND}"
            )
    outputs, wanted = _outputs_of(network), make_heads(kind).outputs
    if outputs != wanted:
        raise RunError(
            f"{experiment}: task.heads: {kind!r} needs a network with {wanted} outputs, and the trained one "
            f"has {outputs}; {_MEND}"
        )


@torch.inference_mode()
def _outputs_of(network: Network) -> int:
    """Return the number of values that a network returns for an example."""
    device = next(network.parameters()).device
    nothing = {name: torch.zeros(1, *shape, device=device) for name, shape in network.inputs.items()}
    return int(network.eval()(nothing).shape[-1])


def _check_unchanged(settings: Mapping[str, Any], path: Path) -> None:
    """Compare settings and files with what was saved. Folders of older versions do not say it.

    Raises:
        RunError: names the file.
    """
    if _GUARD not in settings:
        return
    content = {key: value for key, value in settings.items() if key != _GUARD}
    if fingerprint(content) != settings[_GUARD]:
        raise RunError(f"{path}: its values are not those that were saved with its fingerprint; {_MEND}")
    for name, wanted in settings["files"].items():
        file = path_inside(path.parent, name, f"{path}: files")
        require_regular(file, RunError)
        found = sha256_of(file)
        if found != wanted:
            raise RunError(
                f"{path.parent / name}: is not the file that was saved: expected the SHA-256 {wanted}, found "
                f"{found}; {_MEND}"
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


def _settings(saved: Path) -> dict[str, Any]:
    path = saved / _SETTINGS
    settings: dict[str, Any] = read_json(path, Fields())
    version = settings.get("format")
    if not isinstance(version, int) or version not in _SHAPES:
        later = made_later(version, FORMAT)
        raise RunError(f"{path}: has format {version!r}; this version reads 1 and {FORMAT}{later}")
    check_shape(settings, _SHAPES[version], str(path))
    return settings
