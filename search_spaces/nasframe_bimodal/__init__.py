"""The two-level bimodal cell space of the GRMC-BMNAS paper, section 3.6, for any number of inputs."""

from __future__ import annotations

from nasframe.hookspecs import hookimpl

__all__: list[str] = []


@hookimpl
def register_search_spaces() -> dict[str, str]:
    return {"bimodal": "nasframe_bimodal.space:Bimodal"}
