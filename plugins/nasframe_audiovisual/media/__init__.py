"""A clip's file becomes pictures and samples; it imports numpy and PyAV, but no torch: workers need none.

One direction: the file is opened (`container`), two of its streams are chosen (`played_streams`), packets
become `frames`, and these pictures (`display`, `pictures`) and sound (`channels`, `resampling`, `sound`).
`play` hands both out, and `play_apart` those of two files. `file_facts` reads the headers and hears the sound
alone.
"""

from __future__ import annotations

from nasframe_audiovisual.media.clip_error import REASONS, ClipError
from nasframe_audiovisual.media.display import (
    AS_STORED,
    LARGEST,
    QUARTER_TURNS,
    Fit,
    Orientation,
    at_most,
)
from nasframe_audiovisual.media.file_facts import FileFacts, facts_of_file
from nasframe_audiovisual.media.pictures import Picture
from nasframe_audiovisual.media.playing import play
from nasframe_audiovisual.media.playing_apart import play_apart, play_pictures
from nasframe_audiovisual.media.resampling import SAMPLE_RATE
from nasframe_audiovisual.media.sound import Sound

__all__ = [
    "AS_STORED",
    "LARGEST",
    "QUARTER_TURNS",
    "REASONS",
    "SAMPLE_RATE",
    "ClipError",
    "FileFacts",
    "Fit",
    "Orientation",
    "Picture",
    "Sound",
    "at_most",
    "facts_of_file",
    "play",
    "play_apart",
    "play_pictures",
]
