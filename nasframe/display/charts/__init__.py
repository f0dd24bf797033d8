"""The kinds of figures, each a record with its data."""

from __future__ import annotations

from nasframe.display.charts.lines import Level, Line, LineChart, Marker

__all__ = ["Level", "Line", "LineChart", "Marker"]
