"""Augmentations of the sound of a window: float32 samples `(length,)` at 16 kHz, to the same length.

They change the samples before the spectrogram is made, and none moves the sound in time.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nasframe_audiovisual import SAMPLE_RATE, beside_torch
from nasframe_deepfake.augmentation.chances import away_from_zero, between, whole

with beside_torch("torchaudio"):
    from torchaudio import functional as sounds

__all__ = [
    "band_stop",
    "clipped",
    "equalised",
    "gain",
    "high_pass",
    "lost_sound",
    "loud_noise",
    "low_pass",
    "narrow_band",
    "pink_noise",
    "quantised",
    "quiet_noise",
    "reverberation",
    "telephone",
    "with_noise",
]


def gain(samples: Tensor, random: torch.Generator) -> Tensor:
    """Make the sound 3 to 12 dB louder or quieter. Float samples may pass full scale, so none is clipped."""
    return samples * 10 ** (away_from_zero(random, 3, 12) / 20)


def quiet_noise(samples: Tensor, random: torch.Generator) -> Tensor:
    """Add white noise 20 to 35 dB below the sound."""
    return with_noise(samples, torch.randn(len(samples), generator=random), between(random, 20, 35))


def loud_noise(samples: Tensor, random: torch.Generator) -> Tensor:
    """Add white noise 5 to 15 dB below the sound."""
    return with_noise(samples, torch.randn(len(samples), generator=random), between(random, 5, 15))


def pink_noise(samples: Tensor, random: torch.Generator) -> Tensor:
    """Add pink noise, of the same power in every octave, 5 to 20 dB below the sound."""
    waves = torch.fft.rfft(torch.randn(len(samples), generator=random))
    frequency = torch.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE).clamp(min=20)
    return with_noise(
        samples, torch.fft.irfft(waves / frequency.sqrt(), len(samples)), between(random, 5, 20)
    )


def low_pass(samples: Tensor, random: torch.Generator) -> Tensor:
    """Take away what is above 1.2 to 4 kHz, by a filter of the fourth order."""
    cut = between(random, 1200, 4000)
    return _filtered(samples, lambda part: sounds.lowpass_biquad(part, SAMPLE_RATE, cut), times=2)


def high_pass(samples: Tensor, random: torch.Generator) -> Tensor:
    """Take away what is below 200 to 700 Hz, by a filter of the fourth order."""
    cut = between(random, 200, 700)
    return _filtered(samples, lambda part: sounds.highpass_biquad(part, SAMPLE_RATE, cut), times=2)


def band_stop(samples: Tensor, random: torch.Generator) -> Tensor:
    """Take away a band around 500 Hz to 4 kHz that is as wide as 0.5 to 1 times that frequency."""
    middle, quality = between(random, 500, 4000), 1 / between(random, 0.5, 1)
    return _filtered(samples, lambda part: sounds.bandreject_biquad(part, SAMPLE_RATE, middle, quality), 2)


def equalised(samples: Tensor, random: torch.Generator) -> Tensor:
    """Raise or lower the band around 200 Hz to 5 kHz by 6 to 12 dB."""
    middle, change = between(random, 200, 5000), away_from_zero(random, 6, 12)
    return _filtered(samples, lambda part: sounds.equalizer_biquad(part, SAMPLE_RATE, middle, change, 0.7))


def narrow_band(samples: Tensor, random: torch.Generator) -> Tensor:
    """Resample to 8 kHz and back, as a call on a line does; nothing is drawn."""
    narrow = sounds.resample(samples, SAMPLE_RATE, SAMPLE_RATE // 2)
    return _of_length(_samples(sounds.resample(narrow, SAMPLE_RATE // 2, SAMPLE_RATE)), len(samples))


def telephone(samples: Tensor, random: torch.Generator) -> Tensor:
    """Resample to 8 kHz, quantise to 128 or 256 levels by the µ-law of telephones, and back."""
    levels, peak = 2 ** whole(random, 7, 8), _peak(samples)
    narrow = sounds.resample(samples / peak, SAMPLE_RATE, SAMPLE_RATE // 2).clamp(-1, 1)
    coded = sounds.mu_law_decoding(sounds.mu_law_encoding(narrow, levels), levels)
    return _of_length(sounds.resample(coded, SAMPLE_RATE // 2, SAMPLE_RATE), len(samples)) * peak


def quantised(samples: Tensor, random: torch.Generator) -> Tensor:
    """Round the samples to 5 to 8 bits, of which the loudest takes all."""
    levels, peak = int(2 ** (whole(random, 5, 8) - 1)), _peak(samples)
    return (samples / peak * levels).round() / levels * peak


def clipped(samples: Tensor, random: torch.Generator) -> Tensor:
    """Cut off what is above 15 % to 50 % of the loudest sample."""
    most = _peak(samples) * between(random, 0.15, 0.5)
    return samples.clamp(-most, most)


def reverberation(samples: Tensor, random: torch.Generator) -> Tensor:
    """Put the voice into a room whose echo falls by 60 dB in 0.2 to 0.6 s.

    The impulse response is synthetic: the sound itself, and decaying noise with -12 to -3 dB of its power
    behind it. The first of it is not delayed, and the loudness stays.
    """
    fall, share = between(random, 0.2, 0.6), 10 ** (between(random, -12, -3) / 20)
    time = torch.arange(round(fall * SAMPLE_RATE)) / SAMPLE_RATE
    echo = torch.randn(len(time), generator=random) * 10 ** (-3 * time / fall)
    echo[: SAMPLE_RATE // 500] = 0  # the nearest wall is two milliseconds away
    echo *= share / echo.norm()
    echo[0] = 1.0
    wet = _samples(sounds.fftconvolve(samples, echo))[: len(samples)]
    return wet * _loudness(samples) / max(_loudness(wet), 1e-9)


def lost_sound(samples: Tensor, random: torch.Generator) -> Tensor:
    """Silence two to four pieces of 20 to 60 ms, as packets that are lost."""
    kept = samples.clone()
    for _ in range(whole(random, 2, 4)):
        length = min(len(samples), round(between(random, 0.02, 0.06) * SAMPLE_RATE))
        start = whole(random, 0, len(samples) - length)
        kept[start : start + length] = 0
    return kept


def with_noise(samples: Tensor, noise: Tensor, below: float) -> Tensor:
    """Add noise that many decibels below the sound; silence stays silence."""
    if not bool(samples.any()):
        return samples
    return _samples(sounds.add_noise(samples, noise, torch.tensor(below)))


def _filtered(samples: Tensor, function: Callable[[Tensor], object], times: int = 1) -> Tensor:
    """Apply a filter, which clamps to full scale, to the sound below it."""
    peak = 4 * _peak(samples)  # a filter may make a sample larger
    found = samples / peak
    for _ in range(times):
        found = _samples(function(found))
    return found * peak


def _loudness(samples: Tensor) -> float:
    """Return the root mean square."""
    return float(samples.square().mean().sqrt())


def _peak(samples: Tensor) -> Tensor:
    """Return the size of the loudest sample; more than 0."""
    return samples.abs().max().clamp(min=1e-9)


def _of_length(samples: Tensor, length: int) -> Tensor:
    """Cut off or fill up by zeros the few samples that resampling has added or lost."""
    return torch.nn.functional.pad(samples, (0, max(0, length - len(samples))))[:length]


def _samples(found: object) -> Tensor:
    """Return what a function of torchaudio made, which has no types, as a tensor."""
    if not isinstance(found, Tensor):
        raise TypeError(f"expected a tensor, found {type(found).__name__}")
    return found
