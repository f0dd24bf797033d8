"""The time for which the work on one clip may say nothing."""

from __future__ import annotations

__all__ = ["CLIP_PATIENCE"]

CLIP_PATIENCE = 600.0
"""Seconds for which the work on a clip may read no packet of its file; see `in_order` of `nasframe.jobs`.

Between two packets lie a frame, the search for faces in it, and at times eight windows through the backbones:
seconds on one core. So neither a slow machine nor a film of hours is cut off, and a decoder that hangs is.
"""
