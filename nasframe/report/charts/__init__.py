"""Charts as inline SVG whose colours are CSS classes, so that they follow the light or dark page."""

from nasframe.report.charts.heat import heat_over_time
from nasframe.report.charts.histogram import Bars, histogram
from nasframe.report.charts.intervals import Interval, interval_chart
from nasframe.report.charts.lines import Line, line_chart
from nasframe.report.charts.scatter import Cloud, scatter
from nasframe.report.charts.value_grid import value_grid

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
