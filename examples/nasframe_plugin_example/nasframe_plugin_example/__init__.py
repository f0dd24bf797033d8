"""An example of a plugin: an operation, a relaxation, a search space, hooks, and a section of the report.

Hooks name their classes as text, and nasframe imports a class when it is used. So `nasframe --help` is fast.
"""

from __future__ import annotations

from nasframe import hookimpl
from nasframe_plugin_example.decisions import report_sections
from nasframe_plugin_example.journal import architecture_derived, search_epoch, search_started

__all__ = ["architecture_derived", "report_sections", "search_epoch", "search_started"]

NASFRAME_HOOKS = 1


@hookimpl
def register_operations() -> dict[str, str]:
    return {"film": "nasframe_plugin_example.film:Film"}


@hookimpl
def register_relaxations() -> dict[str, str]:
    return {"straight_through": "nasframe_plugin_example.straight_through:StraightThrough"}


@hookimpl
def register_search_spaces() -> dict[str, str]:
    return {"trimodal": "nasframe_plugin_example.trimodal:Trimodal"}


@hookimpl
def style_node(node: str, operation: str) -> dict[str, str] | None:
    return {"fillcolor": "lightblue", "style": "filled"} if operation == "film" else None
