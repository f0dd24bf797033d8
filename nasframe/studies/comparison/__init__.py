"""Variants of an experiment side by side, with their baselines, paired tests, and tables of their spaces."""

from __future__ import annotations

from nasframe.studies.comparison.comparing import compare

__all__ = ["compare"]
