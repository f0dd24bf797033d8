"""Ray as an executor: the trials of a study on the machines of a cluster."""

from __future__ import annotations

from nasframe import hookimpl

__all__: list[str] = []

NASFRAME_EXTRA = "cluster"


@hookimpl
def register_executors() -> dict[str, str]:
    return {"ray": "nasframe_ray.executor:RayExecutor"}
