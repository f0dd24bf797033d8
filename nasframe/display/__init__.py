"""Tables and figures: one record each, with forms for the console, the page, CSV and JSON."""

from __future__ import annotations

from nasframe.display.charts import (
    Bars,
    Cloud,
    HeatMap,
    Histogram,
    Interval,
    IntervalChart,
    Level,
    Line,
    LineChart,
    Marker,
    ScatterChart,
    ValueGrid,
)
from nasframe.display.figure import Figure, LegendEntry, PanelGrid, Picture
from nasframe.display.markup import element, slug, text
from nasframe.display.metrics import metric_tables
from nasframe.display.rendering import asset, render
from nasframe.display.style import document_style, page_style
from nasframe.display.table import Cell, Column, Estimate, Table
from nasframe.display.values import Unit, flatten, format_value, number, sparkline

__all__ = [
    "Bars",
    "Cell",
    "Cloud",
    "Column",
    "Estimate",
    "Figure",
    "HeatMap",
    "Histogram",
    "Interval",
    "IntervalChart",
    "LegendEntry",
    "Level",
    "Line",
    "LineChart",
    "Marker",
    "PanelGrid",
    "Picture",
    "ScatterChart",
    "Table",
    "Unit",
    "ValueGrid",
    "asset",
    "document_style",
    "element",
    "flatten",
    "format_value",
    "metric_tables",
    "number",
    "page_style",
    "render",
    "slug",
    "sparkline",
    "text",
]
