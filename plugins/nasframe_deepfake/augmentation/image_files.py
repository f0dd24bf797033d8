"""Pictures as the bytes of JPEG and PNG files, and back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["from_jpeg", "jpeg_file", "png_file"]


def jpeg_file(picture: NDArray[np.uint8], quality: int) -> bytes:
    """Return an RGB picture `(height, width, 3)` as JPEG of a quality from 1 to 100."""
    return _encoded(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])


def from_jpeg(data: bytes) -> NDArray[np.uint8]:
    """Return the RGB picture `(height, width, 3)` of a JPEG file that `jpeg_file` has made."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError("expected the bytes of a JPEG file")
    return np.ascontiguousarray(pixels[..., ::-1], np.uint8)


def png_file(picture: NDArray[np.uint8]) -> bytes:
    """Return a grey picture `(height, width)` as PNG."""
    return _encoded(".png", picture, [])


def _encoded(ending: str, pixels: NDArray[np.uint8], options: list[int]) -> bytes:
    _, data = cv2.imencode(ending, np.ascontiguousarray(pixels), options)
    return bytes(data)
