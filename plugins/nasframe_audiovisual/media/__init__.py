"""A clip's file becomes pictures and samples; it imports numpy and PyAV, but no torch: workers need none.

One direction: the file is opened (`container`), two of its streams are chosen (`played_streams`), frames
become pictures (`display`, `pictures`) and sound (`channels`, `resampling`, `sound`), and `play` hands both
out.
"""

from __future__ import annotations

from nasframe_audiovisual.media.clip_error import REASONS, ClipError
from nasframe_audiovisual.media.display import LARGEST, Fit, at_most
from nasframe_audiovisual.media.pictures import Picture
from nasframe_audiovisual.media.playing import play
from nasframe_audiovisual.media.resampling import SAMPLE_RATE
from nasframe_audiovisual.media.sound import Sound

__all__ = [
    "LARGEST",
    "REASONS",
    "SAMPLE_RATE",
    "ClipError",
    "Fit",
    "Picture",
    "Sound",
    "at_most",
    "play",
]
