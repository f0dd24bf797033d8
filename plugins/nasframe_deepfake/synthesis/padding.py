"""Encoded frames padded to a fixed size, which does not depend on their content.

A blurred face takes fewer bytes than a sharp one, so a detector could tell fakes from genuine clips by their
sizes alone. Decoders skip the padding: the pictures and the sound stay the same.
"""

from __future__ import annotations

import itertools

__all__ = ["PaddingError", "pad_picture", "pad_sound"]

_NAME = b"nasframe filling"
"""Sixteen bytes in front of user data, which H.264 requires. They are in every file: never change them."""

_END = 0b111
"""The element that ends a frame of AAC."""

_FILL = 0b110
"""The element that may hold any bytes."""


class PaddingError(ValueError):
    """A frame is larger than the size that it was to be padded to."""


def pad_picture(frame: bytes, size: int) -> bytes:
    """Return `size` bytes: user data (SEI, ISO 14496-10, D.1.7), then one frame of H.264 (Annex B).

    Not filler data units, which players know too, but which mp4 files may not hold (ISO 14496-15).

    Raises:
        PaddingError: the frame is larger, or leaves too few bytes for any user data.
    """
    room = size - len(frame)
    if room == 0:
        return frame
    if room < _smallest(0):
        raise PaddingError(f"a picture of {len(frame)} bytes does not fit into {size}")
    return _user_data(room) + frame


def pad_sound(frame: bytes, size: int) -> bytes:
    """Return `size` bytes: one frame of AAC with fill elements before its end (ISO 14496-3, 4.4.2.7).

    Raises:
        PaddingError: the frame is larger.
    """
    bits = int.from_bytes(frame, "big")
    # Zeros after the end only complete the last byte.
    rest = (bits & -bits).bit_length() - 1 + 3
    bits >>= rest
    room = 8 * (size - len(frame)) + rest - 3
    if size < len(frame):
        raise PaddingError(f"a sound of {len(frame)} bytes does not fit into {size}")
    while room >= 8:
        # A count of 15 or more takes another byte.
        long = room >= 15 + 8 * 15
        count = min(269, (room - 15) // 8) if long else min(14, (room - 7) // 8)
        bits = (bits << 3 | _FILL) << 4 | min(count, 15)
        if long:
            bits = bits << 8 | (count - 14)
        bits <<= 8 * count
        room -= (15 if long else 7) + 8 * count
    return ((bits << 3 | _END) << room).to_bytes(size, "big")


def _smallest(payload: int) -> int:
    """Return the bytes of a unit with `payload` bytes after the name: start code, types, length, end."""
    length = len(_NAME) + payload
    return 4 + 1 + 1 + (length // 255 + 1) + length + 1


def _user_data(size: int) -> bytes:
    """Return a unit of exactly `size` bytes, or two units where one cannot have that size."""
    payload = next(
        count
        for count in itertools.count(max(0, size - _smallest(0) - size // 255))
        if _smallest(count) >= size
    )
    if _smallest(payload) > size:
        return _user_data(size - 2 * _smallest(0)) + _user_data(2 * _smallest(0))
    length = len(_NAME) + payload
    head = b"\0\0\0\1\x06\x05" + b"\xff" * (length // 255) + bytes([length % 255])
    return head + _NAME + b"\xff" * payload + b"\x80"
