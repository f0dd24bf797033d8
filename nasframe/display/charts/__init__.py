"""The kinds of figures, each a record with its data.

Drawn by hand, as SVG elements with CSS classes: so one page has a light and a dark form, marks say their
values, and nothing is imported. Matplotlib writes colours into its SVG; plotly brings 4.9 MB of script to
every page.
"""

from __future__ import annotations

from nasframe.display.charts.heat_map import HeatMap
from nasframe.display.charts.histogram import Bars, Histogram
from nasframe.display.charts.intervals import Interval, IntervalChart
from nasframe.display.charts.lines import Level, Line, LineChart, Marker
from nasframe.display.charts.scatter import Cloud, ScatterChart
from nasframe.display.charts.value_grid import ValueGrid

__all__ = [
    "Bars",
    "Cloud",
    "HeatMap",
    "Histogram",
    "Interval",
    "IntervalChart",
    "Level",
    "Line",
    "LineChart",
    "Marker",
    "ScatterChart",
    "ValueGrid",
]
