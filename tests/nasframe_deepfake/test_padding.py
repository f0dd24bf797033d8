from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe_deepfake.synthesis import mp4 as writer
from nasframe_deepfake.synthesis.mp4 import file_size, write_mp4
from nasframe_deepfake.synthesis.padding import PaddingError, pad_picture, pad_sound

FRAME = b"\0\0\0\1\x65picture"
SOUND = bytes([0x01, 0x40, 0x20, 0x07])


def streams() -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Half a second of drifting stripes and of noise."""
    across = np.arange(64)[None, None, :, None] + np.arange(12)[:, None, None, None]
    frames = 128 + 90 * np.sin(across / np.array([3.0, 5.0, 7.0])) + np.zeros((12, 64, 64, 3))
    return frames.astype(np.uint8), np.random.default_rng(0).normal(0, 2000, 8000).astype(np.int16)


def decoded(path: Path) -> tuple[list[bytes], list[bytes]]:
    with av.open(str(path)) as film:
        pictures = [frame.to_ndarray().tobytes() for frame in film.decode(video=0)]
    with av.open(str(path)) as film:
        return pictures, [frame.to_ndarray().tobytes() for frame in film.decode(audio=0)]


def test_a_picture_is_filled_up_to_any_size() -> None:
    for size in (len(FRAME), *range(len(FRAME) + 24, 2000)):
        filled = pad_picture(FRAME, size)
        assert len(filled) == size
        assert filled.endswith(FRAME)
        assert filled.count(b"\0\0\0\1") <= 3


def test_a_sound_is_filled_up_to_any_size() -> None:
    filled = [pad_sound(SOUND, size) for size in range(len(SOUND), 1200)]
    assert [len(frame) for frame in filled] == list(range(len(SOUND), 1200))
    assert filled[0] == SOUND
    assert all(frame.startswith(SOUND[:3]) for frame in filled)


@pytest.mark.parametrize(("fill", "frame"), [(pad_picture, FRAME), (pad_sound, SOUND)])
def test_what_is_too_large_is_refused(fill: object, frame: bytes) -> None:
    with pytest.raises(PaddingError, match=f"of {len(frame)} bytes does not fit into {len(frame) - 1}"):
        fill(frame, len(frame) - 1)  # type: ignore[operator]


def test_decoders_see_and_hear_the_same_with_and_without_the_filling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, samples = streams()
    write_mp4(tmp_path / "filled.mp4", frames, 25, samples, 16_000)
    with av.logging.Capture() as complaints:
        filled = decoded(tmp_path / "filled.mp4")
    assert complaints == []
    for name in ("pad_picture", "pad_sound"):
        monkeypatch.setattr(writer, name, lambda frame, size: frame)
    write_mp4(tmp_path / "plain.mp4", frames, 25, samples, 16_000)
    assert (tmp_path / "plain.mp4").stat().st_size < (tmp_path / "filled.mp4").stat().st_size
    assert filled == decoded(tmp_path / "plain.mp4")


def test_files_have_one_size_whatever_is_in_them_and_it_is_known_beforehand(tmp_path: Path) -> None:
    frames, samples = streams()
    write_mp4(tmp_path / "busy.mp4", frames, 25, samples, 16_000)
    write_mp4(tmp_path / "blank.mp4", np.zeros_like(frames), 25, np.zeros_like(samples), 16_000)
    busy, blank = ((tmp_path / name).stat().st_size for name in ("busy.mp4", "blank.mp4"))
    assert busy == blank
    assert blank <= file_size(64, 12, 8000) < 1.15 * blank


def test_a_picture_that_takes_too_much_is_encoded_more_coarsely(tmp_path: Path) -> None:
    frames, samples = streams()
    noise = np.random.default_rng(0).integers(0, 256, frames.shape).astype(np.uint8)
    write_mp4(tmp_path / "noise.mp4", noise, 25, samples, 16_000)
    write_mp4(tmp_path / "blank.mp4", np.zeros_like(frames), 25, samples, 16_000)
    assert (tmp_path / "noise.mp4").stat().st_size == (tmp_path / "blank.mp4").stat().st_size


def test_the_same_pictures_give_the_same_bits_every_time(tmp_path: Path) -> None:
    """x264 once wrote other bits for one clip in fifty, depending on what lay in memory."""
    frames, samples = streams()
    random, lying_about, found = np.random.default_rng(0), [], set()
    for _ in range(60):
        lying_about.append(np.full(random.integers(1, 300_000), 7, np.uint8))
        write_mp4(tmp_path / "clip.mp4", frames, 25, samples, 16_000)
        found.add((tmp_path / "clip.mp4").read_bytes())
    assert len(found) == 1
