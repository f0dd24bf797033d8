"""Charts as inline SVG whose colours are CSS classes, so that they follow the light or dark page."""

from nasframe.report.charts.bars import Bars, histogram
from nasframe.report.charts.grid import value_grid
from nasframe.report.charts.heat import heat_over_time
from nasframe.report.charts.intervals import Interval, interval_chart
from nasframe.report.charts.lines import Line, line_chart
from nasframe.report.charts.points import Cloud, scatter

__all__ = [
    "Bars",
    "Cloud",
    "Interval",
    "Line",
    "heat_over_time",
    "histogram",
    "interval_chart",
    "line_chart",
    "scatter",
    "value_grid",
]
