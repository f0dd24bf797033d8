"""Small wheels of the same structure as the real ones, which pip takes for real, and tasks pinned to them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np
import pytest

from nasframe_tabular.tasks import AudioVisualDigits, HomeActivities, MultipleFeatures
from nasframe_tabular.tasks.htad import COLUMNS
from nasframe_tabular.tasks.mfeat import FEATURES
from nasframe_tabular.wheels import Wheel

PINS: Mapping[str, type[HomeActivities | MultipleFeatures | AudioVisualDigits]] = {
    "htad": HomeActivities,
    "mfeat": MultipleFeatures,
    "av_digits": AudioVisualDigits,
}


def write_wheel(folder: Path, like: Wheel, members: Mapping[str, bytes]) -> Wheel:
    """Write a wheel with these files, as pip takes one, and return its pin."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{like.distribution}-{like.version}.dist-info"
    texts = {
        f"{like.distribution}/__init__.py": "raise SystemExit('a wheel of data was imported')\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {like.distribution}\nVersion: {like.version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(folder / like.file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**texts, **members}.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    return attrs.evolve(like, sha256=hashlib.sha256((folder / like.file).read_bytes()).hexdigest())


def activities(windows: int) -> bytes:
    """A table of so many windows of each activity, as that of HTAD."""
    random = np.random.default_rng(0)
    names = [name for names in COLUMNS.values() for name in names]
    lines = [",".join(["class", *names])]
    for number, label in enumerate(HomeActivities.classes * windows):
        values = random.normal(number % 7, 1.0, len(names)) * 3 + 20
        lines.append(",".join([label, *(f"{value:.6f}" for value in values)]))
    return "\n".join(lines).encode() + b"\n"


def multiple_features(each: int) -> dict[str, bytes]:
    """The six tables of so many handwritten digits of each kind."""
    random = np.random.default_rng(1)
    digits = np.repeat(np.arange(10), each)
    found = {}
    for name, member in zip(FEATURES, MultipleFeatures.members, strict=True):
        values = random.normal(digits[:, None], 1.0, (len(digits), FEATURES[name]))
        header = ",".join([*map(str, range(FEATURES[name])), "0"])
        rows = [
            ",".join([*(f"{value:.4f}" for value in row), str(digit)])
            for row, digit in zip(values, digits, strict=True)
        ]
        found[member] = "\n".join([header, *rows]).encode() + b"\n"
    return found


def utterances(count: int, **other: np.ndarray) -> bytes:
    """Arrays of so many utterances, 6 to 20 frames long; some may be others."""
    random = np.random.default_rng(2)
    labels = random.permutation(np.arange(count) % 10)
    lengths = random.integers(6, 21, count)
    frames = random.normal(np.repeat(labels, lengths)[:, None], 2.0, (lengths.sum(), 13)).astype("float32")
    file = io.BytesIO()
    np.savez_compressed(file, **{"X": frames, "y": labels, "lengths": lengths, **other})
    return file.getvalue()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Wheel]]:
    """A folder with a small wheel for each task, and their pins by task."""
    folder = tmp_path_factory.mktemp("index")
    members = {
        "htad": {HomeActivities.members[0]: activities(30)},
        "mfeat": multiple_features(20),
        "av_digits": {AudioVisualDigits.members[0]: utterances(300)},
    }
    return folder, {name: write_wheel(folder, PINS[name].wheel, files) for name, files in members.items()}


@pytest.fixture
def pinned(wheels: tuple[Path, Mapping[str, Wheel]], monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Path]:
    """Task → its small wheel; within the test the tasks are pinned to these."""
    folder, pins = wheels
    for name, pin in pins.items():
        monkeypatch.setattr(PINS[name], "wheel", pin)
    return {name: folder / pin.file for name, pin in pins.items()}


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of wheels, and no package index."""
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("NASFRAME_WHEELS", str(tmp_path / "wheels"))
    return tmp_path / "wheels"
