"""The two-level bimodal cell space of the GRMC-BMNAS paper, section 3.6, for any number of inputs.

For `nasframe show`, it also reads the genotypes that BM-NAS published as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe import hookimpl

if TYPE_CHECKING:
    from nasframe import Architecture

__all__: list[str] = []


@hookimpl
def register_search_spaces() -> dict[str, str]:
    return {"bimodal": "nasframe_bimodal.space:Bimodal"}


@hookimpl
def read_architecture(text: str) -> Architecture | None:
    if "Genotype" not in text:
        return None
    from nasframe_bimodal.genotype import parse_genotype
    from nasframe_bimodal.genotype_architecture import architecture_of

    genotype = parse_genotype(text)
    return None if genotype is None else architecture_of(genotype)
