"""Synthesised talking-head clips: a parametric face whose mouth follows a formant-synthesised voice.

It imports numpy and PyAV, but no torch, so that worker processes start at once.
"""

from __future__ import annotations

from nasframe_deepfake.synthesis.corpus import Corpus, MetadataRow, write_corpus
from nasframe_deepfake.synthesis.session import ClipShape

__all__ = ["ClipShape", "Corpus", "MetadataRow", "write_corpus"]
