"""Optuna's samplers as search loops: `tpe`, and `nsga2` for the score and the cost of a network together."""

from __future__ import annotations

from nasframe import hookimpl

__all__: list[str] = []

NASFRAME_EXTRA = "tune"


@hookimpl
def register_loops() -> dict[str, str]:
    return {"tpe": "nasframe_optuna.loops:TreeParzen", "nsga2": "nasframe_optuna.loops:NonDominatedSorting"}
