"""A picture is upright, with square pixels, and of the size that is wanted, whatever the file holds."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe_audiovisual import FaceSettings, Picture, Window, at_most, first_window, play
from tests.nasframe_audiovisual.films import join_films, write_film

CORNERS = np.array([[(230, 30, 30), (30, 230, 30)], [(30, 30, 230), (230, 230, 230)]], np.uint8)
"""Red, green / blue, white."""


def corners(height: int = 48, width: int = 80) -> NDArray[np.uint8]:
    """A picture whose four quarters differ."""
    return CORNERS.repeat(height // 2, 0).repeat(width // 2, 1)


def seen(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colours of the four quarters `(2, 2, 3)`, each channel 30 or 230."""
    rows, columns = (np.array([size // 4, size - size // 4]) for size in pixels.shape[:2])
    return np.where(pixels[np.ix_(rows, columns)] > 130, 230, 30).astype(np.uint8)


def first_picture(path: Path, **options: Any) -> NDArray[np.uint8]:
    return next(piece.pixels for piece in play(path, **options) if isinstance(piece, Picture))


def window(path: Path, size: int) -> NDArray[np.uint8]:
    return first_window(path, Window(size=size), FaceSettings("none").make()).recording.pictures


def film(path: Path, prepare: Any = None, **options: Any) -> Path:
    options = {"pix_fmt": "yuv444p", "seconds": 2.0, "pictures": lambda moment: corners()} | options
    return write_film(path, prepare=prepare, **options)


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_a_picture_is_turned_and_mirrored_as_its_file_says(
    tmp_path: Path, angle: int, mirror: bool, ending: str
) -> None:
    def prepare(video: Any, audio: Any) -> None:
        video.set_display_rotation(angle, hflip=mirror)

    path = film(tmp_path / f"phone.{ending}", prepare, audio="aac")
    turned = np.rot90(corners(), angle // 90)
    expected = turned[:, ::-1] if mirror else turned
    pixels = first_picture(path)
    assert pixels.shape == expected.shape
    assert np.array_equal(seen(pixels), seen(expected))


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_a_film_of_jpeg_pictures_is_turned_as_they_say(tmp_path: Path, orientation: int, turns: int) -> None:
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)

    def with_exif(packet: Any) -> list[Any]:
        if packet.stream.type == "audio":
            return [packet]
        data = bytes(packet)
        made = av.Packet(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
        made.stream, made.pts, made.dts, made.time_base = (
            packet.stream,
            packet.pts,
            packet.dts,
            packet.time_base,
        )
        made.is_keyframe = True
        return [made]

    path = film(tmp_path / "a.mov", video="mjpeg", pix_fmt="yuvj444p", change=with_exif)
    assert np.array_equal(seen(first_picture(path)), np.rot90(CORNERS, turns))


def brighter(moment: float) -> NDArray[np.uint8]:
    """The four quarters, which grow brighter: pictures that do not move are refused."""
    return (corners() * (0.6 + 0.2 * moment)).astype(np.uint8)


def test_a_window_of_a_turned_clip_is_that_of_the_upright_one(tmp_path: Path) -> None:
    def prepare(video: Any, audio: Any) -> None:
        video.set_display_rotation(90)

    sideways = film(
        tmp_path / "phone.mp4", prepare, audio="aac", pictures=lambda moment: np.rot90(brighter(moment), -1)
    )
    upright = film(tmp_path / "upright.mp4", audio="aac", pictures=brighter)
    difference = window(sideways, 32).astype(int) - window(upright, 32)
    assert np.abs(difference).mean() < 4


def test_an_angle_that_is_no_right_one_is_rounded_as_players_do(tmp_path: Path) -> None:
    def prepare(video: Any, audio: Any) -> None:
        video.set_display_rotation(93)

    assert first_picture(film(tmp_path / "a.mp4", prepare, audio="aac")).shape == (80, 48, 3)


@pytest.mark.parametrize("matrix", [[0] * 9, [65536, 0, 0, 0, 0, 0, 0, 0, 1 << 30]])
def test_a_matrix_that_would_show_a_line_is_ignored(tmp_path: Path, matrix: list[int]) -> None:
    def prepare(video: Any, audio: Any) -> None:
        video.set_display_matrix(matrix)

    path = film(tmp_path / "a.mp4", prepare, audio="aac")
    assert np.array_equal(seen(first_picture(path)), CORNERS)


@pytest.mark.parametrize(
    ("ending", "aspect", "width"),
    [
        ("mp4", Fraction(4, 3), 107),
        ("mkv", Fraction(16, 11), 116),
        ("mp4", Fraction(2, 1), 160),
        ("mkv", Fraction(1, 2), 40),
        ("mpg", Fraction(16, 9) * Fraction(48, 80), 85),
    ],
)
def test_pixels_that_are_not_square_are_stretched(
    tmp_path: Path, ending: str, aspect: Fraction, width: int
) -> None:
    def prepare(video: Any, audio: Any) -> None:
        video.codec_context.sample_aspect_ratio = aspect

    mpeg = {"video": "mpeg2video", "audio": "mp2", "pix_fmt": "yuv420p"} if ending == "mpg" else {}
    path = film(tmp_path / f"wide.{ending}", prepare, **({"audio": "aac"} | mpeg))
    pixels = first_picture(path)
    assert pixels.shape == (48, width, 3)
    assert np.array_equal(seen(pixels), CORNERS)


def test_pixels_are_stretched_before_the_picture_is_turned(tmp_path: Path) -> None:
    def prepare(video: Any, audio: Any) -> None:
        video.codec_context.sample_aspect_ratio = Fraction(3, 2)
        video.set_display_rotation(90)

    assert first_picture(film(tmp_path / "a.mp4", prepare, audio="aac")).shape == (120, 48, 3)


@pytest.mark.parametrize("aspect", [Fraction(1, 100), Fraction(60, 1), Fraction(9, 2)])
def test_an_absurd_pixel_aspect_is_ignored(tmp_path: Path, aspect: Fraction) -> None:
    def prepare(video: Any, audio: Any) -> None:
        video.codec_context.sample_aspect_ratio = aspect

    assert first_picture(film(tmp_path / "a.mkv", prepare)).shape == (48, 80, 3)


def test_a_middle_square_of_wide_pixels_is_a_square_of_what_is_shown(tmp_path: Path) -> None:
    """A disc that is stored as an upright ellipse is a disc in the square."""
    rows, columns = np.mgrid[:48, :80]
    disc = np.where(((rows - 23.5) / 16) ** 2 + ((columns - 39.5) / 8) ** 2 < 1, 200, 20).astype(np.uint8)

    def prepare(video: Any, audio: Any) -> None:
        video.codec_context.sample_aspect_ratio = Fraction(2, 1)

    def pictures(moment: float) -> NDArray[np.uint8]:
        return np.repeat(disc[..., None], 3, 2) + np.uint8(20 * moment)

    path = film(tmp_path / "a.mkv", prepare, pictures=pictures)
    square = window(path, 48)[0].mean(2) > 120
    assert abs(int(square.any(0).sum()) - int(square.any(1).sum())) <= 2


def test_a_picture_larger_than_any_use_is_reduced(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", seconds=0.2, pictures=lambda moment: corners(1080, 1920))
    assert first_picture(path).shape == (720, 1280, 3)
    assert first_picture(path, fit=at_most(96)).shape == (54, 96, 3)
    assert first_picture(path, fit=at_most(5000)).shape == (1080, 1920, 3)


def test_a_picture_as_narrow_as_can_be_has_a_pixel_left(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", video="ffv1", seconds=0.2, pictures=lambda moment: corners(2, 4000))
    assert first_picture(path).shape == (1, 1280, 3)


def test_pictures_that_change_their_size_are_shown_on(tmp_path: Path) -> None:
    """As a broadcast does; both sizes lie in one stream of one file."""
    parts = [
        film(tmp_path / f"{width}.ts", audio="mp2", pix_fmt="yuv420p", seconds=1.0, **size)
        for width, size in ((80, {}), (160, {"pictures": lambda moment: corners(96, 160)}))
    ]
    path = join_films(tmp_path / "joined.ts", parts, 1.0)
    pictures = [piece for piece in play(path) if isinstance(piece, Picture)]
    shapes = [picture.pixels.shape[:2] for picture in pictures]
    assert set(shapes) == {(48, 80), (96, 160)}
    assert shapes == sorted(shapes)
    assert all(np.array_equal(seen(picture.pixels), CORNERS) for picture in pictures)


def test_pictures_of_one_frame_share_their_pixels(tmp_path: Path) -> None:
    path = film(tmp_path / "slow.mkv", rate=2, seconds=2.0)
    pictures = [piece for piece in play(path, step=0.1) if isinstance(piece, Picture)]
    assert len(pictures) == 20
    assert len({id(picture.pixels) for picture in pictures}) == 4
