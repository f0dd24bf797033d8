"""A contact sheet: pictures and spectrogram of some clips, as they are and under each augmentation."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from attrs import frozen
from markupsafe import Markup
from numpy.typing import NDArray

from nasframe.display import asset, page_style, render
from nasframe.runtime import Progress, one_thread, visible
from nasframe_audiovisual import ClipError, ClipFiles, FaceDetector, Recording, Window, log_mel
from nasframe_deepfake.augmentation.augmentation import Augmentation
from nasframe_deepfake.augmentation.image_files import jpeg_file, png_file
from nasframe_deepfake.augmentation.original import Original, read_original

__all__ = ["ContactSheet", "View", "contact_sheet"]

SHOWN = 4
"""Pictures of a window that are shown, at even intervals."""

QUALITY = 92
"""Of the JPEG files in the page. A clip under all augmentations takes about a megabyte."""

DYNAMIC = 14.0
"""Range of a spectrogram from black to white, in natural logs of power: 61 dB, up to its clip's loudest."""

PACKAGE = "nasframe_deepfake.augmentation"


@frozen
class View:
    """The part of a clip that a network gets.

    Attributes:
        window: its length, and its pictures.
        detector: finds the faces.
        mels: bands of the spectrogram.
    """

    window: Window
    detector: FaceDetector
    mels: int


@frozen
class Sample:
    """A clip under one augmentation.

    Attributes:
        name: of the augmentation.
        about: its kind and its effect.
        pictures: the strip of pictures as a URI; empty where it is that of the clip.
        sound: the spectrogram, likewise.
    """

    name: str
    about: str
    pictures: str
    sound: str


@frozen
class SheetClip:
    """A clip of the sheet, with its own pictures and spectrogram as URIs.

    Attributes:
        name: of the clip: its path, or the paths of both files.
        about: what it is, in a line.
        pictures, sound: of its first window.
        width, height: of the strip in pixels.
        bands: of the spectrogram: its height in pixels.
        samples: of each augmentation.
    """

    name: str
    about: str
    pictures: str
    sound: str
    width: int
    height: int
    bands: int
    samples: Sequence[Sample]


@frozen
class ContactSheet:
    """The sheet, and what is not on it.

    Attributes:
        html: a page that loads nothing else.
        clips: number of clips on it.
        skipped: the reasons why others are not.
    """

    html: str
    clips: int
    skipped: Sequence[str]


def contact_sheet(
    root: Path,
    candidates: Iterable[tuple[ClipFiles, str]],
    count: int,
    augmentations: Sequence[Augmentation],
    view: View,
    seed: int,
    progress: Progress,
) -> ContactSheet:
    """Return the sheet of the first of some clips that can be used.

    Args:
        root: folder of the clips.
        candidates: file or files of each clip, relative to `root`, and what it is, in words.
        count: of the clips on the sheet, at most.
        augmentations: that are shown, in their order.
        view: what is seen of a clip.
        seed: of what the augmentations draw; a training with this seed draws the same.
        progress: to report to.
    """
    shown: list[SheetClip] = []
    skipped: list[str] = []
    with progress.task("preview", count) as advance:
        for files, about in candidates:
            if len(shown) == count:
                break
            path, *apart = files.paths(root)
            try:
                original = read_original(
                    path, view.window, view.detector, next(iter(apart), None), files.lying
                )
            except ClipError as error:
                skipped.append(str(error))
                continue
            shown.append(_sheet_clip(original, files.name, about, augmentations, view.mels, seed))
            advance(1)
    style = page_style() + asset(PACKAGE, "contact_sheet.css")
    html = render(PACKAGE, "contact_sheet.html", clips=shown, seed=seed, style=Markup(style))
    return ContactSheet(str(html), len(shown), skipped)


def _sheet_clip(
    original: Original, name: str, about: str, augmentations: Sequence[Augmentation], mels: int, seed: int
) -> SheetClip:
    plain = original.recording
    loudest = float(_log_mel(plain, mels).max())
    samples = []
    for augmentation in augmentations:
        found = augmentation.of(original, name, seed)
        pictures = "" if np.array_equal(found.pictures, plain.pictures) else _strip(found)
        sound = "" if np.array_equal(found.samples, plain.samples) else _spectrogram(found, mels, loudest)
        samples.append(
            Sample(augmentation.name, f"{augmentation.kind}: {augmentation.effect}", pictures, sound)
        )
    size = plain.pictures.shape[1]
    return SheetClip(
        visible(name),
        about,
        _strip(plain),
        _spectrogram(plain, mels, loudest),
        width=size * len(_places(plain)),
        height=size,
        bands=mels,
        samples=samples,
    )


def _places(recording: Recording) -> list[int]:
    """Return the numbers of the pictures that are shown."""
    frames = len(recording.pictures)
    return sorted({round(place * (frames - 1) / (SHOWN - 1)) for place in range(SHOWN)})


def _strip(recording: Recording) -> str:
    strip = np.concatenate([*recording.pictures[_places(recording)]], 1)
    return _uri("jpeg", jpeg_file(strip, QUALITY))


def _spectrogram(recording: Recording, mels: int, loudest: float) -> str:
    """Return the spectrogram as a grey picture, low frequencies below, on the scale of its clip."""
    shade = (_log_mel(recording, mels) - (loudest - DYNAMIC)) / DYNAMIC
    pixels = (255 * np.clip(shade, 0, 1)).round().astype(np.uint8)
    return _uri("png", png_file(pixels[::-1]))


def _log_mel(recording: Recording, mels: int) -> NDArray[np.float32]:
    with one_thread():
        found: NDArray[np.float32] = log_mel(torch.from_numpy(recording.samples), mels).numpy()
    return found


def _uri(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
