"""The streams of a whole set: every clip decoded once, in shards that a kill leaves whole."""

from __future__ import annotations

from nasframe_audiovisual.streams.writing import DecodedClips, remove_streams, streams_size, write_streams

__all__ = ["DecodedClips", "remove_streams", "streams_size", "write_streams"]
