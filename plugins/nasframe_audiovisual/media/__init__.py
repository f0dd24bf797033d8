"""A clip's file becomes pictures and samples; it imports numpy and PyAV, but no torch: workers need none.

One direction: the file is opened (`container`), two of its streams are chosen (`played_streams`), frames
become pictures (`display`, `pictures`) and sound (`channels`, `resampling`, `sound`), and `play` hands both
out. `file_facts` reads the headers and hears the sound alone.
"""

from __future__ import annotations

from nasframe_audiovisual.media.clip_error import REASONS, ClipError
from nasframe_audiovisual.media.display import LARGEST, Fit, at_most
from nasframe_audiovisual.media.file_facts import FileFacts, facts_of_file
from nasframe_audiovisual.media.pictures import Picture
from nasframe_audiovisual.media.playing import play
from nasframe_audiovisual.media.resampling import SAMPLE_RATE
from nasframe_audiovisual.media.sound import Sound

__all__ = [
    "LARGEST",
    "REASONS",
    "SAMPLE_RATE",
    "ClipError",
    "FileFacts",
    "Fit",
    "Picture",
    "Sound",
    "at_most",
    "facts_of_file",
    "play",
]
