"""The list of augmentations. Their names, their order and what they draw are data of recorded runs."""

from __future__ import annotations

from collections.abc import Mapping

from nasframe.errors import nearest
from nasframe_deepfake.augmentation import audio, both, visual
from nasframe_deepfake.augmentation.augmentation import Augmentation

__all__ = ["AUGMENTATIONS", "problem_of_name"]

_LIST = (
    Augmentation("mirror", "visual", "left and right exchanged", pictures=visual.mirrored),
    Augmentation("brightness", "visual", "brighter or darker", pictures=visual.brightness),
    Augmentation("contrast", "visual", "more or less contrast", pictures=visual.contrast),
    Augmentation("saturation", "visual", "more or less colour", pictures=visual.saturation),
    Augmentation("hue", "visual", "another tone of all colours", pictures=visual.hue),
    Augmentation("gamma", "visual", "lighter or darker middle tones", pictures=visual.gamma),
    Augmentation("greyscale", "visual", "no colours", pictures=visual.greyscale),
    Augmentation("blur", "visual", "a Gaussian blur", pictures=visual.blurred),
    Augmentation("sharpen", "visual", "sharper edges", pictures=visual.sharpened),
    Augmentation("picture noise", "visual", "Gaussian noise", pictures=visual.noisy_pictures),
    Augmentation("jpeg", "visual", "JPEG compression", pictures=visual.jpeg),
    Augmentation("strong jpeg", "visual", "strong JPEG compression", pictures=visual.strong_jpeg),
    Augmentation("low resolution", "visual", "fewer pixels, scaled up", pictures=visual.low_resolution),
    Augmentation("rotation", "visual", "turned by a few degrees", pictures=visual.rotated),
    Augmentation("zoom", "visual", "a part of the picture, scaled up", pictures=visual.zoomed),
    Augmentation("erased rectangle", "visual", "a rectangle of one colour", pictures=visual.erased),
    Augmentation("frozen pictures", "visual", "single pictures shown twice", pictures=visual.frozen_pictures),
    Augmentation("gain", "audio", "louder or quieter", samples=audio.gain),
    Augmentation("quiet noise", "audio", "quiet white noise", samples=audio.quiet_noise),
    Augmentation("loud noise", "audio", "loud white noise", samples=audio.loud_noise),
    Augmentation("pink noise", "audio", "pink noise", samples=audio.pink_noise),
    Augmentation("low-pass", "audio", "nothing above a frequency", samples=audio.low_pass),
    Augmentation("high-pass", "audio", "nothing below a frequency", samples=audio.high_pass),
    Augmentation("band-stop", "audio", "nothing in a band", samples=audio.band_stop),
    Augmentation("equaliser", "audio", "a band raised or lowered", samples=audio.equalised),
    Augmentation("8 kHz", "audio", "half the sample rate, and back", samples=audio.narrow_band),
    Augmentation("telephone", "audio", "half the rate, coded by the µ-law", samples=audio.telephone),
    Augmentation("few bits", "audio", "coarser samples", samples=audio.quantised),
    Augmentation("clipping", "audio", "loud parts cut off", samples=audio.clipped),
    Augmentation("reverberation", "audio", "the echo of a room", samples=audio.reverberation),
    Augmentation("lost sound", "audio", "short silences", samples=audio.lost_sound),
    Augmentation("random crop", "both", "another start of the window", window=both.random_crop),
    Augmentation("slower", "both", "played slower, and lower", window=both.slower),
    Augmentation("faster", "both", "played faster, and higher", window=both.faster),
    Augmentation(
        "video call",
        "both",
        "few pixels and strong JPEG, the sound as by telephone",
        pictures=both.call_pictures,
        samples=both.call_sound,
    ),
    Augmentation(
        "interruption",
        "both",
        "a standing picture, and silence meanwhile",
        pictures=both.interrupted_pictures,
        samples=both.interrupted_sound,
    ),
)

AUGMENTATIONS: Mapping[str, Augmentation] = {item.name: item for item in _LIST}
"""Name → augmentation: 17 of the pictures, 14 of the sound, 5 of both."""


def problem_of_name(name: str) -> str | None:
    """Return why a name is none of an augmentation, with the nearest that are, or None."""
    if name in AUGMENTATIONS:
        return None
    return f"unknown augmentation {name!r}{nearest(name, AUGMENTATIONS)}"
