"""Sweeps: an experiment at every point of a grid of options, with one or several seeds each."""

from __future__ import annotations

from nasframe.studies.grid_sweep.sweeping import sweep

__all__ = ["sweep"]
