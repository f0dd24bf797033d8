"""Tables and figures: one record each, with forms for the console, the page, CSV and JSON.

A `Table` and every `Figure` have `to_text`, `to_html`, `to_csv` and `to_json`. A table has `to_latex` too, a
figure `to_svg` and `to_pdf`, documents of their own, and `data`, its table. A `Section` holds some of them
below a title. In a template of Jinja2 `{{ table }}` and `{{ figure }}` place themselves.

Example:
    >>> from nasframe.display import Column, Line, LineChart, Table
    >>> print(Table("costs", "Costs", [Column("part"), Column("parameters", unit="count")], [["head", 1204]]))
    Costs
    part  parameters
    head       1,204
    >>> lines = [Line("training", [(1, 0.5)])]
    >>> chart = LineChart(name="loss", title="Loss", x="epoch", y="loss", lines=lines)
    >>> chart.to_csv().splitlines()
    ['line,x,y', 'training,1,0.5']
"""

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
from nasframe.display.latex import latex_text
from nasframe.display.markup import element, size_classes, slug, text
from nasframe.display.metrics import metric_tables, with_intervals
from nasframe.display.printing import print_tables
from nasframe.display.rendering import asset, render
from nasframe.display.section import Section
from nasframe.display.style import document_style, page_style
from nasframe.display.svg_conversion import can_convert_svg, convert_svg
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
    "Section",
    "Table",
    "Unit",
    "ValueGrid",
    "asset",
    "can_convert_svg",
    "convert_svg",
    "document_style",
    "element",
    "flatten",
    "format_value",
    "latex_text",
    "metric_tables",
    "number",
    "page_style",
    "print_tables",
    "render",
    "size_classes",
    "slug",
    "sparkline",
    "text",
    "with_intervals",
]
