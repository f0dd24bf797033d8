"""A clip's file becomes pictures and samples; it imports numpy and PyAV, but no torch: workers need none."""

from __future__ import annotations

from nasframe_audiovisual.media.decoding import (
    SAMPLE_RATE,
    ClipError,
    Recording,
    Window,
    decode,
    decode_or_reason,
)
from nasframe_audiovisual.media.decoding_threads import in_threads
from nasframe_audiovisual.media.freed_memory import keep_freed_memory

__all__ = [
    "SAMPLE_RATE",
    "ClipError",
    "Recording",
    "Window",
    "decode",
    "decode_or_reason",
    "in_threads",
    "keep_freed_memory",
]
